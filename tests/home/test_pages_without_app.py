"""Pages whose app is not installed any more: no menu, site map, list or URL leads to them, and nothing fails."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from wagtail.models import Page

from home.models import ContentPage
from tests import site_maps
from tests.factories import home_page

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]
ACTIONS = ("edit", "delete", "unpublish", "move", "copy", "history", "usage", "view_draft", "privacy")


@pytest.fixture
def gone(db: None) -> Page:
    """Publish a page as an app has left it that is not there any more, beside one that is."""
    home_page().add_child(instance=ContentPage(title="About", slug="about", show_in_menus=True))
    kind = ContentType.objects.create(app_label="gone", model="gonepage")
    page = Page(title="Left behind", slug="gone", show_in_menus=True, content_type=kind)
    return home_page().add_child(instance=page)


def test_no_menu_and_no_site_map_leads_to_it(client: Client, gone: Page) -> None:
    for path in ("/", "/about/", "/no-such-page/", *site_maps.parts(client)[-1:]):
        text = client.get(path).content.decode()
        assert "/about/" in text, path
        assert "/gone/" not in text, path


@pytest.mark.both_databases
def test_a_page_without_its_app_answers_404(client: Client, gone: Page) -> None:
    assert client.get("/gone/").status_code == 404


@pytest.mark.both_databases
def test_the_admin_lists_the_pages_beside_it(owner: Client, gone: Page) -> None:
    for path in (f"/admin/pages/{home_page().pk}/", f"/admin/choose-page/{home_page().pk}/"):
        text = owner.get(path).content.decode()
        assert "About" in text, path
        assert "Left behind" not in text, path


@pytest.mark.parametrize("action", ACTIONS)
def test_the_admin_offers_no_action_on_a_page_without_its_app(owner: Client, gone: Page, action: str) -> None:
    assert owner.get(f"/admin/pages/{gone.pk}/{action}/").status_code == 404
    assert owner.get(f"/admin/pages/{ContentPage.objects.get().pk}/{action}/").status_code == 200


@pytest.mark.parametrize(
    "path", ["", "pages/search/?q=left", "reports/site-history/", "reports/aging-pages/"]
)
def test_the_rest_of_the_admin_goes_on(owner: Client, gone: Page, path: str) -> None:
    assert owner.get(f"/admin/{path}").status_code == 200
