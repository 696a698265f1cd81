"""The admin's menu by what people do: each role sees what it can use, and each entry opens."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.apps import apps
from django.contrib.auth.models import Group
from django.test import Client

import compile_words
from home.guide import FILES
from home.models import HomePage, User
from tests.menus import menu_entries

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.also_without_shop]


def person(group: str = "") -> User:
    """Create the owner, or a member of a group."""
    if not group:
        return User.objects.create_superuser("owner@example.com", "a-long-password")
    user = User.objects.create_user("staff@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name=group))
    return user


def top(user: User) -> list[str]:
    return [path for path, _url in menu_entries(user) if "→" not in path]


def opened(client: Client, user: User) -> Iterator[tuple[str, str]]:
    """Open each entry of somebody's menu; yield it with the page."""
    client.force_login(user)
    for path, url in menu_entries(user):
        if url.startswith("/"):
            response = client.get(url, follow=True)
            assert response.status_code == 200, path
            assert ("/admin/", 302) not in response.redirect_chain, path  # where those are led who may not
            yield path.rpartition(" → ")[2], " ".join(response.content.decode().split())


@pytest.mark.parametrize("group", ["Editors", "Legal reviewers", "Customer service", "Packers"])
def test_every_entry_of_the_menu_opens(client: Client, group: str) -> None:
    assert dict(opened(client, person(group)))


def test_every_entry_of_the_owner_opens_and_an_empty_list_says_what_to_do_first(client: Client) -> None:
    user, says = person(), set()
    for entry, html in opened(client, user):
        if found := re.search(r"(?:yet\.|Why not)[^<]*<a href=\"([^\"]+)\"", html):
            assert client.get(unescape(found[1]), follow=True).status_code == 200, entry
            says.add(entry)
    lists = {"Inbox", "Saved replies", "Policies", "Policy versions", "Consent records", "Cookies"}
    lists.add("Recipients of data")
    if apps.is_installed("store"):
        lists |= {"All orders", "All products", "Papers", "Messages from Stripe", "Stock", "Carriers"}
    assert says >= lists


def test_the_owner_sees_the_work_first_and_what_few_need_last() -> None:
    shown = [path for path in top(person()) if path not in {"Orders", "Products"}]
    assert shown == ["Today", "Messages", "Pages", "Policies", "Settings", "Help", "More"]


@pytest.mark.parametrize(
    ("group", "shown"),
    [
        ("Editors", ["Today", "Products", "Pages", "Policies", "Settings", "Help", "More"]),
        ("Legal reviewers", ["Today", "Policies", "Help"]),
        ("Customer service", ["Today", "Orders", "Products", "Messages", "Help"]),
        ("Packers", ["Today", "Orders", "Help"]),
    ],
)
@pytest.mark.django_db
def test_a_group_sees_what_it_can_use(group: str, shown: list[str]) -> None:
    user = person(group)
    assert [path for path in top(user) if path not in {"Orders", "Products"}] == [
        path for path in shown if path not in {"Orders", "Products"}
    ]
    assert {path for path, _url in menu_entries(user) if path.startswith("More →")} <= {
        "More → Images",
        "More → Documents",
        "More → Bin",
    }


def test_the_pages_begin_at_the_home_page(client: Client) -> None:
    client.force_login(person())
    home = HomePage.objects.get()
    response = client.get("/admin/pages/")
    assert response["Location"] == f"/admin/pages/{home.pk}/"
    assert f'"url": "/admin/pages/"}}, {home.pk}]' in client.get("/admin/").content.decode()


def test_words_that_only_programmers_know_are_not_in_the_menu() -> None:
    words = " ".join(path for path, _url in menu_entries(person()))
    assert not [word for word in ("Collections", "Aging", "Stripe events", "Snippets") if word in words]


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_guide_is_a_page_of_the_admin(client: Client, name: str) -> None:
    client.force_login(person("Legal reviewers"))
    html = client.get(f"/admin/guide/{name}").content.decode()
    guide = html.partition('class="guide"')[2].partition("</div>")[0]
    ids = re.findall(r'<h[1-4] id="([^"]+)"', guide)
    assert ids
    assert len(ids) == len(re.findall("<h[1-4]", guide)) == len({*ids})
    assert {*re.findall(r'href="#([^"]+)"', guide)} <= {*ids}


@pytest.mark.parametrize("name", ["decisions", "%2e%2e", "README.md"])
def test_no_other_file_is_shown(client: Client, name: str) -> None:
    client.force_login(person())
    assert client.get(f"/admin/guide/{name}").status_code == 404


def test_the_plain_words_are_compiled() -> None:
    with compile_words.PO.open("rb") as source, compile_words.PO.with_suffix(".mo").open("rb") as compiled:
        catalogues = (read_po(source), read_mo(compiled))
        written, read = ({str(one.id): one.string for one in words if one.id} for words in catalogues)
    assert written == read
