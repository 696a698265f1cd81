"""The demo on a site where the app `store` is not installed: no shop, and nothing that leads to one."""

import ast
import re
from io import StringIO
from pathlib import Path

import pytest
from cookie_consent.models import Cookie
from django.apps import apps
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from wagtail.models import Page

import demo
from home.models import ContentPage, HomePage
from policies.models import Policy
from tests import site_maps

PLACES_OF_THE_SHOP = ("/shop/", "/terms/", "/basket/", "/checkout/", "/orders/")


def importers_of_store(folder: Path) -> set[str]:
    """Return the modules of a folder that import `store`."""
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            if any(name.partition(".")[0] == "store" for name in names):
                found.add(path.stem)
    return found


def test_only_what_a_site_without_shop_leaves_out_imports_the_store() -> None:
    assert importers_of_store(Path(demo.__file__).parent) == {"shop", "orders"}


@pytest.mark.without_shop
def test_the_checks_are_silent() -> None:
    out = StringIO()
    call_command("check", fail_level="WARNING", stdout=out, stderr=out)
    assert out.getvalue() == "System check identified no issues (0 silenced).\n"


@pytest.mark.without_shop
@pytest.mark.django_db
def test_a_new_database_knows_nothing_of_a_shop() -> None:
    assert not Permission.objects.filter(content_type__app_label="store").exists()


@pytest.mark.without_shop
@pytest.mark.django_db
def test_a_site_without_shop_is_filled_and_nothing_links_to_a_shop(client: Client) -> None:
    call_command("seed_demo", stdout=StringIO())
    home = HomePage.objects.get()
    slugs = [page.slug for page in home.get_children()]
    assert slugs == ["about", "privacy-policy", "cookie-policy", "news", "contact", "feedback"]
    texts = [str(page.body.get_prep_value()) for page in (home, *ContentPage.objects.all())]
    texts += [version.html for policy in Policy.objects.all() for version in policy.versions.all()]
    assert len(texts) >= 6
    assert not Cookie.objects.filter(name__startswith="basket").exists()
    assert "{shop}" not in "".join(texts)
    pages = [page.url for page in Page.objects.live().filter(depth__gt=1)]
    texts += [client.get(path).content.decode() for path in (*pages, "/cookies/", *site_maps.parts(client))]
    assert [place for place in PLACES_OF_THE_SHOP for text in texts if place in text] == []
    assert [text[:40] for text in texts if re.search(r"bundles/shop\.", text)] == []


@pytest.mark.slow
@pytest.mark.django_db
def test_no_marker_of_the_shop_is_left_in_a_heading() -> None:
    call_command("seed_demo", stdout=StringIO())
    bodies = [
        str(page.body.get_prep_value()) for page in (HomePage.objects.get(), *ContentPage.objects.all())
    ]
    assert ("/terms/" in "".join(bodies)) == apps.is_installed("store")
    assert "{shop}" not in "".join(bodies)
