"""Until an order is packed, whose it is changes it: who that is, and cancelling."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from home.models import User
from store.models import Basket, Order, Refund
from store.orders import lifecycle
from store.payments import refunds
from store.payments.reconciliation import reconcile
from tests import factories
from tests.store.finding import use
from tests.store.order_pages import ADDRESS, NEW, dispute, path, pay_for, words_of
from tests.store.paying import history, in_dashboard, settle, stock_of
from tests.store.refunding import at_stripe, fail
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Order.Status


@pytest.fixture
def paid(basket: Basket) -> Order:
    return pay_for(basket)


@pytest.fixture
def paid_at_stripe(sandbox: Sandbox, order: Order, client: Client) -> Order:
    """The same, and the browser that placed it."""
    sandbox.pay(order.session_id)
    client.cookies["order"] = order.return_token
    return settle(order)


@pytest.fixture
def own(client: Client, paid: Order) -> Client:
    """The browser that placed the order."""
    client.cookies["order"] = paid.return_token
    return client


def unanswered_refund(order: Order) -> None:
    Refund.objects.create(order=order, amount=1, by="Staff", created_at=timezone.now())


# --- Whose it is -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("what", ["cancel/", "address/"])
def test_who_was_only_passed_the_link_is_led_to_the_mail(paid: Order, what: str) -> None:
    stranger = Client()
    page = words_of(stranger.get(path(paid)))
    assert path(paid, what) not in page
    assert "have a link sent to your e-mail address" in page
    for response in (stranger.get(path(paid, what)), stranger.post(path(paid, what), NEW)):
        assert response.status_code == 403
        assert "Is this your order?" in words_of(response)
    paid.refresh_from_db()
    assert (paid.status, paid.shipping_address) == (Status.PAID, ADDRESS)


@pytest.mark.both_databases
def test_who_came_by_the_mail_may_do_what_the_browser_that_ordered_may(paid: Order) -> None:
    finder, other = Client(), Client()
    use(finder)
    factories.placed_order(factories.basket(MUG=1), email="other@example.com")
    use(other, "other@example.com")
    assert other.post(path(paid, "cancel/")).status_code == 403
    page = words_of(finder.get(path(paid)))
    assert path(paid, "cancel/") in page
    assert path(paid, "address/") in page
    assert finder.post(path(paid, "address/"), NEW).status_code == 303
    assert finder.post(path(paid, "cancel/")).status_code == 303
    paid.refresh_from_db()
    assert (paid.status, paid.shipping_address) == (Status.CANCELLED, NEW)


@pytest.mark.parametrize("token", ["x", "a" * 43, "%00", "ä", "x" * 3000])
@pytest.mark.parametrize("what", ["cancel/", "address/"])
def test_an_order_that_is_not_there_is_not_found(client: Client, token: str, what: str) -> None:
    assert client.post(f"/orders/{token}/{what}").status_code == 404


# --- Cancelling --------------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_the_shopper_is_asked_first_and_then_refunded(client: Client, paid_at_stripe: Order) -> None:
    page = words_of(client.get(path(paid_at_stripe, "cancel/")))
    assert "we will refund £28.95 the way you paid" in page
    assert "2 × Enamel mug" in page
    assert not Refund.objects.exists()
    response = client.post(path(paid_at_stripe, "cancel/"))
    assert (response.status_code, response["Location"]) == (303, path(paid_at_stripe))
    paid_at_stripe.refresh_from_db()
    assert (paid_at_stripe.status, paid_at_stripe.refundable, stock_of()) == (Status.CANCELLED, 0, (10, 0))
    assert {by for _to, by, _reason in history(paid_at_stripe, 3)} == {"shopper"}
    assert paid_at_stripe.events.filter(to_status=Status.CANCELLED).count() == 1
    assert Email.objects.filter(to=paid_at_stripe.email).count() == 2
    assert client.post(path(paid_at_stripe, "cancel/"))["Location"] == path(paid_at_stripe), (
        "the page says that it is cancelled"
    )
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (lambda order: Order.objects.update(status=Status.PACKED), "Your order has been packed."),
        (lambda order: Order.objects.update(status=Status.SENT), "Your order has been packed."),
        (dispute, "Your bank is looking into the payment."),
        (unanswered_refund, "We will e-mail you when money goes back to you."),
    ],
)
def test_an_order_that_cannot_be_cancelled_says_why_and_stays(
    own: Client, paid: Order, happens: Any, words: str
) -> None:
    happens(paid)
    paid.refresh_from_db()
    before, refunded = paid.status, Refund.objects.count()
    for response in (own.get(path(paid, "cancel/")), own.post(path(paid, "cancel/"))):
        assert response.status_code == 409
        assert words in words_of(response)
    paid.refresh_from_db()
    assert (paid.status, Refund.objects.count()) == (before, refunded)


def test_an_unpaid_order_is_cancelled_as_before(client: Client, order: Order) -> None:
    client.cookies["order"] = order.return_token
    assert client.post(path(order, "cancel/"))["Location"] == path(order)
    page = words_of(client.get(path(order)))
    assert f"/checkout/cancel/{order.return_token}/" in page
    assert path(order, "cancel/") not in page
    order.refresh_from_db()
    assert order.status == Status.AWAITING


def test_a_refund_that_stripe_refuses_cancels_nothing_and_the_trader_is_told(
    client: Client, paid_at_stripe: Order, sandbox: Sandbox
) -> None:
    Order.objects.update(payment_intent_id="pi_unknown")
    response = client.post(path(paid_at_stripe, "cancel/"))
    assert response.status_code == 409
    assert "The refund of £28.95 was refused, so your order was not cancelled" in words_of(response)
    paid_at_stripe.refresh_from_db()
    assert (paid_at_stripe.status, paid_at_stripe.needs_attention) == (Status.PAID, True)


def test_without_an_answer_of_stripe_the_refund_is_under_way(
    client: Client, paid_at_stripe: Order, sandbox: Sandbox
) -> None:
    sandbox.faults.add(operation="refund", kind="error_500", times=9)
    response = client.post(path(paid_at_stripe, "cancel/"))
    assert response.status_code == 409
    assert "We will e-mail you when money goes back to you." in words_of(response)


def test_who_cancelled_without_an_answer_is_told_when_the_refund_is_refused_later(
    client: Client, paid_at_stripe: Order, sandbox: Sandbox
) -> None:
    User.objects.create_superuser("owner@example.com")
    sandbox.faults.add(operation="refund", kind="drop_before", times=9)
    client.post(path(paid_at_stripe, "cancel/"))
    sandbox.faults.clear()
    in_dashboard(sandbox, paid_at_stripe, amount=100)
    for _time in range(2):
        reconcile(now=timezone.now() + timedelta(minutes=2))
    paid_at_stripe.refresh_from_db()
    assert paid_at_stripe.status == Status.PAID
    [mail] = Email.objects.filter(to=paid_at_stripe.email, subject__endswith="was not cancelled")
    words = "The refund of £28.95 was refused, so your order was not cancelled and goes on."
    assert words in mail.message
    assert words in mail.html_message
    assert "If you still do not want it, write to us." in mail.message
    assert Email.objects.filter(to="owner@example.com", subject__endswith="did not arrive").count() == 1


def test_who_cancelled_without_an_answer_is_told_when_the_refund_turns_out_to_have_failed(
    client: Client, paid_at_stripe: Order, sandbox: Sandbox
) -> None:
    sandbox.faults.add(operation="refund", kind="drop_after", times=9)
    client.post(path(paid_at_stripe, "cancel/"))
    sandbox.faults.clear()
    [made] = at_stripe(sandbox)
    fail(sandbox, made["id"])
    for _time in range(2):
        reconcile(now=timezone.now() + timedelta(minutes=2))
    paid_at_stripe.refresh_from_db()
    assert (paid_at_stripe.status, paid_at_stripe.refundable) == (Status.CANCELLED, 2895)
    [mail] = Email.objects.filter(to=paid_at_stripe.email, subject__endswith="your refund came back to us")
    words = "This order was cancelled. Nothing will be sent. Your bank sent £28.95 back. We will contact you."
    assert words in mail.message
    assert words in mail.html_message


def test_a_free_order_is_cancelled_without_a_word_of_a_refund(
    client: Client, sandbox: Sandbox, basket: Basket
) -> None:
    order = factories.awaiting_order(basket, option=factories.shipping("Pick up", price=0))
    sandbox.pay(order.session_id, action="apply_code", code="TEST100")
    sandbox.pay(order.session_id)
    settle(order)
    client.cookies["order"] = order.return_token
    page = words_of(client.get(path(order)))
    assert path(order, "cancel/") in page
    assert path(order, "address/") in page
    assert client.post(path(order, "cancel/")).status_code == 303
    mail = Email.objects.get(subject=f"Your order {order.number} was cancelled")
    for text in (words_of(client.get(path(order))), mail.message):
        assert "Nothing was charged, and nothing will be sent." in text
        assert "refunded" not in text


# --- The trader ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("is_ticked", [True, False])
@pytest.mark.parametrize(
    ("what", "subject", "words"),
    [
        ("cancel/", "the shopper has cancelled it", "nothing is to be sent"),
        ("address/", "the shopper has corrected the address", "2 Other Road"),
    ],
)
def test_the_trader_is_told_of_what_the_shopper_changes(
    own: Client, paid: Order, what: str, subject: str, words: str, is_ticked: bool
) -> None:
    factories.shop_settings(tell_to="trader@example.com", tell_orders=is_ticked)
    for _time in range(2):
        own.post(path(paid, what), NEW)
    mails = [(mail.subject, mail.message) for mail in Email.objects.filter(to="trader@example.com")]
    assert [mail[0] for mail in mails] == [f"Order {paid.number}: {subject}"] * is_ticked
    for _subject, text in mails:
        assert words in text
        assert f"/inspect/{paid.pk}/" in text
        assert "Throw away a packing slip" in text


def test_what_staff_change_is_told_to_no_trader(paid: Order, admin_user: User) -> None:
    factories.shop_settings(tell_to="trader@example.com")
    lifecycle.correct_address(order_id=paid.pk, address=NEW, by="Staff", actor=admin_user)
    refunds.cancel_and_refund(order=paid, by="Staff", actor=admin_user)
    assert not Email.objects.filter(to="trader@example.com").exists()
