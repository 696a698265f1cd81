"""The shop's front and its products: what stands there, how fresh it is, and what editors cannot do to it."""

import gc
from collections.abc import Callable
from contextlib import AbstractContextManager
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text

from home.models import SiteImage
from home.page_cache import tokens
from store.models import ProductImage, ProductPage, ProductVariant, ShopPage, StockItem
from store.stock import movements
from tests import factories, queries
from tests.forms.building import form_page

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
Commit = Callable[..., AbstractContextManager]


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def add_variant(page: ProductPage, *, sku: str, price: int, on_hand: int = 10, name: str = "Large") -> None:
    page.variants.add(ProductVariant(sku=sku, price=price, name=name))
    page.save_revision().publish()
    movements.receive(sku=sku, quantity=on_hand)


# --- What visitors see -----------------------------------------------------------------------------------
def test_the_shop_shows_each_product_with_its_price(client: Client, mug: ProductVariant) -> None:
    add_variant(mug.page, sku="MUG-L", price=1450)
    factories.product("Tea towel", sku="TOWEL", price=980, on_hand=0)
    shop = text(client, "/shop/")
    assert "Enamel mug" in shop
    assert "from £12.50" in shop
    assert "£9.80" in shop
    assert shop.count("Sold out") == 1


def test_the_shop_asks_the_database_as_often_for_many_products_as_for_one(
    client: Client, mug: ProductVariant
) -> None:
    queries.cold(client, "/shop/")  # what is looked up once a process
    for_one = queries.cold(client, "/shop/")
    for number in range(6):
        factories.product(f"Thing {number}", sku=f"THING-{number}")
    assert queries.cold(client, "/shop/") == for_one


def test_only_what_is_published_is_shown(client: Client, mug: ProductVariant) -> None:
    mug.page.unpublish()
    assert "Enamel mug" not in text(client, "/shop/")
    assert client.get(mug.page.url).headers["Location"] == "/shop/"


@pytest.mark.parametrize(
    ("on_hand", "words"), [(0, "Sold out"), (1, "only 1 left"), (5, "only 5 left"), (6, "In stock")]
)
def test_a_product_says_whether_it_can_be_bought(client: Client, on_hand: int, words: str) -> None:
    page = text(client, factories.product(on_hand=on_hand).page.url)
    assert words in page
    assert ("Add to basket" in page) == (on_hand > 0)


def test_what_is_sold_out_leads_to_the_page_on_which_visitors_write(client: Client) -> None:
    product = factories.product(on_hand=0).page
    url = product.url
    without = text(client, url)
    assert "Write to us and we will tell you when it is back." in without
    assert "delivery costs" not in without
    form_page(show_in_menus=True)
    assert f'href="/contact/?about=product:{product.pk}" rel="nofollow">Write to us</a>' in text(client, url)


def test_the_price_of_what_is_chosen_stands_before_the_choice(client: Client, mug: ProductVariant) -> None:
    add_variant(mug.page, sku="MUG-S", price=990)

    def before_the_choice() -> str:
        return text(client, mug.page.url).partition("<main")[2].partition('class="variants"')[0]

    assert "£12.50" in before_the_choice()
    for sku in ("MUG", "MUG-S"):
        movements.write_off(sku=sku, quantity=10)
    assert "from £9.90" in before_the_choice()


def test_a_product_without_a_sku_is_not_for_sale(client: Client, mug: ProductVariant) -> None:
    mug.page.variants.set([ProductVariant(price=1250)])
    mug.page.save_revision().publish()
    page = text(client, mug.page.url)
    assert "not for sale" in page
    assert "Add to basket" not in page
    assert "Enamel mug" in text(client, "/shop/")


def test_the_first_variant_that_can_be_bought_is_chosen(client: Client) -> None:
    mug = factories.product(on_hand=0, name="Small")
    add_variant(mug.page, sku="MUG-L", price=1450)
    page = text(client, mug.page.url)
    assert 'value="MUG" required disabled' in page
    assert 'value="MUG-L" required checked' in page


# Wagtail leaves the closing of a new rendition's temporary file to the garbage collector.
@pytest.mark.both_databases
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_photograph_comes_in_modern_formats_and_a_drawing_as_it_is(
    client: Client, mug: ProductVariant
) -> None:
    for name, data in (("photo.jpg", photograph()), ("drawing.svg", DRAWING)):
        image = SiteImage(title=name, description="A mug", width=40, height=30)
        image.file = ContentFile(data, name=name)
        image.save()
        mug.page.images.add(ProductImage(image=image))
    mug.page.save_revision().publish()
    for path in (mug.page.url, "/shop/"):
        page = text(client, path)
        assert 'type="image/avif"' in page
        assert 'type="image/webp"' in page
    page = text(client, mug.page.url)
    assert ".svg" in page
    assert page.count('alt="A mug"') == 2
    gc.collect()


def photograph() -> bytes:
    file = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "JPEG")
    return file.getvalue()


DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 30" width="40" height="30"></svg>'


def test_a_product_page_is_the_same_whoever_asks(client: Client, mug: ProductVariant) -> None:
    plain = client.get(mug.page.url)
    for cookies in ({"basket": "x", "basket_count": "3"}, {"consent": "1.x"}):
        client.cookies.clear()
        for name, value in cookies.items():
            client.cookies[name] = value
        tokens.reset()
        answer = client.get(mug.page.url)
        assert answer.content == plain.content
        assert not answer.cookies


# --- Stock shows at the next request -----------------------------------------------------------------------
def test_cached_pages_show_a_hold_and_its_release_at_the_next_request(
    client: Client, django_capture_on_commit_callbacks: Commit
) -> None:
    mug = factories.product(on_hand=6)
    assert "In stock" in text(client, mug.page.url)
    with django_capture_on_commit_callbacks(execute=True):
        order = factories.placed_order(factories.basket(MUG=4))
    assert "only 2 left" in text(client, mug.page.url)
    with django_capture_on_commit_callbacks(execute=True):
        movements.write_off(sku="MUG", quantity=2)
    assert "Sold out" in text(client, mug.page.url)
    assert "Sold out" in text(client, "/shop/")
    with django_capture_on_commit_callbacks(execute=True):
        movements.release(order=order)
    assert "only 4 left" in text(client, mug.page.url)
    assert "Sold out" not in text(client, "/shop/")


def test_a_cached_page_shows_released_stock_at_the_next_request(
    client: Client, django_capture_on_commit_callbacks: Commit
) -> None:
    mug = factories.product(on_hand=6)
    order = factories.placed_order(factories.basket(MUG=4))
    assert "only 2 left" in text(client, mug.page.url)
    with django_capture_on_commit_callbacks(execute=True):
        movements.release(order=order)
    assert "In stock" in text(client, mug.page.url)


def test_a_sale_that_changes_no_word_leaves_the_cached_pages_alone(
    mug: ProductVariant, django_capture_on_commit_callbacks: Commit
) -> None:
    before = tokens.current().of("shop")
    with django_capture_on_commit_callbacks(execute=True):
        factories.placed_order(factories.basket(MUG=2))
    assert tokens.current().of("shop") == before


# --- What editors do --------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_publishing_gives_each_sku_its_row_of_stock(mug: ProductVariant) -> None:
    StockItem.objects.all().delete()
    mug.page.save_revision().publish()
    assert list(StockItem.objects.values_list("sku", "on_hand")) == [("MUG", 0)]


def copy(owner: Client, page: ProductPage, **fields: Any) -> ProductPage:
    values = {
        "new_title": "Copy",
        "new_slug": "copy",
        "new_parent_page": str(page.get_parent().pk),
        **fields,
    }
    response = owner.post(f"/admin/pages/{page.pk}/copy/", values)
    assert response.status_code == 302
    return ProductPage.objects.get(slug="copy")


@pytest.mark.both_databases
@pytest.mark.parametrize("options", [{}, {"publish_copies": "on"}])
def test_a_copy_of_a_product_has_no_sku_until_it_gets_its_own(
    owner: Client, mug: ProductVariant, options: dict[str, str]
) -> None:
    copied = copy(owner, mug.page, **options)
    latest = copied.get_latest_revision_as_object()
    assert [variant.sku for variant in copied.variants.all()] == [""]
    assert [(variant.sku, variant.price) for variant in latest.variants.all()] == [("", 1250)]
    assert ProductVariant.objects.get(sku="MUG").page == mug.page
    assert StockItem.objects.available(["MUG"]) == {"MUG": 10}


@pytest.mark.both_databases
def test_an_old_draft_does_not_take_a_sku_that_moved_to_another_product(mug: ProductVariant) -> None:
    draft = mug.page.save_revision()
    mug.page.variants.set([ProductVariant(sku="MUG-2", price=1250)])
    mug.page.save_revision().publish()
    other = factories.product("Other mug", sku="MUG")
    draft.publish()
    assert [variant.sku for variant in ProductPage.objects.get(pk=mug.page.pk).variants.all()] == [""]
    assert ProductVariant.objects.get(sku="MUG").page == other.page


def typed(
    page: ProductPage, *variants: dict[str, Any], publish: bool = True, most: str = ""
) -> dict[str, Any]:
    """What the editor's form sends."""
    known = page.variants.count()
    return nested_form_data(
        {
            "title": page.title,
            "slug": page.slug,
            "summary": page.summary,
            "description": rich_text(""),
            "most_in_one_order": most,
            "withdrawal": "applies",
            "availability": "stock",
            "text_length": "40",
            "text_price": "0",
            "images": inline_formset([]),
            "options": inline_formset([]),
            "related": inline_formset([]),
            "variants": inline_formset(list(variants), initial=known, min=1),
            "comments": inline_formset([]),
            **({"action-publish": "1"} if publish else {}),
        }
    )


def save(owner: Client, page: ProductPage, *variants: dict[str, Any], publish: bool = True) -> Any:
    return owner.post(f"/admin/pages/{page.pk}/edit/", typed(page, *variants, publish=publish))


def as_it_is(variant: ProductVariant, **changes: Any) -> dict[str, Any]:
    return {"id": str(variant.pk), "name": variant.name, "sku": variant.sku, "price": "12.50", **changes}


def test_an_editor_changes_price_and_sku(owner: Client, mug: ProductVariant) -> None:
    assert save(owner, mug.page, as_it_is(mug, sku="MUG-2", price="13.00")).status_code == 302
    mug.refresh_from_db()
    assert (mug.sku, mug.price) == ("MUG-2", 1300)
    assert StockItem.objects.available(["MUG", "MUG-2"]) == {"MUG": 10, "MUG-2": 0}


@pytest.mark.parametrize("publish", [True, False])
def test_a_sku_of_another_product_is_refused_where_it_was_typed(
    owner: Client, mug: ProductVariant, publish: bool
) -> None:
    other = factories.product("Tea towel", sku="TOWEL")
    response = save(owner, other.page, as_it_is(other, sku="MUG"), publish=publish)
    assert response.status_code == 200
    assert "Another variant has this SKU." in response.content.decode()


@pytest.mark.both_databases
def test_a_sku_that_stands_twice_is_refused(owner: Client, mug: ProductVariant) -> None:
    twice = [{"sku": "NEW", "price": "1.00", "name": name} for name in ("one", "two")]
    response = save(owner, mug.page, as_it_is(mug), *twice)
    assert response.status_code == 200
    assert "Another variant has this SKU." in response.content.decode()


def test_two_variants_cannot_swap_their_skus_at_once(owner: Client, mug: ProductVariant) -> None:
    add_variant(mug.page, sku="MUG-L", price=1450)
    large = ProductVariant.objects.get(sku="MUG-L")
    response = save(owner, mug.page, as_it_is(mug, sku="MUG-L"), as_it_is(large, sku="MUG"))
    assert response.status_code == 200
    assert "Another variant has this SKU." in response.content.decode()


@pytest.mark.parametrize(("most", "number"), [("", None), ("1", 1), ("20", 20)])
def test_an_editor_says_how_many_one_order_can_have(
    owner: Client, mug: ProductVariant, most: str, number: int | None
) -> None:
    values = typed(mug.page, as_it_is(mug), most=most)
    assert owner.post(f"/admin/pages/{mug.page.pk}/edit/", values).status_code == 302
    assert ProductPage.objects.get().most_in_one_order == number


@pytest.mark.parametrize("most", ["0", "-1", "21", "1000000000000", "x", "1.5"])
def test_a_number_that_no_order_can_have_is_refused_where_it_was_typed(
    owner: Client, mug: ProductVariant, most: str
) -> None:
    response = owner.post(f"/admin/pages/{mug.page.pk}/edit/", typed(mug.page, as_it_is(mug), most=most))
    assert response.status_code == 200
    assert response.context["form"].errors.keys() == {"most_in_one_order"}
    assert "Empty: 10." in response.content.decode()
    assert ProductPage.objects.get().most_in_one_order is None


@pytest.mark.parametrize("price", ["0", "-1", "12.505", "x", "1000000", ""])
def test_a_price_that_cannot_be_charged_is_refused(owner: Client, mug: ProductVariant, price: str) -> None:
    assert save(owner, mug.page, as_it_is(mug, price=price)).status_code == 200
    mug.refresh_from_db()
    assert mug.price == 1250


def test_the_forms_of_a_new_shop_and_product_open(owner: Client, mug: ProductVariant) -> None:
    shop = ShopPage.objects.get()
    for address in (f"pages/add/store/productpage/{shop.pk}/", f"pages/{mug.page.pk}/edit/"):
        assert owner.get(f"/admin/{address}").status_code == 200
    page = mug.page.specific
    assert page.make_preview_request().status_code == 200
