"""What all pages share: read once, never older than the last change or five minutes, and never one visitor's."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import connection
from django.template import Context, Template
from django.test import Client, RequestFactory
from wagtail import hooks
from wagtail.models import Site

from home import routing, snapshot
from home.models import BrandSettings, ContentPage, HomePage
from home.page_cache import tokens
from home.templatetags.shared_tags import shared_part
from tests import factories, queries
from tests.branding import brand_logo

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
CHANGE = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def about() -> ContentPage:
    """Publish a content page at /about/, and end the pause of that change, as a commit would."""
    page = ContentPage(title="About", slug="about", intro="First words", show_in_menus=True)
    factories.home_page().add_child(instance=page)
    tokens.reset()
    return page


def test_a_page_that_was_found_before_costs_one_query(client: Client, about: ContentPage) -> None:
    assert queries.warm(client, "/about/") == 1
    assert queries.warm(client, "/") == 1


def test_a_page_at_any_depth_costs_no_more(client: Client, about: ContentPage) -> None:
    page = about
    for depth in range(5):
        page = page.add_child(instance=ContentPage(title=f"Level {depth}", slug=f"level-{depth}"))
    assert queries.warm(client, page.url) == 1
    assert f"Level {depth}" in client.get(page.url).content.decode()


def test_pages_of_one_slug_are_told_apart_by_what_is_above_them(client: Client, about: ContentPage) -> None:
    about.add_child(instance=ContentPage(title="Inside", slug="about"))
    assert "<h1>Inside</h1>" in client.get("/about/about/").content.decode()
    assert "<h1>About</h1>" in client.get("/about/").content.decode()
    assert client.get("/about/other/about/").status_code == 404


def test_urls_of_no_page_are_not_remembered(client: Client, about: ContentPage) -> None:
    home = HomePage.objects.get()
    routing.find_page(home, ["about"])
    for number in range(5):
        assert routing.find_page(home, ["about", f"thing-{number}"])
        assert routing.find_page(home, [f"thing-{number}"]) is None
    assert list(snapshot.current().value("routes", dict)) == [("about",)]


def test_one_request_reads_one_snapshot_even_while_a_change_is_made(about: ContentPage) -> None:
    tokens.changed("site")
    with snapshot.fixed():
        assert snapshot.current() is snapshot.current()
    assert snapshot.current() is not snapshot.current()


def test_what_is_computed_from_other_shared_values_reads_one_snapshot(about: ContentPage) -> None:
    tokens.changed("site")
    found = snapshot.current()
    assert found.value("of two", lambda: (snapshot.current(), snapshot.current())) == (found, found)


def test_a_public_page_reads_the_tokens_once_whatever_it_shows(
    client: Client, about: ContentPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[None] = []
    current = tokens.current
    monkeypatch.setattr(tokens, "current", lambda: read.append(None) or current())
    assert client.get("/about/").status_code == 200
    assert len(read) == 1


def test_a_snapshot_ends_with_a_change_of_the_site_and_not_of_the_shop(about: ContentPage) -> None:
    before = snapshot.current()
    tokens.changed("shop")
    assert snapshot.current() is before
    tokens.changed("site")
    assert snapshot.current() is not before


def test_a_page_that_was_deleted_meanwhile_is_not_found(about: ContentPage) -> None:
    home = HomePage.objects.get()
    with snapshot.fixed():
        assert routing.find_page(home, ["about"])
        about.delete()
        assert routing.find_page(home, ["about"]) is None


@hooks.register_temporarily("register_known_changes", lambda: [lambda now: CHANGE])
def test_a_snapshot_ends_with_the_next_known_change(about: ContentPage) -> None:
    with time_machine.travel(CHANGE - timedelta(seconds=40), tick=False) as clock:
        before = snapshot.current()
        clock.shift(39)
        assert snapshot.current() is before
        clock.shift(1)
        assert snapshot.current() is not before


def test_a_snapshot_ends_after_five_minutes_whatever_happens(about: ContentPage) -> None:
    with time_machine.travel(CHANGE, tick=False) as clock:
        before = snapshot.current()
        clock.shift(299)
        assert snapshot.current() is before
        clock.shift(1)
        assert snapshot.current() is not before


def test_what_is_read_while_somebody_changes_it_is_not_kept(about: ContentPage) -> None:
    """The race: a page reads the old name after the change was made and before it is committed."""
    BrandSettings.objects.create(site=Site.objects.get(is_default_site=True), name="Old name")
    assert BrandSettings.shown().name == "Old name"
    tokens.changed("site")
    assert BrandSettings.shown().name == "Old name"
    BrandSettings.objects.update(name="New name")  # as another connection commits it
    assert BrandSettings.shown().name == "New name"


def test_the_menu_marks_the_section_of_the_page(client: Client, about: ContentPage) -> None:
    about.add_child(instance=ContentPage(title="Our team", slug="team"))
    for path in ("/about/", "/about/team/"):
        assert '<a href="/about/" aria-current="true">' in client.get(path).content.decode()
    assert "aria-current" not in client.get("/").content.decode().partition("</header>")[0]


def test_a_shared_part_is_rendered_once_for_all_and_knows_no_request(about: ContentPage) -> None:
    page = Template(
        "{% load shared_tags %}{% shared_part 'components/site_footer.html' as part %}"
        "{{ part }}{% if part == before %}The same.{% endif %}"
    )
    first = shared_part("components/site_footer.html")
    context = {"request": RequestFactory().get("/"), "brand": {"name": "of the page"}, "before": first}
    second = page.render(Context(context))
    assert second == f"{first}The same."
    assert "of the page" not in second


def test_the_admin_finds_its_own_site(admin_client: Client, about: ContentPage) -> None:
    shared = routing.default_site()
    request = admin_client.get("/admin/").wsgi_request
    assert Site.find_for_request(request) is not shared
    assert Site.find_for_request(Client().get("/about/").wsgi_request) is shared


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_new_logo_is_converted_by_each_thread_from_a_file_of_its_own() -> None:
    """The race: a file of the logo that is shared is read, moved and closed by one thread for another."""
    brand_logo(pixels=1500)
    tokens.reset()
    at_once = Barrier(4)

    def show(_number: int) -> int:
        try:
            at_once.wait()
            return Client(raise_request_exception=False).get("/").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(show, range(4))) == [200] * 4
