"""The demo on a site where the app `store` is not installed: no shop, and nothing that leads to one."""

import ast
from io import StringIO
from pathlib import Path

import pytest
from cookie_consent.models import Cookie
from django.apps import apps
from django.core.management import call_command

import demo
from home.models import ContentPage, HomePage
from policies.models import Policy
from store.models import DeliveryCountry, ShopPage

IS_INSTALLED = apps.is_installed
PLACES_OF_THE_SHOP = ("/shop/", "/terms/", "/basket/", "/checkout/")


@pytest.fixture
def _without_shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "is_installed", lambda name: name != "store" and IS_INSTALLED(name))


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


@pytest.mark.django_db
@pytest.mark.usefixtures("_without_shop")
def test_a_site_without_shop_is_filled_and_nothing_links_to_a_shop() -> None:
    call_command("seed_demo", stdout=StringIO())
    home = HomePage.objects.get()
    slugs = [page.slug for page in home.get_children()]
    assert slugs == ["about", "privacy-policy", "cookie-policy", "contact", "feedback"]
    assert not ShopPage.objects.exists()
    assert not DeliveryCountry.objects.exists()
    texts = [str(page.body.get_prep_value()) for page in (home, *ContentPage.objects.all())]
    texts += [version.html for policy in Policy.objects.all() for version in policy.versions.all()]
    assert len(texts) >= 6
    assert [place for place in PLACES_OF_THE_SHOP for text in texts if place in text] == []
    assert not Cookie.objects.filter(name__startswith="basket").exists()
    assert "{shop}" not in "".join(texts)


@pytest.mark.django_db
def test_with_a_shop_no_marker_is_left_in_a_heading() -> None:
    call_command("seed_demo", stdout=StringIO())
    bodies = [
        str(page.body.get_prep_value()) for page in (HomePage.objects.get(), *ContentPage.objects.all())
    ]
    assert "/terms/" in "".join(bodies)
    assert "{shop}" not in "".join(bodies)
