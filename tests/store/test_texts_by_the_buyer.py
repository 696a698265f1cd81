"""A text that the shopper writes for a product: where it stands, what may be it, and several lines of one SKU."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from home.models import User
from store.basket import contents
from store.documents import packing_slips
from store.models import Basket, BasketLine, Document, Order, ProductPage, ProductVariant
from store.orders import emails, personal_data
from store.payments import fulfilment, refunds
from tests import factories
from tests.store.paying import stock_of
from tests.store.refunding import pay, request
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def cup(mug: ProductVariant) -> ProductVariant:
    """A mug on which a name of 12 characters can be written for £3.00."""
    ask_for(mug)
    return ProductVariant.objects.select_related("page").get(pk=mug.pk)


def ask_for(variant: ProductVariant, **fields: Any) -> None:
    words = {"text_label": "Name on the mug", "text_length": 12, "text_price": 300, **fields}
    ProductPage.objects.filter(pk=variant.page_id).update(**words)


def add(client: Client, text: str, quantity: int = 1) -> Any:
    return client.post("/basket/add/", {"sku": "MUG", "quantity": quantity, "text": text})


def inside() -> list[tuple[str, str, int]]:
    return list(BasketLine.objects.order_by("pk").values_list("sku", "text", "quantity"))


def two_texts() -> Basket:
    """Three mugs: two for Anna and one for Tom."""
    basket = contents.add(basket=None, sku="MUG", quantity=2, text="Anna")
    return contents.add(basket=basket, sku="MUG", quantity=1, text="Tom")


@pytest.fixture
def bought(sandbox: Sandbox, cup: ProductVariant) -> Order:
    factories.vat(GB=20)
    return pay(sandbox, factories.awaiting_order(two_texts()))


def test_the_page_asks_for_it_beside_the_button(client: Client, cup: ProductVariant) -> None:
    page = client.get(cup.page.url).content.decode()
    assert "Name on the mug (+ £3.00)" in page
    assert 'name="text" maxlength="12"' in page
    assert "Optional. At most 12 characters." in page
    ask_for(cup, text_is_required=True, text_price=0)
    page = client.get(f"{cup.page.url}?new").content.decode()
    assert "Optional" not in page
    assert "(+" not in page


def test_a_product_that_asks_for_none_takes_none(client: Client, mug: ProductVariant) -> None:
    assert 'name="text"' not in client.get(mug.page.url).content.decode()
    assert add(client, "Anna").status_code == 422
    assert inside() == []


def test_other_words_are_another_line(client: Client, cup: ProductVariant) -> None:
    for text in ("Anna", "Tom", " Anna ", ""):
        assert add(client, text).status_code == 303
    assert inside() == [("MUG", "Anna", 2), ("MUG", "Tom", 1), ("MUG", "", 1)]
    page = client.get("/basket/").content.decode()
    for words in ("Name on the mug: Anna", "Name on the mug: Tom", "£31.00", "£59.00"):
        assert words in page
    client.post("/basket/update/", {"sku": "MUG", "text": "Tom", "quantity": 0})
    assert inside() == [("MUG", "Anna", 2), ("MUG", "", 1)]


BAD = {
    "A" * 13: "write at most 12 characters",
    "   ": "nothing of it can be seen",
    "\u200b": "nothing of it can be seen",
    "An\u202ena": "U+202E",
    "An\x07na": "U+0007",
    "An\x00na": "Null characters are not allowed",
    "An\nna": "it has more than one line",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_text_is_told_and_changes_nothing(client: Client, cup: ProductVariant, text: str) -> None:
    response = add(client, text)
    assert response.status_code == 422
    assert BAD[text] in response.content.decode()
    assert inside() == []


def test_a_text_that_is_needed_cannot_be_left_out(client: Client, cup: ProductVariant) -> None:
    ask_for(cup, text_is_required=True)
    response = add(client, "")
    assert response.status_code == 422
    assert "Write this: Name on the mug." in response.content.decode()


def test_markup_is_text(client: Client, cup: ProductVariant) -> None:
    add(client, "<b>Anna</b>")
    assert "Name on the mug: &lt;b&gt;Anna&lt;/b&gt;" in client.get("/basket/").content.decode()


def test_what_is_no_longer_asked_for_stops_the_order(client: Client, cup: ProductVariant) -> None:
    add(client, "Anna")
    ask_for(cup, text_length=3)
    assert "write at most 3 characters. Remove it to continue." in client.get("/basket/").content.decode()
    assert client.get("/checkout/")["Location"] == "/basket/"


def test_lines_of_one_sku_are_limited_together(cup: ProductVariant) -> None:
    ProductPage.objects.update(most_in_one_order=3)
    basket = two_texts()
    with pytest.raises(contents.BasketError, match=r"at most 3 of this. Your basket already holds 3"):
        contents.add(basket=basket, sku="MUG", quantity=1, text="Eve")
    with pytest.raises(contents.BasketError, match=r"at most 3 of this. Your basket already holds 2"):
        contents.set_quantity(basket=basket, sku="MUG", quantity=2, text="Tom")
    ProductPage.objects.update(most_in_one_order=2)
    assert [line.is_too_many for line in contents.look_up(basket).lines] == [True, True]


def test_lines_of_one_sku_share_the_stock(cup: ProductVariant) -> None:
    few = factories.product("Cup", sku="CUP", on_hand=2)
    ask_for(few)
    basket = contents.add(basket=None, sku="CUP", quantity=2, text="Anna")
    with pytest.raises(contents.BasketError, match=r"Only 2 are left. Your basket already holds 2"):
        contents.add(basket=basket, sku="CUP", quantity=1, text="Tom")
    BasketLine.objects.create(basket=basket, sku="CUP", text="Tom", quantity=1)
    assert [line.is_short for line in contents.look_up(basket).lines] == [True, True]


def test_the_price_of_the_text_is_paid_and_taxed_with_the_goods(bought: Order) -> None:
    assert [(line.text, line.unit_price, line.quantity) for line in bought.lines.all()] == [
        ("Anna", 1550, 2),
        ("Tom", 1550, 1),
    ]
    asked = [
        (one["quantity"], one["price_data"]["unit_amount"]) for one in bought.session_params["line_items"]
    ]
    assert asked == [(2, 1550), (1, 1550)]
    assert "Anna" not in str(bought.session_params)
    assert (bought.subtotal, bought.paid_amount) == (4650, 4650 + 395)
    assert bought.documents.get().sums.get().vat == round(5045 / 6)


def test_lines_of_one_sku_are_held_sold_refunded_and_taken_back(
    sandbox: Sandbox, cup: ProductVariant
) -> None:
    order = factories.awaiting_order(two_texts())
    assert stock_of() == (10, 3)
    order = pay(sandbox, order)
    assert stock_of() == (7, 0)
    assert not BasketLine.objects.exists()
    anna, _tom = order.lines.all()
    request(order, lines={anna.pk: 1})
    assert stock_of() == (8, 0)
    refunds.cancel_and_refund(order=order, by="Staff")
    assert stock_of() == (10, 0)
    order.refresh_from_db()
    assert order.status == Order.Status.CANCELLED


def test_one_refund_takes_back_both_lines_of_a_sku(bought: Order) -> None:
    anna, tom = bought.lines.all()
    request(bought, lines={anna.pk: 1, tom.pk: 1})
    assert stock_of() == (9, 0)


def test_an_order_that_was_not_paid_gives_back_all_of_it(sandbox: Sandbox, cup: ProductVariant) -> None:
    order = factories.awaiting_order(two_texts())
    fulfilment.cancel(order=order, by="shopper", reason="came_back")
    assert stock_of() == (10, 0)
    again = contents.refill(order=order)
    assert again is not None
    assert sorted(again.lines.values_list("text", "quantity")) == [("Anna", 2), ("Tom", 1)]


def test_it_stands_wherever_the_goods_do(client: Client, bought: Order) -> None:
    client.force_login(User.objects.create_superuser(email="owner@example.com", password="x"))
    words = "Name on the mug: Anna"
    for url in (
        bought.get_absolute_url(),
        f"/admin/orders/inspect/{bought.pk}/",
        f"/admin/orders/{bought.pk}/refunds/",
    ):
        assert words in client.get(url).content.decode(), url
    for mail in (emails.order_paid(bought), emails.order_to_pack(bought)):
        assert mail is not None
        assert words in mail.message
    slip = PdfReader(BytesIO(packing_slips.render([bought]))).pages[0].extract_text()
    assert words in slip


def test_the_invoice_names_what_was_written_but_not_the_words(bought: Order) -> None:
    lines = Document.objects.get(order=bought).data["lines"]
    assert [line["title"] for line in lines[:2]] == ["Enamel mug, Name on the mug"] * 2
    assert "Anna" not in str(lines)


def test_it_is_exported_and_goes_with_the_rest_of_who_bought(settings: Any, bought: Order) -> None:
    [exported] = personal_data.export_orders(bought.email)
    assert [line["text"] for line in exported["lines"]] == ["Anna", "Tom"]
    settings.ORDER_KEEP_DAYS = 0
    personal_data.expire_orders(timezone.now() + timedelta(days=1))
    assert [(line.text_label, line.text) for line in bought.lines.all()] == [("Name on the mug", "")] * 2


def test_the_review_page_shows_it_and_an_order_is_what_was_shown(client: Client, cup: ProductVariant) -> None:
    add(client, "Anna")
    page = client.get("/checkout/").content.decode()
    assert "Name on the mug: Anna" in page
    assert "£15.50" in page
    basket = Basket.objects.get()
    digest = factories.quote(basket).digest
    ask_for(cup, text_label="Name")
    assert factories.quote(basket).digest != digest
