"""The health of payments: what is wrong is found, with its reason; what anybody could feign is not believed."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from post_office.models import STATUS, Email, Log

from home import mail_queue
from home.models import User, WorkerHeartbeat
from store.models import Basket, Order, PaymentAlarm, Refund, StripeEvent, WebhookRefusal
from store.models.orders import new_number
from store.orders import lifecycle
from store.payments import events, fulfilment, health, reconciliation, stripe_clock
from store.payments.findings import Finding, Level
from tests import factories
from tests.store import paying
from tests.store.paying import event, post_event
from tools.stripe_sandbox.events import signature
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Kind, Reason = PaymentAlarm.Kind, WebhookRefusal.Reason
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def worker(db: None) -> None:
    WorkerHeartbeat.beat()


@pytest.fixture
def paid(sandbox: Sandbox, order: Order) -> Order:
    """An order paid half an hour ago, of which the return page told and no event."""
    sandbox.pay(order.session_id)
    paying.settle(order)
    Order.objects.filter(pk=order.pk).update(paid_at=timezone.now() - HOUR / 2)
    return order


def wrong() -> dict[str, Finding]:
    return {one.kind: one for one in health.problems()}


def note() -> str:
    return next(one.words for one in health.findings() if one.level == Level.NOTE)


# --- Events ---------------------------------------------------------------------------------------------------
def test_where_nothing_is_wrong_each_kind_is_fine(db: None) -> None:
    assert {one.kind for one in health.findings()} == set(Kind)
    assert wrong() == {}


def test_a_paid_order_whose_event_never_came_is_wrong_until_it_comes(
    sandbox: Sandbox, client: Client, paid: Order
) -> None:
    found = wrong()[Kind.EVENTS]
    assert "no event of Stripe came: 1. Nothing arrives at all." in found.words
    assert "/stripe/webhook/" in found.to_do
    assert found.since == Order.objects.get().paid_at
    about = {"id": paid.session_id, "object": "checkout.session"}
    assert post_event(client, event(data=about), sandbox.webhook_secret) == 200
    assert wrong() == {}


@pytest.mark.parametrize("age", [timedelta(minutes=14), timedelta(hours=24, minutes=1)])
def test_an_event_may_take_a_quarter_of_an_hour_and_old_orders_are_over_once_others_come(
    paid: Order, sandbox: Sandbox, client: Client, age: timedelta
) -> None:
    Order.objects.update(paid_at=timezone.now() - age)
    assert post_event(client, event(), sandbox.webhook_secret) == 200
    assert wrong() == {}


def test_nothing_is_fine_again_because_nobody_buys_while_no_event_arrives(
    paid: Order, sandbox: Sandbox, client: Client
) -> None:
    Order.objects.update(paid_at=timezone.now() - timedelta(days=3))
    assert set(wrong()) == {Kind.EVENTS}
    assert post_event(client, event(), sandbox.webhook_secret) == 200
    assert wrong() == {}


def test_money_that_did_not_come_by_stripe_has_no_event(paid: Order) -> None:
    Order.objects.update(payment_source=Order.PaymentSource.CASH)
    assert wrong() == {}


def test_events_with_a_wrong_signature_are_the_reason_why_none_comes(paid: Order, client: Client) -> None:
    assert post_event(client, event(), "whsec_other") == 400
    found = wrong()[Kind.EVENTS]
    assert "webhooks with a wrong signature are refused." in found.words
    assert "STRIPE_WEBHOOK_SECRET" in found.to_do


def test_forged_webhooks_alone_are_a_note_and_are_written_down_once_in_ten_seconds(
    sandbox: Sandbox, client: Client, django_assert_max_num_queries: Any
) -> None:
    with time_machine.travel(timezone.now()) as clock:
        assert post_event(client, event(), "whsec_other") == 400
        first = WebhookRefusal.objects.get()
        clock.shift(5)
        with django_assert_max_num_queries(0):
            for _ in range(20):
                assert post_event(client, event(), "whsec_other") == 400
        clock.shift(6)
        post_event(client, event(), "whsec_other")
    again = WebhookRefusal.objects.get()
    assert (again.since, again.last_at - first.last_at >= timedelta(seconds=10)) == (first.since, True)
    assert wrong() == {}
    assert "not signed by Stripe" in note()


def test_an_event_with_a_right_signature_ends_what_was_refused(sandbox: Sandbox, client: Client) -> None:
    post_event(client, event(), "whsec_other")
    post_event(client, b"[]", sandbox.webhook_secret)
    assert set(WebhookRefusal.objects.values_list("reason", flat=True)) == {
        Reason.SIGNATURE,
        Reason.MALFORMED,
    }
    assert post_event(client, event(), sandbox.webhook_secret) == 200
    assert not WebhookRefusal.objects.exists()


def test_events_of_stripe_that_are_too_old_are_wrong_with_their_age(
    sandbox: Sandbox, client: Client, settings: Any
) -> None:
    payload, at = b"{}", int((timezone.now() - HOUR).timestamp())
    assert post_event(client, payload, header=signature(payload, [sandbox.webhook_secret], at)) == 400
    assert (
        wrong()[Kind.STALE].words == "Events that Stripe signed are refused: they seem to be 1\xa0hour old."
    )
    WebhookRefusal.objects.update(last_at=timezone.now() - timedelta(days=2))
    assert wrong() == {}


def test_a_clock_that_differs_from_stripes_is_wrong(sandbox: Sandbox) -> None:
    sandbox.account.ahead = -90
    stripe_clock.measure()
    assert "1\xa0minute ahead of Stripe’s" in wrong()[Kind.CLOCK].words
    sandbox.account.ahead = 90
    stripe_clock.measure()
    assert "1\xa0minute behind Stripe’s" in wrong()[Kind.CLOCK].words
    sandbox.account.ahead = 50
    stripe_clock.measure()
    assert wrong() == {}


def left_events(count: int) -> None:
    now = timezone.now()
    for number in range(count):
        StripeEvent.objects.create(
            event_id=f"evt_{number}",
            type="checkout.session.completed",
            livemode=False,
            object_kind="checkout.session",
            object_id="cs_test_nobody",
            created_at=now,
            received_at=now - HOUR,
            outcome=StripeEvent.Outcome.FAILED,
        )


def test_events_that_were_left_are_wrong_and_all_are_handled_by_one_button(
    sandbox: Sandbox, admin_client: Client
) -> None:
    left_events(3)
    found = wrong()[Kind.FAILED]
    assert found.words == "Events that could not be handled: 3."
    assert admin_client.get(found.url).status_code == 200
    page = admin_client.post("/admin/payment-health/handle/", follow=True).content.decode()
    assert "3 events were handled." in page
    assert wrong() == {}


def test_an_event_that_could_not_be_handled_for_three_days_is_a_note(sandbox: Sandbox) -> None:
    left_events(2)
    StripeEvent.objects.update(received_at=timezone.now() - events.TRIED_FOR)
    assert wrong() == {}
    assert note() == "Events that could not be handled in three days: 2."
    StripeEvent.objects.filter(event_id="evt_1").update(received_at=timezone.now() - HOUR)
    assert wrong()[Kind.FAILED].words == "Events that could not be handled: 2."


def test_an_event_that_failed_a_moment_ago_is_a_note_which_can_be_handled_at_once(
    sandbox: Sandbox, admin_client: Client
) -> None:
    left_events(2)
    StripeEvent.objects.update(received_at=timezone.now())
    new = "Events that failed in the last five minutes, and are tried again: 2."
    assert (wrong(), note()) == ({}, new)
    assert "Handle them again" in admin_client.get("/admin/payment-health/").content.decode()
    StripeEvent.objects.update(outcome=StripeEvent.Outcome.RECEIVED)
    assert {one.level for one in health.findings()} == {Level.RIGHT}


def test_the_list_that_a_problem_leads_to_hides_none_of_its_events(
    sandbox: Sandbox, admin_client: Client
) -> None:
    left_events(2)
    assert wrong()[Kind.FAILED].url == "/admin/stripe-events/?outcome=failed"
    StripeEvent.objects.filter(event_id="evt_1").update(outcome="received")
    assert admin_client.get(wrong()[Kind.FAILED].url).context["paginator"].count == 2


def test_the_button_ends_when_somebody_has_waited_long_enough(
    sandbox: Sandbox, admin_client: Client, settings: Any
) -> None:
    left_events(3)
    assert events.handle_left(until=0) == (0, 3)
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    page = admin_client.post("/admin/payment-health/handle/", follow=True).content.decode()
    assert "0 events were handled. 3 are left." in page


# --- What Stripe knows and we do not -----------------------------------------------------------------------------
@pytest.mark.parametrize("ended", [Order.Status.FAILED, Order.Status.EXPIRED, None])
def test_a_payment_whose_event_and_page_were_lost_is_found_and_settled(
    sandbox: Sandbox, order: Order, ended: str | None
) -> None:
    sandbox.pay(order.session_id)
    if ended:
        paying.end_too_early(order, ended)
    report = reconciliation.find_paid_pages()
    order.refresh_from_db()
    assert (order.paid_amount, list(report.changed)) == (order.total, [order.number])
    assert wrong() == {}
    assert reconciliation.find_paid_pages().asked == 0


def test_a_payment_that_no_order_takes_is_wrong_with_its_sum_until_an_order_takes_it(
    sandbox: Sandbox, order: Order
) -> None:
    """The database is that of a backup, made before the order was placed."""
    sandbox.pay(order.session_id)
    number = order.number
    Order.objects.update(number=new_number(), session_id="cs_test_other")
    with pytest.raises(CommandError, match=f"Paid at Stripe and not here: 1. {number}"):
        call_command("reconcile_payments")
    found = wrong()[Kind.UNKNOWN]
    assert f"{number}, £28.95, {order.session_id}" in found.words
    assert "restored" in found.to_do
    Order.objects.update(number=number, session_id=order.session_id)
    reconciliation.find_paid_pages()
    assert wrong() == {}


def test_payments_of_another_shop_on_the_same_account_are_none_of_ours(
    sandbox: Sandbox, order: Order, settings: Any
) -> None:
    sandbox.pay(order.session_id)
    Order.objects.update(number=new_number(), session_id="cs_test_other")
    settings.SITE_URL = "https://example.com"
    reconciliation.find_paid_pages()
    assert wrong() == {}


def test_a_stripe_that_is_down_is_asked_about_no_more_than_three_payments(
    sandbox: Sandbox, mug: object
) -> None:
    for _ in range(5):
        order = factories.awaiting_order(factories.basket(MUG=1))
        sandbox.pay(order.session_id)
        paying.end_too_early(order, Order.Status.EXPIRED)
    sandbox.faults.add(operation="retrieve", kind="error_500", times=99)
    report = reconciliation.find_paid_pages()
    assert (report.asked, len(report.unanswered)) == (3, 3)


def test_while_stripe_gives_no_list_what_was_found_stays(sandbox: Sandbox, order: Order) -> None:
    sandbox.pay(order.session_id)
    Order.objects.update(number=new_number(), session_id="cs_test_other")
    reconciliation.find_paid_pages()
    sandbox.faults.add(operation="any", kind="error_500", times=9)
    assert reconciliation.find_paid_pages().unanswered == ["payment pages"]
    assert Kind.UNKNOWN in wrong()


# --- What is left here --------------------------------------------------------------------------------------------
def test_an_order_whose_payment_could_not_be_saved_is_wrong_until_staff_resolve_it(
    order: Order, admin_user: Any
) -> None:
    with lifecycle.locked(order.pk) as fresh:
        lifecycle.mark_needs_attention(order=fresh, by="test", reason="unsettled")
    assert "could not be saved: 1." in wrong()[Kind.ORDERS].words
    lifecycle.mark_resolved(order=order, actor=admin_user)
    assert wrong() == {}


def test_an_order_that_needs_attention_again_for_another_reason_is_saved(
    order: Order, admin_user: Any
) -> None:
    with lifecycle.locked(order.pk) as fresh:
        lifecycle.mark_needs_attention(order=fresh, by="test", reason="unsettled")
        lifecycle.mark_resolved(order=fresh, actor=admin_user)
        lifecycle.mark_needs_attention(order=fresh, by="test", reason="disputed")
    assert wrong() == {}


def test_an_order_that_cannot_be_saved_after_staff_resolved_it_is_wrong_again(
    order: Order, admin_user: Any
) -> None:
    def fail() -> None:
        with pytest.raises(fulfilment.UnsettledError), fulfilment.mark_if_unsettled(order=order, by="test"):
            raise ValueError

    fail()
    lifecycle.mark_resolved(order=order, actor=admin_user)
    fail()
    fail()
    assert "could not be saved: 1." in wrong()[Kind.ORDERS].words
    assert order.events.filter(reason="unsettled").count() == 2


def test_a_refund_without_an_answer_is_wrong_after_a_quarter_of_an_hour(paid: Order) -> None:
    values = {"order": paid, "amount": 1, "token": "t" * 43}
    refund = Refund.objects.create(**values, by="test", created_at=timezone.now(), updated_at=timezone.now())
    assert Kind.REFUNDS not in wrong()
    Refund.objects.filter(pk=refund.pk).update(created_at=timezone.now() - HOUR)
    found = wrong()[Kind.REFUNDS]
    assert found.url == f"/admin/orders/inspect/{paid.pk}/"
    assert f"of these orders: {paid.number}." in found.words
    at = timezone.now() - HOUR
    for number in range(health.MOST_NAMED):
        more = {**values, "token": f"{number}" * 43, "by": "test", "created_at": at, "updated_at": at}
        Refund.objects.create(**more)
    found = wrong()[Kind.REFUNDS]
    assert (found.url, f"of these orders: {paid.number}, …." in found.words) == ("", True)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("to", "reason", "is_wrong"),
    [
        (["typo@example.com"], "SMTPRecipientsRefused", False),
        (["typo@example.com", "typo@example.com"], "SMTPRecipientsRefused", False),
        (["typo@example.com", "other@example.com"], "SMTPRecipientsRefused", True),
        (["typo@example.com"], "ConnectionRefusedError", True),
        (["owner@example.com"], "SMTPRecipientsRefused", True),
    ],
)
def test_one_mistyped_address_of_a_shopper_is_a_note(
    db: None, to: list[str], reason: str, is_wrong: bool
) -> None:
    User.objects.create_superuser("owner@example.com", "a-long-password")
    for address in to:
        mail = mail_queue.queue(to=[address], subject="Hello", text="Hello")
        Log.objects.create(email=mail, status=STATUS.failed, exception_type=reason)
    Email.objects.update(status=STATUS.failed, last_updated=timezone.now())
    assert (Kind.MAILS in wrong()) == is_wrong
    if not is_wrong:
        assert note() == "One e-mail address is refused, which may be mistyped."


@pytest.mark.parametrize(
    ("status", "age", "is_wrong"),
    [
        (STATUS.queued, HOUR, True),
        (STATUS.requeued, HOUR, True),
        (STATUS.queued, HOUR / 3, False),
        (STATUS.sent, HOUR, False),
        (STATUS.failed, HOUR, True),
        (STATUS.failed, 30 * HOUR, False),
    ],
)
def test_mails_that_wait_or_were_given_up_are_wrong(
    db: None, status: int, age: timedelta, is_wrong: bool
) -> None:
    mail_queue.queue(to=["somebody@example.com"], subject="Hello", text="Hello")
    at = timezone.now() - age
    Email.objects.update(status=status, created=at, last_updated=at)
    assert (Kind.MAILS in wrong()) == is_wrong


def test_a_worker_that_is_not_heard_is_wrong(db: None) -> None:
    WorkerHeartbeat.objects.all().delete()
    assert not wrong()  # the first day
    assert any("It has never run yet." in one.words for one in health.findings())
    WorkerHeartbeat.objects.create(pk=1, at=timezone.now() - HOUR)
    assert wrong()[Kind.WORKER].since == WorkerHeartbeat.objects.get().at


def test_a_worker_that_has_never_run_is_wrong_once_something_was_ordered(basket: Basket) -> None:
    factories.placed_order(basket)
    WorkerHeartbeat.objects.all().delete()
    assert list(wrong()) == [Kind.WORKER]


def test_the_number_of_queries_does_not_grow_with_the_problems(
    paid: Order, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(9):
        health.findings()
    left_events(9)
    for reason in Reason:
        health.note_refusal(reason, age=HOUR)
    for _ in range(9):
        mail_queue.queue(to=["somebody@example.com"], subject="Hello", text="Hello")
    Email.objects.update(created=timezone.now() - HOUR)
    with django_assert_num_queries(9):
        assert len(health.problems()) == 4
