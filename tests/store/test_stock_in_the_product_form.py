"""Stock and SKUs in the editor's form of a product: what a person counts is saved, and nothing else changes it."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import GroupPagePermission

from home.models import User
from home.page_cache import tokens
from store.models import ProductPage, ProductVariant, ShopPage, StockItem, StockMovement
from store.stock import movements
from tests import factories
from tests.store.paying import stock_of
from tests.store.product_form import BY_SCRIPT, Row, save, shown, typed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def add(owner: Client, *rows: Row, title: str = "Tea pot", publish: bool = True) -> ProductPage:
    extra = {"action-publish": "1"} if publish else {}
    address = f"/admin/pages/add/store/productpage/{ShopPage.objects.get().pk}/"
    response = owner.post(address, typed(title, *rows, **extra))
    assert response.status_code == 302, response.context["form"].errors
    return ProductPage.objects.latest("pk")


def problem(response: HttpResponse, field: str = "in_stock") -> str:
    assert response.status_code == 200
    [form] = response.context["form"].formsets["variants"].forms
    return " ".join(form.errors[field])


def last_movement() -> tuple[str, int, str]:
    movement = StockMovement.objects.first()
    return movement.kind, movement.on_hand_change, movement.made_by and movement.made_by.email


def test_a_variant_says_its_currency_and_what_follows_from_an_empty_price_and_stock(
    owner: Client, mug: ProductVariant
) -> None:
    mug.page.variants.add(ProductVariant(sku="MUG-2", price=1))
    mug.page.save_revision().publish()
    StockItem.objects.filter(sku="MUG").update(on_hand=0, held=0)
    StockItem.objects.update_or_create(sku="MUG-2", defaults={"on_hand": 1})
    first, second = owner.get(f"/admin/pages/{mug.page.pk}/edit/").context["form"].formsets["variants"].forms
    assert {first["price"].label, second["price"].label} == {"Price in £"}
    assert first["price"].help_text == "Tax included."
    assert second["price"].help_text == "Tax included. Empty: as the first."
    assert first["in_stock"].help_text == "Shoppers cannot order this now."
    assert not second["in_stock"].help_text


# --- Saving by a person -----------------------------------------------------------------------------------
@pytest.mark.both_databases
@pytest.mark.parametrize("publish", [True, False])
def test_what_a_person_counts_is_saved_with_who(owner: Client, mug: ProductVariant, publish: bool) -> None:
    [row] = shown(owner, mug.page)
    assert row["in_stock"] == 10
    assert save(owner, mug.page, {**row, "in_stock": "7"}, publish=publish).status_code == 302
    assert stock_of() == (7, 0)
    assert last_movement() == ("counted", -3, "owner@example.com")


@pytest.mark.both_databases
@pytest.mark.parametrize("publish", [True, False])
def test_the_stock_of_a_new_sku_is_received(owner: Client, mug: ProductVariant, publish: bool) -> None:
    rows = [{"name": name, "price": "9.50", "in_stock": count} for name, count in (("Red", 4), ("Blue", ""))]
    page = add(owner, *rows, publish=publish)
    assert [row["in_stock"] for row in shown(owner, page)] == [4, 0]
    assert last_movement() == ("received", 4, "owner@example.com")
    assert stock_of("TEA-POT-RED") == (4, 0)


@pytest.mark.both_databases
def test_what_was_sold_or_held_while_the_form_was_open_stays_sold_or_held(
    owner: Client, mug: ProductVariant
) -> None:
    [row] = shown(owner, mug.page)
    movements.sell(order=factories.placed_order(factories.basket(MUG=2)))
    factories.placed_order(factories.basket(MUG=3))
    assert save(owner, mug.page, {**row, "in_stock": "12"}).status_code == 302
    assert stock_of() == (10, 3)


def test_a_number_that_was_not_changed_changes_nothing(owner: Client, mug: ProductVariant) -> None:
    [row] = shown(owner, mug.page)
    movements.write_off(sku="MUG", quantity=4)
    for in_stock in ("10", ""):
        assert save(owner, mug.page, {**row, "in_stock": in_stock}).status_code == 302
    assert stock_of() == (6, 0)


@pytest.mark.both_databases
def test_a_form_that_is_sent_twice_counts_once(owner: Client, mug: ProductVariant) -> None:
    [row] = shown(owner, mug.page)
    assert save(owner, mug.page, {**row, "in_stock": "15"}).status_code == 302
    again = save(owner, mug.page, {**row, "in_stock": "15"})
    assert problem(again) == "The stock was changed meanwhile: it is 15. Check the number."
    assert stock_of() == (15, 0)
    [form] = again.context["form"].formsets["variants"].forms
    checked = {**row, "in_stock": "16", "stock_seen": form["stock_seen"].value()}
    assert save(owner, mug.page, checked).status_code == 302
    assert stock_of() == (16, 0)


@pytest.mark.both_databases
def test_less_than_what_is_held_is_refused_where_it_was_typed(owner: Client, mug: ProductVariant) -> None:
    factories.placed_order(factories.basket(MUG=3))
    [row] = shown(owner, mug.page)
    refused = save(owner, mug.page, {**row, "in_stock": "2"})
    assert problem(refused) == "3 are held for open payments. The stock cannot be less."
    assert "3 of them are held for open payments." in refused.content.decode()
    assert stock_of() == (10, 3)
    assert save(owner, mug.page, {**row, "in_stock": "3"}).status_code == 302
    assert stock_of() == (3, 3)


@pytest.mark.parametrize("number", ["-1", "1.5", "x", "100001", "9" * 30, "\x00"])
def test_what_is_no_number_of_goods_is_refused(owner: Client, mug: ProductVariant, number: str) -> None:
    [row] = shown(owner, mug.page)
    assert problem(save(owner, mug.page, {**row, "in_stock": number}))
    assert stock_of() == (10, 0)


@pytest.mark.parametrize("seen", ["", "x", "10", "-1 0 MUG", "\x00 1 MUG", "10 99999999 MUG", "9" * 90])
def test_what_no_form_of_ours_showed_changes_no_stock(owner: Client, mug: ProductVariant, seen: str) -> None:
    [row] = shown(owner, mug.page)
    assert save(owner, mug.page, {**row, "in_stock": "3", "stock_seen": seen}).status_code == 200
    assert stock_of() == (10, 0)


def test_stock_stays_with_its_sku(owner: Client, mug: ProductVariant) -> None:
    movements.receive(sku="OLD", quantity=5)
    [row] = shown(owner, mug.page)
    refused = save(owner, mug.page, {**row, "sku": "OLD", "in_stock": "4"})
    assert problem(refused) == "This SKU has 5 in stock already. Check the number."
    assert save(owner, mug.page, {**row, "sku": "NEW", "in_stock": "4"}).status_code == 302
    assert (stock_of("MUG"), stock_of("OLD"), stock_of("NEW")) == ((10, 0), (5, 0), (4, 0))


def test_who_may_not_change_stock_sees_the_number_and_cannot_change_it(mug: ProductVariant) -> None:
    user = User.objects.create_user("writer@example.com", "x")
    group = user.groups.create(name="Writers")
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    for right in ("add", "change", "publish"):
        permission = Permission.objects.get(codename=f"{right}_page")
        GroupPagePermission.objects.create(group=group, page=mug.page.get_parent(), permission=permission)
    writer = Client()
    writer.force_login(user)
    [row] = shown(writer, mug.page)
    assert row["in_stock"] == 10
    assert save(writer, mug.page, {**row, "in_stock": "15", "price": "13"}).status_code == 302
    add(writer, {"name": "Red", "price": "9.50", "in_stock": "15"})
    mug.refresh_from_db()
    assert (mug.price, stock_of(), stock_of("TEA-POT-RED")) == (1300, (10, 0), (0, 0))


# --- Whatever else saves or publishes a page ----------------------------------------------------------------
def autosave(owner: Client, page: ProductPage, row: Row) -> None:
    assert save(owner, page, {**row, "in_stock": "99"}, publish=False, **BY_SCRIPT).status_code == 200


def publish_a_stale_draft(owner: Client, page: ProductPage, row: Row) -> None:
    page.get_latest_revision().publish()


def publish_by_schedule(owner: Client, page: ProductPage, row: Row) -> None:
    page.go_live_at = timezone.now()
    page.save_revision(approved_go_live_at=timezone.now())
    call_command("publish_scheduled")


def revert(owner: Client, page: ProductPage, row: Row) -> None:
    first = page.revisions.earliest("pk")
    page.save_revision()
    address = f"/admin/pages/{page.pk}/revisions/{first.pk}/revert/"
    assert owner.get(address).status_code == 200
    assert save(owner, page, row).status_code == 302


def copy(owner: Client, page: ProductPage, row: Row) -> None:
    values = {"new_title": "Copy", "new_slug": "copy", "new_parent_page": str(page.get_parent().pk)}
    assert owner.post(f"/admin/pages/{page.pk}/copy/", values).status_code == 302
    [copied] = shown(owner, ProductPage.objects.get(slug="copy"))
    assert (copied["sku"], copied["in_stock"]) == ("", "")


def preview(owner: Client, page: ProductPage, row: Row) -> None:
    values = typed(page.title, {**row, "in_stock": "99"}, known=1)
    assert owner.post(f"/admin/pages/{page.pk}/edit/preview/", values).json()["is_valid"]


@pytest.mark.both_databases
@pytest.mark.parametrize("act", [autosave, publish_a_stale_draft, publish_by_schedule, revert, copy, preview])
def test_nothing_but_a_person_who_saves_changes_stock(
    owner: Client, mug: ProductVariant, act: Callable[[Client, ProductPage, Row], None]
) -> None:
    [row] = shown(owner, mug.page)
    movements.sell(order=factories.placed_order(factories.basket(MUG=4)))
    before = StockMovement.objects.count()
    act(owner, mug.page, row)
    assert stock_of() == (6, 0)
    assert StockMovement.objects.count() == before


def test_what_was_typed_before_an_autosave_is_saved_when_the_person_saves(
    owner: Client, mug: ProductVariant
) -> None:
    [row] = shown(owner, mug.page)
    autosave(owner, mug.page, row)
    assert save(owner, mug.page, {**row, "in_stock": "99"}).status_code == 302
    assert stock_of() == (99, 0)


def test_the_form_asks_the_database_as_often_for_many_variants_as_for_one(
    owner: Client, mug: ProductVariant
) -> None:
    def asked() -> int:
        tokens.reset()
        shown(owner, mug.page)  # what is looked up once a process, or after a change
        with CaptureQueriesContext(connection) as queries:
            shown(owner, mug.page)
        return len(queries)

    for_one = asked()
    mug.page.variants.add(*[ProductVariant(sku=f"MUG-{size}", price=1) for size in range(5)])
    mug.page.save_revision().publish()
    assert asked() == for_one


# --- Prices left empty ---------------------------------------------------------------------------------------
def test_a_price_left_empty_is_that_of_the_first_variant_that_has_one(
    owner: Client, mug: ProductVariant
) -> None:
    rows = [{"name": name, "price": price} for name, price in (("Red", ""), ("Blue", "9,50"), ("Green", "8"))]
    page = add(owner, *rows)
    assert [variant.price for variant in page.variants.all()] == [950, 950, 800]


@pytest.mark.parametrize("publish", [True, False])
def test_without_any_price_a_product_is_not_saved(owner: Client, mug: ProductVariant, publish: bool) -> None:
    [row] = shown(owner, mug.page)
    assert problem(save(owner, mug.page, {**row, "price": ""}, publish=publish), "price") == "Enter a price."
    mug.refresh_from_db()
    assert mug.price == 1250


# --- SKUs that are made -------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_a_sku_left_empty_is_made_from_title_and_name(owner: Client, mug: ProductVariant) -> None:
    rows = [{"name": name, "price": "9.50"} for name in ("Blue", "blue!", "")]
    page = add(owner, *rows, title="Größe “Ä”", publish=False)
    made = ["GROSSE-A-BLUE", "GROSSE-A-BLUE-2", "GROSSE-A"]
    assert [variant.sku for variant in page.variants.all()] == made


@pytest.mark.parametrize(
    ("title", "sku"), [("Enamel mug", "ENAMEL-MUG-2"), ("!", "ITEM"), ("x" * 90, "X" * 40), ("Mug", "MUG-2")]
)
def test_a_sku_that_other_goods_have_or_had_gets_a_number(
    owner: Client, mug: ProductVariant, title: str, sku: str
) -> None:
    movements.receive(sku="ENAMEL-MUG", quantity=3)
    page = add(owner, {"price": "9.50", "in_stock": "2"}, title=title)
    assert [variant.sku for variant in page.variants.all()] == [sku]
    assert stock_of(sku) == (2, 0)


def test_a_copy_gets_skus_when_it_is_saved(owner: Client, mug: ProductVariant) -> None:
    copy(owner, mug.page, {})
    copied = ProductPage.objects.get(slug="copy")
    assert save(owner, copied, *shown(owner, copied)).status_code == 302
    assert [variant.sku for variant in copied.variants.all()] == ["COPY"]
    assert StockItem.objects.available(["MUG", "COPY"]) == {"MUG": 10, "COPY": 0}


def test_saving_again_and_again_by_autosave_makes_the_same_sku(owner: Client, mug: ProductVariant) -> None:
    page = add(owner, {"name": "Bl", "price": "9.50"}, publish=False)
    row = {"id": str(page.variants.get().pk), "name": "Blue", "price": "9.50"}
    for options in (BY_SCRIPT, BY_SCRIPT, {}):
        save(owner, page, row, publish=False, **options)
    assert [variant.sku for variant in page.variants.all()] == ["TEA-POT-BLUE"]


# --- The form itself --------------------------------------------------------------------------------------
def test_the_form_of_a_product_stands_below_products_and_keeps_one_line_in_one_line(
    owner: Client, mug: ProductVariant
) -> None:
    here, shop = (f"/admin/pages/{pk}/edit/" for pk in (mug.page.pk, ShopPage.objects.get().pk))
    page = owner.get(here).content.decode()
    assert ('"name": "open-product"' in page, f'"url": "{here}"' in page) == (True, True)
    assert "open-product" not in owner.get(shop).content.decode()
    rows = shown(owner, mug.page)
    values = typed(mug.page.title, *rows, known=1, summary="Lasts\r\na  life")
    owner.post(here, {**values, "action-publish": "1"})
    mug.page.refresh_from_db()
    assert mug.page.summary == "Lasts a life"
