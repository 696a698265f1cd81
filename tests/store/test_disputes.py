"""Disputes: opened, decided, told late or never; what they mean for the money, the goods and what staff may do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from post_office.models import Email
from wagtail.models import Site

from home.models import BrandSettings, User
from store.models import Dispute, Order
from store.orders import lifecycle
from store.payments import disputes, gateway, refunds
from store.payments.reconciliation import reconcile, reconcile_refunds_and_disputes
from store.payments.refunds import RefundError, Wanted
from store.stock import movements
from tests.store.disputing import decide_dispute, dispute
from tests.store.paying import end_too_early, event, post_event, settle, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Dispute.Status


@pytest.fixture(autouse=True)
def _trader() -> None:
    brand = BrandSettings.for_site(Site.objects.get(is_default_site=True))
    brand.email = "trader@example.com"
    brand.save()


@pytest.fixture
def staff() -> User:
    return User.objects.create_superuser("owner@example.com")


@pytest.fixture
def tell(sandbox: Sandbox, client: Client) -> Callable[[Order], None]:
    """Send the shop an event about the disputes of an order's payment, as any of them is."""

    def send(order: Order, kind: str = "charge.dispute.created", number: int = 1) -> None:
        about = {"id": "du_1", "object": "dispute", "payment_intent": order.payment_intent_id}
        body = event(kind, id=f"evt_{kind.replace('.', '_')}_{number}", data=about)
        assert post_event(client, body, sandbox.webhook_secret) == 200
        order.refresh_from_db()

    return send


def last_word(order: Order) -> str:
    entry = order.events.latest("pk")
    return f"{entry.get_reason_display()} {entry.note}"


def trader_mails() -> list[str]:
    """Return what the trader is told of a dispute, not that there is a new order."""
    mails = Email.objects.filter(to="trader@example.com").exclude(subject__startswith="New order")
    return [mail.message for mail in mails.order_by("pk")]


def pack(order: Order, user: User) -> None:
    lifecycle.take_staff_step(order_id=order.pk, to=Order.Status.PACKED, user=user)


def test_a_dispute_flags_the_order_tells_the_trader_and_holds_the_goods_back(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], staff: User
) -> None:
    dispute(sandbox, paid, amount=1250)
    tell(paid)
    found = paid.disputes.get()
    assert (found.status, found.amount, found.reason) == (Status.NEEDS_RESPONSE, 1250, "product_not_received")
    assert found.evidence_due_at - found.created_at == timedelta(days=9)
    assert paid.needs_attention
    (mail,) = trader_mails()
    assert "£12.50, product not received, evidence due by" in mail
    assert "Do not send the goods now." in mail
    assert f"/admin/orders/inspect/{paid.pk}/" in mail
    with pytest.raises(lifecycle.NotSentError):
        pack(paid, staff)
    assert paid.refundable == 2895 - 1250


@pytest.mark.parametrize("kind", ["created", "updated", "closed", "funds_withdrawn", "funds_reinstated"])
def test_each_event_about_a_dispute_brings_the_order_up_to_date_once(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], kind: str
) -> None:
    dispute(sandbox, paid)
    for number in (1, 2):
        tell(paid, f"charge.dispute.{kind}", number)
    assert (paid.disputes.count(), len(trader_mails())) == (1, 1)
    assert paid.events.filter(reason="disputed").count() == 1


def test_a_dispute_told_before_the_payment_is_not_forgotten(
    sandbox: Sandbox, order: Order, client: Client, staff: User
) -> None:
    sandbox.pay(order.session_id)
    unknown = Order(payment_intent_id=gateway.retrieve_session(order.session_id or "").payment_intent_id)
    dispute(sandbox, unknown)
    about = {"id": "du_1", "object": "dispute", "payment_intent": unknown.payment_intent_id}
    body = event("charge.dispute.created", data=about)
    assert post_event(client, body, sandbox.webhook_secret) == 200
    paid = settle(order)
    assert paid.disputes.get().status == Status.NEEDS_RESPONSE
    with pytest.raises(lifecycle.NotSentError):
        pack(paid, staff)


def test_a_dispute_that_is_won_lets_the_order_go_on(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], staff: User
) -> None:
    identifier = dispute(sandbox, paid)
    tell(paid)
    decide_dispute(sandbox, identifier, "under_review")
    tell(paid, "charge.dispute.updated")
    assert (paid.disputes.get().status, len(trader_mails())) == (Status.UNDER_REVIEW, 1)
    assert "The bank decides about the dispute: £28.95, product not received" in last_word(paid)
    decide_dispute(sandbox, identifier, "won")
    tell(paid, "charge.dispute.closed")
    assert paid.disputes.get().status == Status.WON
    assert "The money is yours again. The order can go on: mark it as resolved." in trader_mails()[-1]
    assert paid.refundable == 2895
    pack(paid, staff)


@pytest.mark.both_databases
def test_a_dispute_that_is_lost_before_packing_leaves_goods_that_come_back_on_cancelling(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], staff: User
) -> None:
    decide_dispute(sandbox, dispute(sandbox, paid), "lost")
    tell(paid, "charge.dispute.closed")
    assert "Do not send the goods: cancel the order" in trader_mails()[-1]
    assert paid.refundable == 0
    with pytest.raises(lifecycle.NotSentError):
        pack(paid, staff)
    assert stock_of() == (8, 0)
    assert refunds.cancel_and_refund(order=paid, by="owner", actor=staff) is None
    paid.refresh_from_db()
    assert (paid.status, stock_of()) == (Order.Status.CANCELLED, (10, 0))
    assert "nothing was sent" in disputes.what_to_do(paid, paid.disputes.get())


def test_a_dispute_of_goods_that_were_sent_asks_for_evidence(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], staff: User
) -> None:
    pack(paid, staff)
    lifecycle.take_staff_step(order_id=paid.pk, to=Order.Status.SENT, user=staff)
    identifier = dispute(sandbox, paid, reason="fraudulent")
    tell(paid)
    assert "Send Stripe what shows that the goods arrived" in trader_mails()[-1]
    decide_dispute(sandbox, identifier, "lost")
    tell(paid, "charge.dispute.closed")
    assert "The money is gone, and the goods were sent." in trader_mails()[-1]
    assert (paid.status, stock_of()) == (Order.Status.SENT, (8, 0))


def test_goods_that_were_packed_before_a_lost_dispute_can_be_unpacked(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], staff: User, admin_client: Client
) -> None:
    pack(paid, staff)
    decide_dispute(sandbox, dispute(sandbox, paid), "lost")
    tell(paid, "charge.dispute.closed")
    page = admin_client.get(f"/admin/orders/inspect/{paid.pk}/").content.decode()
    assert "Cancel the order …" in page
    admin_client.post(f"/admin/orders/{paid.pk}/cancel/")
    paid.refresh_from_db()
    assert (paid.status, stock_of()) == (Order.Status.CANCELLED, (10, 0))


def test_an_order_of_which_a_part_was_lost_may_still_be_sent(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], staff: User, client: Client
) -> None:
    decide_dispute(sandbox, dispute(sandbox, paid, amount=500), "lost")
    tell(paid, "charge.dispute.closed")
    assert "This part of the money is gone." in trader_mails()[-1]
    assert "Your order is paid" in client.get(paid.get_absolute_url()).content.decode()
    pack(paid, staff)


def test_nobody_cancels_while_the_bank_decides_since_the_money_may_come_back(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], staff: User, admin_client: Client
) -> None:
    identifier = dispute(sandbox, paid)
    tell(paid)
    page = admin_client.get(f"/admin/orders/inspect/{paid.pk}/").content.decode()
    assert "Cancel the order" not in page
    with pytest.raises(RefundError, match="when the bank has decided"):
        refunds.cancel_and_refund(order=paid, by="owner", actor=staff)
    decide_dispute(sandbox, identifier, "won")
    tell(paid, "charge.dispute.closed")
    refunded = refunds.cancel_and_refund(order=paid, by="owner", actor=staff)
    assert refunded is not None
    assert refunded.amount == 2895


def test_a_sold_out_order_is_not_cancelled_by_itself_while_the_bank_decides(
    sandbox: Sandbox, order: Order, tell: Callable[..., None]
) -> None:
    end_too_early(order, Order.Status.EXPIRED)
    movements.count(sku="MUG", on_hand=0)
    sandbox.pay(order.session_id)
    dispute(sandbox, settle(order))
    tell(order)
    later = timezone.now() + timedelta(hours=49)
    reconcile(now=later)
    order.refresh_from_db()
    assert order.status == Order.Status.REVIEW
    Dispute.objects.all().delete()
    reconcile(now=later)
    order.refresh_from_db()
    assert order.refunds.exists()


def at_stripe(sandbox: Sandbox, identifier: str, status: str) -> None:
    """Have Stripe say this of a dispute."""
    with sandbox.storage.transaction() as db:
        db.save({**db.find(identifier), "status": status})


def test_an_older_answer_does_not_reopen_what_is_decided(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None]
) -> None:
    identifier = dispute(sandbox, paid)
    decide_dispute(sandbox, identifier, "won")
    tell(paid, "charge.dispute.closed")
    at_stripe(sandbox, identifier, "needs_response")
    tell(paid)
    assert paid.disputes.get().status == Status.WON


def test_what_becomes_of_a_dispute_is_taken_in_after_our_clock_was_set_back(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None]
) -> None:
    identifier = dispute(sandbox, paid)
    tell(paid)
    decide_dispute(sandbox, identifier, "under_review")
    with time_machine.travel(timezone.now() - timedelta(minutes=4)):
        tell(paid, "charge.dispute.updated")
    assert paid.disputes.get().status == Status.UNDER_REVIEW


@pytest.mark.parametrize("status", ["appeal_needs_response", "appeal_under_review"])
def test_goods_wait_while_stripe_says_that_a_dispute_goes_on(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], staff: User, status: str
) -> None:
    identifier = dispute(sandbox, paid)
    decide_dispute(sandbox, identifier, "lost")
    tell(paid, number=2)
    at_stripe(sandbox, identifier, status)
    tell(paid)
    assert paid.disputes.get().is_undecided
    with pytest.raises(lifecycle.NotSentError):
        pack(paid, staff)
    assert reconcile_refunds_and_disputes().asked == 0, "it is known as it is"


def test_a_status_that_nobody_knows_yet_holds_the_goods_back(sandbox: Sandbox, paid: Order) -> None:
    dispute(sandbox, paid)
    (found,) = gateway.list_disputes(payment_intent_id=paid.payment_intent_id)
    assert disputes.status_of(replace(found, status="of_next_year")) == Status.UNDER_REVIEW


def test_an_inquiry_that_ends_took_no_money_and_nobody_is_told_that_it_was_won(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], staff: User
) -> None:
    identifier = dispute(sandbox, paid, inquiry=True)
    tell(paid)
    at_stripe(sandbox, identifier, "warning_closed")
    tell(paid, "charge.dispute.closed")
    assert "No money was taken. The order can go on: mark it as resolved." in trader_mails()[-1]
    assert "won" not in trader_mails()[-1]
    pack(paid, staff)


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize(
    ("decided", "heading"),
    [
        ("under_review", "Your bank is asking about this payment"),
        ("lost", "Your bank has taken the payment back"),
    ],
)
def test_the_shopper_of_a_disputed_order_is_not_promised_a_parcel(
    sandbox: Sandbox,
    paid: Order,
    tell: Callable[..., None],
    staff: User,
    client: Client,
    decided: str,
    heading: str,
    is_packed: bool,
) -> None:
    if is_packed:
        pack(paid, staff)
    decide_dispute(sandbox, dispute(sandbox, paid), decided)
    tell(paid)
    page = client.get(paid.get_absolute_url()).content.decode()
    assert f"<h1>{heading}</h1>" in page
    assert "We will pack" not in page
    assert "We will send" not in page


def test_the_shopper_of_an_order_cancelled_after_a_lost_dispute_is_promised_no_refund(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], staff: User, client: Client
) -> None:
    decide_dispute(sandbox, dispute(sandbox, paid), "lost")
    tell(paid)
    refunds.cancel_and_refund(order=paid, by="owner", actor=staff)
    page = client.get(paid.get_absolute_url()).content.decode()
    mail = Email.objects.filter(to=paid.email).latest("pk").email_message().body
    for text in (mail, page):
        assert "Nothing will be sent. Your bank has taken the payment back." in text
    assert "left to refund" not in mail
    assert "we will refund" not in page


def test_the_shopper_of_an_order_whose_delivery_is_kept_is_promised_no_refund(
    sandbox: Sandbox, paid: Order, client: Client
) -> None:
    lines = {line.pk: line.quantity for line in paid.lines.all()}
    refunds.request_refund(order=paid, wanted=Wanted(lines=lines), by="owner")
    page = client.get(paid.get_absolute_url()).content.decode()
    assert "Nothing will be sent. The page of your order lists what we have refunded." in page
    assert "we will refund" not in page


def test_what_is_disputed_cannot_be_refunded_from_here(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None]
) -> None:
    dispute(sandbox, paid)
    tell(paid)
    with pytest.raises(RefundError, match="Nothing is left to refund"):
        refunds.request_refund(order=paid, wanted=Wanted(amount=100, reason="Sorry"), by="Staff")


def test_an_inquiry_holds_the_goods_back_and_can_be_ended_by_a_refund(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], staff: User
) -> None:
    dispute(sandbox, paid, inquiry=True)
    tell(paid)
    assert paid.disputes.get().status == Status.INQUIRY
    assert "or refund the order, which ends it" in trader_mails()[-1]
    with pytest.raises(lifecycle.NotSentError):
        pack(paid, staff)
    assert paid.refundable == 2895
    refund = refunds.cancel_and_refund(order=paid, by="owner", actor=staff)
    assert refund is not None
    paid.refresh_from_db()
    assert (refund.status, paid.status, stock_of()) == ("succeeded", Order.Status.CANCELLED, (10, 0))


def test_a_refund_of_what_is_disputed_meanwhile_is_refused_by_stripe_and_told(
    sandbox: Sandbox, paid: Order
) -> None:
    dispute(sandbox, paid)
    refund = refunds.request_refund(order=paid, wanted=Wanted(amount=100, reason="Sorry"), by="Staff")
    assert refund.status == refund.Status.REFUSED
    assert stock_of() == (8, 0)


@pytest.mark.both_databases
def test_disputes_whose_events_were_lost_are_found_and_so_is_how_they_end(
    sandbox: Sandbox, paid: Order
) -> None:
    identifier = dispute(sandbox, paid)
    assert reconcile_refunds_and_disputes().asked == 1
    assert paid.disputes.get().status == Status.NEEDS_RESPONSE
    assert reconcile_refunds_and_disputes().asked == 0
    decide_dispute(sandbox, identifier, "lost")
    reconcile_refunds_and_disputes()
    assert paid.disputes.get().status == Status.LOST
    assert len(trader_mails()) == 2


def test_without_an_answer_of_stripe_the_event_is_asked_for_again(
    sandbox: Sandbox, paid: Order, client: Client
) -> None:
    dispute(sandbox, paid)
    sandbox.faults.add(operation="list", kind="error_500", times=9)
    about = {"id": "du_1", "object": "dispute", "payment_intent": paid.payment_intent_id}
    body = event("charge.dispute.created", data=about)
    assert post_event(client, body, sandbox.webhook_secret) == 503
    assert not paid.disputes.exists()


def test_staff_read_on_the_order_what_to_do(
    sandbox: Sandbox, paid: Order, tell: Callable[..., None], admin_client: Client
) -> None:
    identifier = dispute(sandbox, paid, reason="fraudulent")
    tell(paid)
    page = f"/admin/orders/inspect/{paid.pk}/"
    text = admin_client.get(page).content.decode()
    assert "Dispute of £28.95, fraudulent: open, Stripe waits for your evidence." in text
    assert "Evidence due:" in text
    assert "Mark as packed" not in text
    response = admin_client.post(f"/admin/orders/{paid.pk}/advance/", {"to": "packed"}, follow=True)
    assert "This order cannot be sent: the payment is disputed." in response.content.decode()
    decide_dispute(sandbox, identifier, "won")
    tell(paid, "charge.dispute.closed")
    text = admin_client.get(page).content.decode()
    assert "Dispute of £28.95, fraudulent: won." in text
    assert "Mark as packed" in text


def test_a_dispute_of_a_foreign_payment_is_none_of_ours(
    sandbox: Sandbox, paid: Order, client: Client
) -> None:
    about = {"id": "du_1", "object": "dispute", "payment_intent": "pi_another"}
    assert post_event(client, event("charge.dispute.created", data=about), sandbox.webhook_secret) == 200
    assert not Dispute.objects.exists()
