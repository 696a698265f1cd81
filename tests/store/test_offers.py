"""Offers: staff fill a basket for a customer, and its link leads to the usual review page."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from post_office.models import Email

from policies.models import PolicyVersion
from store.basket import contents
from store.catalogue.columns import unbroken
from store.models import Basket, Offer, Order, ProductPage, ProductVariant
from store.offers import goods, offering
from tests import factories, queries
from tests.staff import signed_in
from tests.store.paying import press_pay
from tests.store.preparing import RIGHTS, make, post, take, typed, without
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client, mug: ProductVariant) -> Client:
    return signed_in(*RIGHTS, client=client)


def sent_link(staff: Client) -> str:
    post(staff, f"{Offer.objects.get().pk}/send/")
    text = Email.objects.latest("pk").message
    return re.search(r"/offers/[\w-]{43}/", text)[0]  # type: ignore[index]


# --- The link --------------------------------------------------------------------------------------------
def test_the_customer_accepts_the_terms_and_pays_as_usual(
    sandbox: Sandbox, staff: Client, terms: PolicyVersion
) -> None:
    page = make(staff)
    assert "<dt>Goods, at today’s prices</dt><dd>£25.00</dd>" in page
    link = sent_link(staff)
    mail = Email.objects.get()
    assert (mail.to, "As we said." in mail.message) == (["ada@example.com"], True)
    assert "2 × Enamel mug: £25.00" in mail.message
    assert link.split("/")[2] not in str(Offer.objects.values())
    customer = Client()
    assert "As we said." in customer.get(link).content.decode()
    assert "basket" not in customer.cookies  # who only opens it has none: scanners of mail do
    assert "is replaced" not in customer.get(link).content.decode()
    customer.post("/basket/add/", {"sku": "MUG", "quantity": "1"})
    assert "What is in your basket now is replaced." in customer.get(link).content.decode()
    answer = customer.post(link)
    assert "is replaced" not in customer.get(link).content.decode()  # it is in the basket already
    assert answer["Location"] == "/checkout/"
    page = customer.get("/checkout/").content.decode()
    assert 'value="ada@example.com"' in page
    basket = Offer.objects.get().basket
    assert press_pay(customer, basket)["Location"].startswith(sandbox.url)
    order = Order.objects.get()
    assert (order.basket, order.terms_accepted, order.total) == (basket, terms, 2895)
    assert 'value="shopper@example.com"' in customer.get("/checkout/").content.decode()
    listed = staff.get("/admin/offers/").content.decode()
    assert f'pill--done">{order.number}<' in listed
    assert re.search(r"<h1[^>]*>\s*Offers\s*</h1>", listed)
    assert f"/admin/offers/inspect/{Offer.objects.get().pk}/" in listed


@pytest.mark.both_databases
def test_a_link_that_is_over_replaced_or_used_says_so_and_leads_to_the_shop(staff: Client) -> None:
    make(staff)
    first, second = sent_link(staff), sent_link(staff)
    for link, status, words in ((first, 404, "not valid"), (second, 200, "An offer for you")):
        answer = Client().get(link)
        assert (answer.status_code, words in answer.content.decode()) == (status, True)
    offer = Offer.objects.get()
    Offer.objects.update(ends_at=timezone.now())
    answer = Client().post(second)
    assert (answer.status_code, "This offer is over" in answer.content.decode()) == (410, True)
    assert "Go to the shop" in answer.content.decode()
    Offer.objects.update(ends_at=offer.ends_at)
    contents.set_quantity(basket=offer.basket, sku="MUG", quantity=0)
    assert (Client().get(second).status_code, Client().post(second).status_code) == (410, 410)
    for token in ("x", "%00", "0" * 43):
        assert Client().get(f"/offers/{token}/").status_code == 404


# --- Putting it together ---------------------------------------------------------------------------------
def press(staff: Client, *lines: dict[str, Any], **button: str) -> Any:
    """Press another button than the last; return what the page shows then."""
    answer = staff.post("/admin/offers/new/", {**typed([*lines]), "days": "", **button})
    assert answer.status_code == 200
    return answer.context


def skus(variants: list[Any]) -> list[tuple[str, int]]:
    return [(variant.sku, variant.left) for variant in variants]


@pytest.mark.both_databases
def test_products_are_found_by_name_or_sku(staff: Client) -> None:
    factories.product("Blue plate", sku="PL-1", name="Large", on_hand=0)
    for words, found in (
        ("enam MUG", [("MUG", 10)]),
        ("pl-1", [("PL-1", 0)]),
        ("blue large", [("PL-1", 0)]),
        ("a\x00%", []),
        ("", []),
        ("x " * 2000, []),
    ):
        assert skus(press(staff, query=words)["found"]) == found, words
    page = staff.post("/admin/offers/new/", {**typed([]), "query": "a"}).content.decode()
    assert 'value="MUG" aria-label="Add Enamel mug"' in page
    assert 'value="PL-1"' not in page  # sold out
    assert "£12.50" in page


def test_what_sells_is_offered_before_anything_is_searched(staff: Client) -> None:
    factories.product("Plate", sku="PLATE")
    factories.product("Cup", sku="CUP")
    for _ in range(2):
        factories.placed_order(factories.basket(PLATE=1))
    factories.placed_order(factories.basket(MUG=2))
    assert [sku for sku, _left in skus(staff.get("/admin/offers/new/").context["found"])] == ["PLATE", "MUG"]
    assert press(staff, {"sku": "MUG", "quantity": "1"})["found"] == []


def test_lines_are_added_counted_and_removed(staff: Client) -> None:
    factories.product("Plate", sku="PLATE")
    ProductPage.objects.filter(title="Plate").update(text_label="Name")
    rows: list[dict[str, Any]] = []
    for sku in ("MUG", "PLATE", "MUG", "PLATE", "NOTHING"):
        shown = press(staff, *rows, add=sku, email="ada@example", query="kept by nobody")
        rows = goods.typed(shown["lines"])
    found = [f"{row['quantity']} {row['sku']}" for row in rows]
    assert found == ["2 MUG", "1 PLATE", "1 PLATE", "1 NOTHING"]
    assert (shown["form"]["email"].value(), shown["query"], shown["found"]) == ("ada@example", "", [])
    shown = press(staff, *rows, remove="1", query="mug")
    assert [row["sku"] for row in goods.typed(shown["lines"])] == ["MUG", "PLATE", "NOTHING"]
    assert skus(shown["found"]) == [("MUG", 10)]


@pytest.mark.parametrize(
    ("quantity", "lines"), [("0", 1), ("98", 1), ("9" * 5000, 2), ("٣" * 5000, 2), ("x", 2)]
)
def test_a_product_is_added_to_whatever_is_typed(staff: Client, quantity: str, lines: int) -> None:
    shown = press(staff, {"sku": "MUG", "quantity": quantity}, add="MUG")
    assert len(goods.typed(shown["lines"])) == lines


def test_what_the_goods_come_to_is_said_as_they_are_chosen(staff: Client, mug: ProductVariant) -> None:
    ProductPage.objects.update(text_label="Name", text_price=250)
    line = {"sku": "MUG", "quantity": "2"}
    for typed_lines, total in (
        ([], 0),
        ([line, {**line, "text": "Ada"}], 5500),
        (
            [
                line,
                {**line, "quantity": "x"},
                {**line, "quantity": "9" * 5000},
                {"sku": "NOTHING", "quantity": 1},
            ],
            2500,
        ),
    ):
        assert press(staff, *typed_lines)["total"] == total
    chosen = staff.post("/admin/offers/new/", typed([line])).content.decode()
    assert ("data-line-total>£25.00<" in chosen, 'name="make"' in chosen) == (True, True)
    assert 'name="make"' not in staff.get("/admin/offers/new/").content.decode()
    page = make(staff, {**line, "quantity": "0"})
    assert "<details open>" in page  # what may be wrong is not folded away
    assert "<details>" in staff.get("/admin/offers/new/").content.decode()


def test_the_list_names_the_goods_and_has_one_way_to_a_new_offer(staff: Client, mug: ProductVariant) -> None:
    link = 'href="/admin/offers/new/"'
    assert staff.get("/admin/offers/").content.decode().count(link) == 1
    make(staff)
    page = staff.get("/admin/offers/").content.decode()
    shown = (unbroken("2 × Enamel mug") in page, "Not sent" in page, "£25.00" in page, page.count(link))
    assert shown == (True, True, True, 1)
    few = queries.warm(staff, "/admin/offers/")
    make(staff)
    make(staff, {"sku": "MUG", "quantity": 1})
    assert queries.warm(staff, "/admin/offers/") == few
    ProductVariant.objects.all().delete()
    assert unbroken("2 × MUG") in staff.get("/admin/offers/").content.decode()
    without(staff, "add_offer")
    assert link not in staff.get("/admin/offers/").content.decode()
    Offer.objects.all().delete()
    assert link not in staff.get("/admin/offers/").content.decode()


def test_many_products_and_lines_take_the_same_queries(
    staff: Client, mug: ProductVariant, django_assert_num_queries: Any
) -> None:
    more = (ProductVariant(page=mug.page, sku=f"MUG-{number}", price=1) for number in range(12))
    ProductVariant.objects.bulk_create(more)
    press(staff)
    with CaptureQueriesContext(connection) as few:
        press(staff, {"sku": "MUG", "quantity": 1}, query="MUG-1 enamel")
    lines = [{"sku": f"MUG-{number}", "quantity": 1} for number in range(12)]
    with django_assert_num_queries(len(few)):
        shown = press(staff, *lines, query="mug")
    assert (len(shown["found"]), shown["more"]) == (10, True)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"quantity": "x"}, "Enter a whole number from 1 to 99 as the quantity."),
        ({"quantity": "0"}, "Enter a whole number"),
        ({"quantity": "11"}, "One order can have at most 10"),
        ({"sku": "MUG\x00"}, "Null characters are not allowed"),
        ({"sku": "x" * 41}, "at most 40 characters"),
        ({"sku": ""}, "This field is required"),
        ({"sku": "NOTHING"}, "This product is not for sale."),
        ({"text": "Ada"}, "Nothing can be written on this"),
    ],
)
def test_a_line_that_cannot_be_offered_says_why(staff: Client, line: dict[str, str], words: str) -> None:
    wrong = {"sku": "MUG", "quantity": "2", **line}
    page = make(staff, {"sku": "MUG", "quantity": 1}, wrong)
    assert words in page[page.index('name="form-1-sku"') :]
    assert (Offer.objects.count(), Basket.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (typed([]), "Search for what they want and add it."),
        (typed([{"sku": "MUG", "quantity": 1}] * 31), "At most 30 lines."),
        ({"form-TOTAL_FORMS": "1000000"}, "At most 30 lines."),
        ({"form-TOTAL_FORMS": "x"}, "Search for what they want and add it."),
        ({"email": "ada"}, "Enter a valid email address"),
        ({"days": "0"}, "greater than or equal to 1"),
        ({"days": "31"}, "less than or equal to 30"),
        ({"note": "x" * 501}, "at most 500 characters"),
        ({"gift_message": "A\u202e"}, "error-message"),
    ],
)
def test_what_cannot_be_offered_is_refused_with_a_word(
    staff: Client, changes: dict[str, Any], words: str
) -> None:
    assert words in make(staff, **changes)
    assert (Offer.objects.count(), Basket.objects.count()) == (0, 0)


def test_a_text_for_the_product_and_a_gift_message_are_ordered_with_it(
    sandbox: Sandbox, staff: Client, terms: PolicyVersion
) -> None:
    asked = {"text_label": "Name", "text_length": 5, "text_price": 250, "text_is_required": True}
    ProductPage.objects.update(**asked)
    line = {"sku": "MUG", "quantity": 1}
    assert "Write this: Name." in make(staff, line)
    assert "Name: write at most 5 characters." in make(staff, {**line, "text": "Augusta"})
    page = make(staff, {**line, "text": "Ada"}, {**line, "text": "Bob"}, gift_message="For you")
    assert "prices</dt><dd>£30.00</dd>" in page
    assert page.count("For you") == 1
    customer = Client()
    customer.post(sent_link(staff))
    assert "  Name: Bob\n" in Email.objects.get().message
    assert "For you" in customer.get("/checkout/").content.decode()
    take(staff)
    order = Order.objects.get()
    assert ([line.text for line in order.lines.all()], order.gift_message) == (["Ada", "Bob"], "For you")


# --- Its link, again -------------------------------------------------------------------------------------
def test_a_link_needs_an_address_and_is_sent_a_few_times_an_hour(staff: Client) -> None:
    assert "Send the link" not in make(staff, email="")
    assert "has no e-mail address" in post(staff, f"{Offer.objects.get().pk}/send/")
    Offer.objects.update(email="ada@example.com")
    for _time in range(3):
        sent_link(staff)
    assert "several times within the last hour" in post(staff, f"{Offer.objects.get().pk}/send/")
    assert Email.objects.count() == 3


# --- Its end ---------------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_who_opened_what_is_withdrawn_can_no_longer_order_it(staff: Client, terms: PolicyVersion) -> None:
    make(staff)
    link, offer = sent_link(staff), Offer.objects.get()
    customer = Client()
    customer.post(link)
    asked = staff.get(f"/admin/offers/{offer.pk}/withdrawal/").content.decode()
    assert "Withdraw this offer?" in asked
    assert customer.get("/checkout/").status_code == 200
    page = post(staff, f"{offer.pk}/withdrawal/")
    assert "by clerk@example.com." in page[page.index("Withdrawn on") :]
    assert "This offer is over" in customer.get(link).content.decode()
    assert (customer.get("/checkout/").status_code, contents.count(offer.basket)) == (302, 2)
    assert ">Withdrawn<" in re.sub(r"\s", "", staff.get("/admin/offers/").content.decode())
    ended = Offer.objects.get().ends_at
    for path in ("withdrawal/", "end/", "send/"):
        assert (
            "This offer has ended." in (page := post(staff, f"{offer.pk}/{path}", {"days": "3"}))
            or "it is over" in page
        )
    assert Offer.objects.get().ends_at == ended


def test_what_the_customer_is_about_to_pay_is_not_withdrawn_but_may_go_on(staff: Client) -> None:
    make(staff)
    factories.placed_order(Offer.objects.get().basket)
    assert "about to pay it online" in post(staff, f"{Offer.objects.get().pk}/withdrawal/")
    assert not Offer.objects.get().is_over
    assert "Saved." in post(staff, f"{Offer.objects.get().pk}/end/", {"days": "9"})


def test_the_end_can_be_moved_but_not_beyond_what_an_offer_can_last(staff: Client) -> None:
    make(staff, days="1")
    offer = Offer.objects.get()
    Offer.objects.update(created_at=timezone.now() - timedelta(days=20))
    for days, words in (("11", "less than or equal to 9"), ("0", "greater than"), ("x", "whole number")):
        assert words in post(staff, f"{offer.pk}/end/", {"days": days})
    assert Offer.objects.get().ends_at == offer.ends_at
    assert "Saved." in post(staff, f"{offer.pk}/end/", {"days": "9"})
    assert Offer.objects.get().ends_at - offer.ends_at > timedelta(days=7, hours=23)
    Offer.objects.update(created_at=timezone.now() - timedelta(days=30))
    page = staff.get(f"/admin/offers/inspect/{offer.pk}/").content.decode()
    assert (f'action="/admin/offers/{offer.pk}/end/"' in page, "Withdraw …" in page) == (False, True)


# --- What is kept ----------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_offers_are_exported_erased_and_forgotten(staff: Client) -> None:
    make(staff)
    make(staff, email="other@example.com")
    [row] = offering.OFFERS.export("ADA@example.com")  # type: ignore[misc]
    assert row["goods"] == ["2 × MUG"]
    assert offering.OFFERS.erase("ADA@example.com") == 1  # type: ignore[misc]
    assert Basket.objects.count() == 1
    ended = Offer.objects.get().ends_at
    assert offering.expire(ended + Offer.KEEP) == 0
    assert offering.expire(ended + Offer.KEEP + timedelta(seconds=1)) == 1
    assert not Basket.objects.exists()
