"""An order's own page, and the mail that confirms it: what was bought, what was agreed, where it stands."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from wagtail.models import Site

from home.models import BrandSettings
from policies.ledger import sealing
from policies.models import Policy, PolicyVersion
from store.models import Order
from store.orders import emails, lifecycle
from tests import factories

pytestmark = pytest.mark.django_db
Status = Order.Status
PAID_AT = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def order_of_module(shelf: int) -> int:
    terms = factories.version(factories.policy("terms", kind=Policy.Kind.TERMS), title="Terms of sale")
    order = factories.placed_order(factories.basket(MUG=2), terms=terms)
    order.session_url = "https://checkout.stripe.com/c/pay/cs_test_1"
    order.shipping_address = {
        "name": "Demo shopper",
        "line1": "1 Example Street",
        "city": "Exampleton",
        "postal_code": "EX1 1EX",
        "country": "GB",
    }
    order.save()
    return order.pk


@pytest.fixture
def order(order_of_module: int, db: None) -> Order:
    return Order.objects.get(pk=order_of_module)


def page(client: Client, order: Order) -> str:
    response = client.get(order.get_absolute_url())
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


WORDS = {
    Status.PLACED: "The payment page did not open",
    Status.AWAITING: "You have not paid yet",
    Status.PROCESSING: "The payment is under way",
    Status.REVIEW: "We are checking your payment",
    Status.PAID: "Your order is paid",
    Status.PACKED: "Your order is packed",
    Status.SENT: "Your order is on its way",
    Status.READY: "Your order is ready to collect",
    Status.COLLECTED: "You have collected your order",
    Status.CANCELLED: "This order was cancelled",
    Status.EXPIRED: "This order was not paid in time",
    Status.FAILED: "Your payment was declined",
}


@pytest.mark.parametrize("status", Status)
def test_each_status_is_told_in_plain_words(client: Client, order: Order, status: Status) -> None:
    order.status = status
    order.save()
    shown = page(client, order)
    assert f"{WORDS[status]}</h1>" in shown
    assert (order.session_url in shown) == (status == Status.AWAITING)


def test_how_long_goods_are_kept_is_written_as_other_times_are(client: Client, order: Order) -> None:
    end = timezone.now() + timedelta(minutes=20)
    order.status, order.session_expires_at = Status.AWAITING, end
    order.save()
    time = date_format(timezone.localtime(end), "TIME_FORMAT")
    assert f"Until about {time} we will keep the goods for you." in page(client, order)


@pytest.mark.parametrize(
    ("paid_at", "left", "words"),
    [
        (None, 0, "Nothing was charged"),
        (PAID_AT, 2895, "we will refund what you paid"),
        (PAID_AT, 0, "Nothing was charged"),  # a promotion code took all of it
    ],
)
def test_a_cancelled_order_says_whether_money_comes_back(
    client: Client, order: Order, paid_at: datetime | None, left: int, words: str
) -> None:
    order.status, order.paid_at, order.paid_amount, order.paid_currency = (
        Status.CANCELLED,
        paid_at,
        left,
        "GBP",
    )
    order.save()
    shown = page(client, order)
    assert words in shown
    assert "Confirmation" not in shown


def test_the_order_page_shows_lines_amounts_address_and_terms(client: Client, order: Order) -> None:
    shown = page(client, order)
    for words in (order.number, "2 × Enamel mug", "£25.00", "£3.95", "£28.95", "1 Example Street"):
        assert words in shown
    assert "United Kingdom" in shown
    assert f'href="{order.terms_accepted.get_absolute_url()}"' in shown


@pytest.mark.parametrize(
    "status", [status for status in Status if status not in {Status.PLACED, Status.AWAITING}]
)
def test_no_address_is_promised_on_a_payment_page_that_is_over(
    client: Client, order: Order, status: str
) -> None:
    order.status, order.shipping_address = status, {}
    order.save()
    shown = page(client, order)
    assert "You enter the address on the payment page" not in shown
    assert "United Kingdom" in shown


@pytest.mark.parametrize(
    ("status", "paid_at", "words"),
    [
        (Status.AWAITING, None, "We will send it to shopper@example.com once the order is paid."),
        (Status.REVIEW, PAID_AT, "We will send it to shopper@example.com when we have checked"),
        *[(status, PAID_AT, "We have sent it to shopper@example.com.") for status in sorted(Order.CONFIRMED)],
    ],
)
def test_the_confirmation_is_where_the_order_says(
    client: Client, order: Order, status: str, paid_at: datetime | None, words: str
) -> None:
    order.status, order.paid_at, order.email = status, paid_at, "shopper@example.com"
    order.save()
    assert words in page(client, order)


@pytest.mark.parametrize("paid_at", [None, PAID_AT])
@pytest.mark.parametrize("status", [Status.CANCELLED, Status.EXPIRED, Status.FAILED])
def test_no_confirmation_is_promised_for_what_nobody_will_pay(
    client: Client, order: Order, status: str, paid_at: datetime | None
) -> None:
    order.status, order.paid_at = status, paid_at
    order.save()
    assert "Confirmation" not in page(client, order)


def test_an_anonymised_order_names_no_confirmation(client: Client, order: Order) -> None:
    order.status, order.email = Status.SENT, ""
    order.save()
    assert "Confirmation" not in page(client, order)


def test_the_order_page_shows_history_without_notes_for_staff(client: Client, order: Order) -> None:
    lifecycle.record(order=order, note="The shopper rang twice.", by="Staff")
    lifecycle.mark_needs_attention(order=order, note="Looks like a fraud.", by="Editor")
    lifecycle.change_status(order=order, to=Status.AWAITING, by="Stripe", note="internal")
    shown = page(client, order)
    assert "Waiting for the payment" in shown
    for words in ("rang twice", "fraud", "internal"):
        assert words not in shown


def test_the_order_page_names_the_seller_both_addresses_and_the_hash_of_what_was_agreed(
    client: Client, order: Order
) -> None:
    brand = BrandSettings.for_site(Site.objects.get(is_default_site=True))
    brand.legal_name, brand.street, brand.email, brand.phone = (
        "Jomso Ltd",
        "9 High Street",
        "us@example.com",
        "",
    )
    brand.save()
    order.billing_address = {"name": "The payer", "line1": "2 Other Street", "country": "IE"}
    order.delivery_time = "2 to 4 working days"
    order.save()
    main = page(client, order).partition("<footer")[0]
    for words in ("Jomso Ltd", "9 High Street", "us@example.com", "The payer", "2 Other Street", "Ireland"):
        assert words in main
    assert "Post, 2 to 4 working days" in main
    digest = order.terms_accepted.sha256
    assert f'<code title="{digest}">{digest[:12]}…</code>' in main


def test_the_money_on_the_page_adds_up(client: Client, order: Order) -> None:
    order.status, order.paid_at, order.paid_amount, order.paid_currency = Status.PAID, PAID_AT, 2895, "GBP"
    order.save()
    assert "Paid, less what went back" not in page(client, order)
    for amount, status in ((500, "succeeded"), (300, "failed"), (200, "action"), (100, "requested")):
        order.refunds.create(
            amount=amount, status=status, by="Staff", created_at=PAID_AT, reason=f"<{amount}>"
        )
    order.disputes.create(
        dispute_id="du_1", amount=1000, status="lost", reason="fraudulent", created_at=PAID_AT
    )
    shown = page(client, order).partition('id="money-title"')[2].partition("</section>")[0]
    found = re.findall(r"<dd>(−?)£(\d+)\.(\d\d)</dd>", shown)
    *rows, left = [int(pounds + pence) * (-1 if minus else 1) for minus, pounds, pence in found]
    assert rows == [2895, -500, -300, 300, -200, -1000]
    assert left == sum(rows)
    assert "Reason: &lt;500&gt;" in shown
    assert "asks you in an e-mail of its own for a bank account" in shown


def test_refunds_cost_the_page_and_the_staffs_page_no_further_queries(
    client: Client, admin_client: Client, order: Order, django_assert_max_num_queries: Any
) -> None:
    order.status, order.paid_at, order.paid_amount, order.paid_currency = Status.PAID, PAID_AT, 2895, "GBP"
    order.save()
    urls = ((client, order.get_absolute_url()), (admin_client, f"/admin/orders/inspect/{order.pk}/"))
    counts = []
    for _number in range(3):
        refund = order.refunds.create(amount=100, status="succeeded", by="Staff", created_at=PAID_AT)
        refund.lines.create(order_line=order.lines.get(), quantity=1, restock=False)
        for browser, url in urls:
            with django_assert_max_num_queries(100) as asked:
                assert browser.get(url).status_code == 200
            counts.append(len(asked))
    assert counts[4:] == counts[2:4], "the first visit fills caches"


def test_the_order_page_is_neither_cached_nor_indexed(client: Client, order: Order) -> None:
    response = client.get(order.get_absolute_url())
    assert "no-store" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(
    "token",
    [
        "guessed", "1", "{number}", "{token}x", "x" * 300, "a" * 3000, "%00", "a%00b", "..%2f", "../admin", "ä",
        "%F0%9F%8D%B5",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["orders", "checkout/return", "checkout/cancel"])
def test_an_address_that_was_guessed_is_not_found(
    client: Client, order: Order, path: str, token: str
) -> None:
    token = token.format(number=order.number, token=order.token)
    assert client.get(f"/{path}/{token}/").status_code == 404
    order.refresh_from_db()
    assert order.status == Status.PLACED


def test_the_confirmation_says_all_of_it(order: Order) -> None:
    order.paid_at = timezone.now()
    mail = emails.order_paid(order)
    text = mail.message
    assert order.number in mail.subject
    for words in (
        "2 × Enamel mug",
        "£25.00 (£12.50 each)",
        "Post: £3.95",
        "Total, tax included: £28.95",
        "1 Example Street",
        "United Kingdom",
        "withdraw from this purchase within 14 days",
        order.get_absolute_url(),
        order.terms_accepted.get_absolute_url(),
    ):
        assert words in text
    assert "\n\n\n\n" not in text


def test_words_in_an_order_run_in_no_mail(order: Order) -> None:
    order.lines.update(title="{% debug %} <b>&</b>")
    assert "{% debug %} <b>&</b>" in emails.order_paid(order).message


def test_the_shopper_downloads_the_proof_of_what_was_agreed(client: Client, order: Order) -> None:
    url = f"{order.get_absolute_url()}proof.json"
    assert f'href="{url}"' in page(client, order)
    early = client.get(url)
    assert (early.status_code, list(early.json())) == (409, ["error"])
    sealing.seal(now=timezone.now())
    answer = client.get(url)
    content = answer.json()["entry"]["content"]
    assert (content["order"], content["accepted"]) == (order.number, PolicyVersion.objects.get().sha256)
    assert order.email not in answer.content.decode()
    assert order.token not in answer.content.decode()
    for response in (early, answer):
        assert "no-store" in response["Cache-Control"]
        assert response["X-Robots-Tag"] == "noindex"
    assert client.get("/orders/another-token/proof.json").status_code == 404
    assert client.post(url).status_code == 405
