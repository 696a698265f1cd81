"""The site map in parts, which take as long however many pages there are, each at one URL."""

import pytest
from django.test import Client
from wagtail.models import Page

from home.models import ContentPage
from home.site_map import PagesSitemap
from tests import queries, site_maps
from tests.factories import home_page

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


@pytest.fixture
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PagesSitemap, "limit", 2)


def add_pages(count: int) -> list[Page]:
    home = home_page()
    first = home.numchild
    return [
        home.add_child(instance=ContentPage(title=f"Page {number}", slug=f"page-{number}"))
        for number in range(first, first + count)
    ]


@pytest.mark.usefixtures("_small_parts")
def test_every_page_is_in_one_part_whatever_went_between(client: Client) -> None:
    made = add_pages(7)
    made.pop(3).delete()
    text = site_maps.read(client)
    assert [text.count(f"/{page.slug}/</loc>") for page in made] == [1] * len(made)
    assert "/page-3/" not in text


@pytest.mark.usefixtures("_small_parts")
def test_index_and_parts_ask_as_little_for_many_pages_as_for_few(client: Client) -> None:
    page = add_pages(2)[0]
    part = f"/sitemap-pages-{page.pk // 2 + 1}.xml"
    client.get(part)  # what is read once a process
    few = [queries.cold(client, path) for path in ("/sitemap.xml", part)]
    add_pages(20)
    assert [queries.cold(client, path) for path in ("/sitemap.xml", part)] == few


def test_a_part_names_a_thousand_pages_at_most() -> None:
    assert PagesSitemap.limit == 1000


@pytest.mark.parametrize(
    "path",
    [
        "/sitemap-pages-0.xml",
        "/sitemap-pages-01.xml",
        "/sitemap-pages-99999999999999999999.xml",
        "/sitemap-policies-2.xml",
        "/sitemap-orders-1.xml",
        "/sitemap-pages.xml",
    ],
)
def test_what_is_no_part_is_not_found(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_index_and_parts_are_no_results_of_a_search(client: Client) -> None:
    for path in ("/sitemap.xml", *site_maps.parts(client)):
        response = client.get(path)
        assert response.headers["Content-Type"] == "application/xml"
        assert response.headers["X-Robots-Tag"].startswith("noindex")
        assert client.post(path).status_code == 405
