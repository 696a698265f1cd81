"""Offers: staff fill a basket for a customer, its link leads to the usual review page, or it is paid otherwise."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from post_office.models import Email

from home.models import User
from policies.models import PolicyVersion
from store.basket import contents
from store.models import Basket, Document, Offer, Order, ProductPage, ProductVariant, ShippingOption
from store.offers import goods, offering
from store.offers.forms import PaidForm
from store.payments.reconciliation import reconcile
from store.stock import movements
from tests import factories, queries
from tests.store.paying import press_pay, sessions, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
TO = {"name": "Ada Lovelace", "line1": "5 St James’s Square", "city": "London", "postal_code": "SW1Y 4LB"}


@pytest.fixture
def staff(client: Client, mug: ProductVariant) -> Client:
    user = User.objects.create_user("staff@example.com", "a-long-password")
    rights = ("access_admin", "view_offer", "add_offer", "take_payment", "view_order")
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    return client


def without(staff: Client, right: str) -> None:
    User.objects.get(email="staff@example.com").user_permissions.remove(
        Permission.objects.get(codename=right)
    )


def post(staff: Client, path: str, values: dict[str, Any] | None = None) -> str:
    answer = staff.post(f"/admin/offers/{path}", values or {}, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def typed(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return lines as the form sends them."""
    count = {f"form-{one}_FORMS": len(lines) for one in ("TOTAL", "INITIAL")}
    parts = {
        f"form-{number}-{name}": value for number, line in enumerate(lines) for name, value in line.items()
    }
    return {**count, **parts}


def make(staff: Client, *lines: dict[str, Any], **changes: Any) -> str:
    wanted = typed([*lines] or [{"sku": "MUG", "quantity": 2}])
    values = {
        **wanted,
        "make": "yes",
        "email": "ada@example.com",
        "note": "As we said.",
        "days": "7",
        **changes,
    }
    return post(staff, "new/", values)


def sent_link(staff: Client) -> str:
    post(staff, f"{Offer.objects.get().pk}/send/")
    text = Email.objects.latest("pk").message
    return re.search(r"/offers/[\w-]{43}/", text)[0]  # type: ignore[index]


def take(staff: Client, **changes: Any) -> str:
    offer, option = Offer.objects.get(), f"GB-{ShippingOption.objects.get().pk}"
    shown = PaidForm(contents.look_up(offer.basket))["shown"].value()
    values = {"source": "cash", "reason": "Paid at the market", "option": option, "shown": shown}
    return post(staff, f"{offer.pk}/paid/", {**values, **TO, **changes})


# --- The link --------------------------------------------------------------------------------------------
def test_the_customer_accepts_the_terms_and_pays_as_usual(
    sandbox: Sandbox, staff: Client, terms: PolicyVersion
) -> None:
    assert "Goods: £25.00, at today’s prices." in make(staff)
    link = sent_link(staff)
    mail = Email.objects.get()
    assert (mail.to, "As we said." in mail.message) == (["ada@example.com"], True)
    assert "2 × Enamel mug: £25.00" in mail.message
    assert link.split("/")[2] not in str(Offer.objects.values())
    customer = Client()
    assert "As we said." in customer.get(link).content.decode()
    assert "basket" not in customer.cookies  # who only opens it has none: scanners of mail do
    answer = customer.post(link)
    assert answer["Location"] == "/checkout/"
    page = customer.get("/checkout/").content.decode()
    assert 'value="ada@example.com"' in page
    basket = Offer.objects.get().basket
    assert press_pay(customer, basket)["Location"].startswith(sandbox.url)
    order = Order.objects.get()
    assert (order.basket, order.terms_accepted, order.total) == (basket, terms, 2895)
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
    page = make(staff, {**line, "quantity": "0"})
    assert "<details open>" in page  # what may be wrong is not folded away
    assert "<details>" in staff.get("/admin/offers/new/").content.decode()


def test_the_list_names_the_goods_and_has_one_way_to_a_new_offer(staff: Client, mug: ProductVariant) -> None:
    link = 'href="/admin/offers/new/"'
    assert staff.get("/admin/offers/").content.decode().count(link) == 1
    make(staff)
    page = staff.get("/admin/offers/").content.decode()
    assert ("2 × Enamel mug" in page, "Not sent" in page, page.count(link)) == (True, True, 1)
    few = queries.warm(staff, "/admin/offers/")
    make(staff)
    make(staff, {"sku": "MUG", "quantity": 1})
    assert queries.warm(staff, "/admin/offers/") == few
    ProductVariant.objects.all().delete()
    assert "2 × MUG" in staff.get("/admin/offers/").content.decode()


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
    assert "Goods: £30.00" in page
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
    assert "by staff@example.com." in page[page.index("Withdrawn on") :]
    assert "This offer is over" in customer.get(link).content.decode()
    assert (customer.get("/checkout/").status_code, contents.count(offer.basket)) == (302, 2)
    assert ">Withdrawn<" in re.sub(r"\s", "", staff.get("/admin/offers/").content.decode())
    ended = Offer.objects.get().ends_at
    for path in ("withdrawal/", "end/", "send/"):
        assert (
            "It is over." in (page := post(staff, f"{offer.pk}/{path}", {"days": "3"}))
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
    assert ("Change the end" in page, "Withdraw …" in page) == (False, True)


# --- Paid otherwise --------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_an_order_paid_in_cash_is_placed_at_once_and_says_how(
    staff: Client, terms: PolicyVersion, registered: None
) -> None:
    make(staff)
    page = take(staff)
    order = Order.objects.get()
    assert (order.status, order.paid_amount, order.payment_source) == ("paid", 2895, "cash")
    assert (order.terms_accepted, order.session_params, order.session_expires_at) == (None, {}, None)
    assert (order.customer_name, order.shipping_address["city"]) == ("Ada Lovelace", "London")
    assert "Taken by staff, and not paid at Stripe: cash. Paid at the market" in page
    assert "Not online: staff took the order." in page
    assert {event.who for event in order.events.all()} == {"staff@example.com"}
    assert "staff@example.com" in page
    assert stock_of() == (8, 0)
    assert "Paid by cash on" in str(Document.objects.get().data)
    assert Email.objects.filter(to="ada@example.com").count() == 1
    offer = Offer.objects.get()
    assert (offer.is_over, offer.basket.lines.count()) == (True, 0)
    assert "It is over." in take(staff)  # pressed twice
    assert Order.objects.count() == 1


def test_stripe_is_never_asked_about_it(sandbox: Sandbox, staff: Client) -> None:
    make(staff)
    take(staff, source="transfer")
    assert reconcile(everything=True).asked == 0
    assert (Order.objects.get().session_id, sessions(sandbox)) == (None, [])


def test_what_is_collected_needs_no_address(staff: Client) -> None:
    make(staff, email="")
    assert "Enter where it is sent to." in take(staff, line1="", city="")
    ShippingOption.objects.update(kind="collection", collect_at="The shop, 9 to 5")
    take(staff, name="", line1="", city="", postal_code="")
    order = Order.objects.get()
    assert (order.shipping_address, order.email) == ({}, "")


@pytest.mark.parametrize(
    "changes", [{"source": "stripe"}, {"source": ""}, {"reason": ""}, {"option": "0"}, {"name": "A\u202e"}]
)
def test_an_order_that_says_nothing_clear_is_not_placed(staff: Client, changes: dict[str, str]) -> None:
    make(staff)
    assert "error-message" in take(staff, **changes)
    assert not Order.objects.exists()


def test_what_the_customer_is_about_to_pay_is_not_taken_twice(staff: Client) -> None:
    make(staff)
    factories.placed_order(Offer.objects.get().basket)
    assert "about to pay it online" in take(staff)
    assert Order.objects.count() == 1


def test_what_is_sold_out_meanwhile_is_not_taken(staff: Client) -> None:
    make(staff)
    movements.count(sku="MUG", on_hand=1)
    assert "cannot be ordered now" in take(staff)
    assert not Order.objects.exists()


def test_prices_that_have_changed_are_looked_at_again(staff: Client) -> None:
    make(staff)
    page = staff.get(f"/admin/offers/inspect/{Offer.objects.get().pk}/")
    assert ", £3.95" in page.content.decode()
    shown = page.context["form"]["shown"].value()
    ProductVariant.objects.update(price=5000)
    assert "The prices have changed." in take(staff, shown=shown)
    assert not Order.objects.exists()
    take(staff)
    assert Order.objects.get().total == 10395


def test_what_is_over_is_not_taken(staff: Client) -> None:
    make(staff)
    Offer.objects.update(ends_at=timezone.now())
    assert "It is over." in take(staff)
    assert not Order.objects.exists()


def test_each_part_needs_its_permission(staff: Client) -> None:
    make(staff)
    ends_at = Offer.objects.get().ends_at
    without(staff, "take_payment")
    assert (
        "Paid otherwise" not in staff.get(f"/admin/offers/inspect/{Offer.objects.get().pk}/").content.decode()
    )
    take(staff)
    without(staff, "add_offer")
    make(staff)
    for path in ("send/", "withdrawal/", "end/"):
        post(staff, f"{Offer.objects.get().pk}/{path}", {"days": "9"})
    assert "Withdraw …" not in staff.get(f"/admin/offers/inspect/{Offer.objects.get().pk}/").content.decode()
    assert Offer.objects.get().ends_at == ends_at
    assert (Offer.objects.count(), Order.objects.count(), Email.objects.count()) == (1, 0, 0)


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
