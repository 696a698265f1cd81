"""Products that are renamed or removed: their URLs lead on at once, also where a page was kept."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from wagtail.contrib.redirects.models import Redirect

from home.page_cache import tokens
from home.page_cache.layer import PageCache
from store.models import CategoryPage, ProductPage, ProductVariant, ShopPage
from tests import factories
from tests.wsgi_client import ask

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
Commit = Callable[..., AbstractContextManager]


def category(*pages: ProductPage) -> CategoryPage:
    made = ShopPage.objects.get().add_child(instance=CategoryPage(title="Kitchen", slug="kitchen"))
    made.products.add(*pages)
    return made


@pytest.fixture
def cache(mug: ProductVariant) -> PageCache:
    """The page cache, which has kept the mug's page."""
    tokens.reset()
    cache = PageCache(WSGIHandler())
    assert [ask(cache, mug.page.url).status for _ in range(2)] == ["200 OK"] * 2
    assert cache.hits == 1
    return cache


def lead(cache: PageCache, url: str) -> tuple[int, str]:
    """Return the status of a URL, and where it leads."""
    answer = ask(cache, url)
    return int(answer.status[:3]), answer.headers.get("Location", "")


def test_a_renamed_product_leads_from_its_old_url_and_back(
    cache: PageCache, mug: ProductVariant, django_capture_on_commit_callbacks: Commit
) -> None:
    old, new = mug.page.url, "/shop/tin-mug/"
    for slug, there, before in (("tin-mug", new, old), (old.split("/")[2], old, new)):
        page = ProductPage.objects.get()
        page.slug = slug
        with django_capture_on_commit_callbacks(execute=True):
            page.save_revision().publish()
        assert lead(cache, before) == (301, there)
        assert lead(cache, there) == (200, "")


def test_a_product_that_is_not_published_leads_to_its_category_until_it_is_again(
    cache: PageCache, mug: ProductVariant, django_capture_on_commit_callbacks: Commit
) -> None:
    category(mug.page)
    with django_capture_on_commit_callbacks(execute=True):
        mug.page.unpublish()
    assert lead(cache, mug.page.url) == (302, "/shop/kitchen/")
    with django_capture_on_commit_callbacks(execute=True):
        ProductPage.objects.get().save_revision().publish()
    assert lead(cache, mug.page.url) == (200, "")


@pytest.mark.both_databases
@pytest.mark.parametrize("several", [False, True])
def test_a_deleted_product_leads_to_the_shop_from_all_its_urls(
    cache: PageCache,
    mug: ProductVariant,
    owner: Client,
    several: bool,
    django_capture_on_commit_callbacks: Commit,
) -> None:
    page, old = ProductPage.objects.get(), mug.page.url
    page.slug = "tin-mug"
    with django_capture_on_commit_callbacks(execute=True):
        page.save_revision().publish()
    url = (
        f"/admin/bulk/wagtailcore/page/delete/?id={page.pk}" if several else f"/admin/pages/{page.pk}/delete/"
    )
    with django_capture_on_commit_callbacks(execute=True):
        assert owner.post(url).status_code == 302
    assert not ProductPage.objects.live().exists()
    assert [lead(cache, path) for path in (old, "/shop/tin-mug/")] == [(301, "/shop/"), (302, "/shop/")]


def test_a_deleted_category_leads_to_the_shop_and_a_deleted_shop_nowhere(
    cache: PageCache, mug: ProductVariant, owner: Client
) -> None:
    made = category(mug.page)
    owner.post(f"/admin/pages/{made.pk}/delete/")
    assert lead(cache, "/shop/kitchen/") == (302, "/shop/")
    factories.product("Atlas", sku="ATLAS").page.unpublish()
    assert owner.post(f"/admin/pages/{ShopPage.objects.get().pk}/delete/").status_code == 302
    assert lead(cache, mug.page.url) == (404, "")


def test_a_redirect_of_somebody_stays(cache: PageCache, mug: ProductVariant) -> None:
    Redirect.add_redirect(mug.page.url, "/about/")
    mug.page.unpublish()
    assert lead(cache, mug.page.url) == (301, "/about/")
