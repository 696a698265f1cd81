"""Orders that wait are asked about: our clock prompts the question, Stripe's answer decides."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from store.models import Order, ProductVariant
from store.orders import emails
from store.payments import gateway
from store.payments.reconciliation import FAILURES, Report, ask_about_open_pages, reconcile
from store.stock import movements
from tests import factories
from tests.store.paying import mails_about, sessions, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mug")]
Status = Order.Status


def later(minutes: int) -> Report:
    return reconcile(now=timezone.now() + timedelta(minutes=minutes))


def status_of(order: Order) -> str:
    return Order.objects.values_list("status", flat=True).get(pk=order.pk)


def test_a_round_does_not_ask_about_orders_just_placed(sandbox: Sandbox) -> None:
    factories.placed_order()
    factories.awaiting_order()
    assert later(0).asked == 0


def test_an_order_that_never_got_its_page_is_cancelled_and_released(sandbox: Sandbox) -> None:
    order = factories.placed_order()
    report = later(2)
    assert report.changed == {order.number: Status.CANCELLED}
    assert stock_of() == (10, 0)
    assert later(2).asked == 0


def test_a_page_whose_answer_was_lost_is_found_and_closed(sandbox: Sandbox) -> None:
    order = factories.placed_order()
    gateway.create_session(order.session_params, idempotency_key=f"order-{order.number}")
    assert later(2).changed == {order.number: Status.CANCELLED}
    assert [session["status"] for session in sessions(sandbox)] == ["expired"]
    assert stock_of() == (10, 0)


def test_a_page_whose_answer_was_lost_but_that_was_paid_is_paid(sandbox: Sandbox) -> None:
    order = factories.placed_order()
    session = gateway.create_session(order.session_params, idempotency_key=f"order-{order.number}")
    sandbox.pay(session.id)
    assert later(2).changed == {order.number: Status.PAID}
    assert stock_of() == (9, 0)


def test_a_payment_of_which_no_message_came_is_found(sandbox: Sandbox) -> None:
    order = factories.awaiting_order()
    sandbox.pay(order.session_id)
    assert later(5).asked == 0
    assert later(60).changed == {order.number: Status.PAID}
    assert later(60).asked == 0
    assert mails_about(order) == 1


def test_an_end_of_which_no_message_came_is_found(sandbox: Sandbox) -> None:
    order = factories.awaiting_order()
    sandbox.control.expire_now(order.session_id)
    assert later(60).changed == {order.number: Status.EXPIRED}
    assert stock_of() == (10, 0)


def test_a_page_that_stripe_still_keeps_open_is_not_ended_by_our_clock(sandbox: Sandbox) -> None:
    order = factories.awaiting_order()
    report = later(24 * 60)
    assert (report.asked, report.changed) == (1, {})
    assert (status_of(order), stock_of()) == (Status.AWAITING, (10, 2))
    sandbox.pay(order.session_id)
    assert later(24 * 60).changed == {order.number: Status.PAID}


def test_a_delayed_payment_is_asked_about_until_it_is_decided(sandbox: Sandbox) -> None:
    order = factories.awaiting_order()
    sandbox.pay(order.session_id, outcome="delayed_failure")
    assert later(60).changed == {order.number: Status.PROCESSING}
    assert ask_about_open_pages().changed == {}
    sandbox.decide(order.session_id, succeeds=False)
    assert ask_about_open_pages().changed == {order.number: Status.FAILED}
    assert stock_of() == (10, 0)
    assert ask_about_open_pages().asked == 0


def test_a_payment_of_which_no_message_came_is_found_while_its_page_is_open(sandbox: Sandbox) -> None:
    order = factories.awaiting_order()
    factories.placed_order()  # its page is being made in this moment
    assert (ask_about_open_pages().asked, status_of(order)) == (1, Status.AWAITING)
    sandbox.pay(order.session_id)
    assert ask_about_open_pages().changed == {order.number: Status.PAID}
    assert stock_of() == (8, 1)


def test_a_round_of_everything_asks_about_every_order_that_has_a_page(sandbox: Sandbox) -> None:
    order = factories.awaiting_order()
    sandbox.pay(order.session_id)
    factories.placed_order()  # its page is being made in this moment
    assert reconcile(everything=True).changed == {order.number: Status.PAID}


@pytest.mark.both_databases
def test_without_an_answer_nothing_changes_and_the_next_round_asks_again(sandbox: Sandbox) -> None:
    order = factories.placed_order()
    sandbox.faults.add(operation="any", kind="error_429", times=1)
    assert later(2).unanswered == [order.number]
    assert (status_of(order), stock_of()) == (Status.PLACED, (10, 1))
    assert later(2).changed == {order.number: Status.CANCELLED}


def test_when_stripe_is_down_a_round_ends_soon(sandbox: Sandbox) -> None:
    for _ in range(FAILURES + 2):
        factories.placed_order()
    sandbox.faults.add(operation="any", kind="error_429", times=99)
    report = later(2)
    assert len(report.unanswered) == report.asked == FAILURES


def test_pages_about_which_stripe_never_answers_keep_no_other_from_being_asked_about(
    sandbox: Sandbox,
) -> None:
    waiting = {factories.awaiting_order(factories.basket(MUG=1)).number for _ in range(FAILURES + 1)}
    asked: set[str] = set()
    for _run in range(30):
        sandbox.faults.add(operation="retrieve", kind="error_429", times=FAILURES)
        asked |= set(ask_about_open_pages().unanswered)
    assert asked == waiting


@pytest.mark.both_databases
def test_an_order_whose_page_stripe_does_not_know_is_for_staff_once(sandbox: Sandbox) -> None:
    order = factories.awaiting_order()
    Order.objects.update(session_id="cs_test_of_another_account")
    for _ in range(2):
        assert later(60).changed == {}
    order.refresh_from_db()
    assert (order.status, order.needs_attention, stock_of()) == (Status.AWAITING, True, (10, 2))
    assert order.events.filter(by="worker").count() == 1


def test_one_order_that_cannot_be_asked_about_keeps_no_other_waiting(
    sandbox: Sandbox, mug: ProductVariant, settings: Any
) -> None:
    factories.placed_order()
    second = factories.placed_order()
    sandbox.faults.add(operation="any", kind="error_429", times=1)
    report = later(2)
    assert len(report.unanswered) == 1
    assert report.changed == {second.number: Status.CANCELLED}


def fail_for(monkeypatch: pytest.MonkeyPatch, order: Order) -> None:
    """Have something of ours break whenever this order is paid."""
    confirm = emails.order_paid

    def break_down(paid: Order) -> Any:
        if paid.number == order.number:
            raise RuntimeError("A mistake of ours.")
        return confirm(paid)

    monkeypatch.setattr(emails, "order_paid", break_down)


@pytest.mark.both_databases
def test_an_order_that_cannot_be_settled_is_flagged_and_delays_no_other(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = factories.awaiting_order(), factories.awaiting_order()
    for order in (bad, good):
        sandbox.pay(order.session_id)
    fail_for(monkeypatch, bad)
    report = later(60)
    assert (report.unsettled, report.changed) == ([bad.number], {good.number: Status.PAID})
    bad.refresh_from_db()
    assert (bad.status, bad.needs_attention, bad.paid_at) == (Status.AWAITING, True, None)
    assert "A mistake of ours." in caplog.text
    later(60)
    assert bad.events.filter(reason="unsettled").count() == 1
    monkeypatch.undo()
    assert later(60).changed == {bad.number: Status.PAID}, "once it is mended, nothing is lost"


def test_orders_that_cannot_be_settled_do_not_end_a_round(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [factories.awaiting_order(factories.basket(MUG=1)) for _ in range(FAILURES + 1)]
    for order in waiting:
        sandbox.pay(order.session_id)
    monkeypatch.setattr(emails, "order_paid", None)
    assert len(later(60).unsettled) == FAILURES + 1


def test_an_order_whose_release_fails_is_flagged_and_delays_no_other(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, good = factories.placed_order(), factories.awaiting_order()
    sandbox.pay(good.session_id)
    monkeypatch.setattr(movements, "release", None)
    report = later(60)
    assert (report.unsettled, report.changed) == ([lost.number], {good.number: Status.PAID})
    lost.refresh_from_db()
    assert lost.needs_attention


def test_the_command_names_what_could_not_be_settled(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = factories.awaiting_order()
    sandbox.pay(order.session_id)
    fail_for(monkeypatch, order)
    with pytest.raises(CommandError, match=f"Not settled: {order.number}"):
        call_command("reconcile_payments")


@pytest.mark.parametrize("is_at_stripe", [True, False])
def test_the_history_says_that_nobody_but_the_site_itself_closed_it(
    sandbox: Sandbox, is_at_stripe: bool
) -> None:
    order = factories.placed_order()
    if is_at_stripe:
        gateway.create_session(order.session_params, idempotency_key=f"order-{order.number}")
    later(2)
    event = order.events.get(to_status=Status.CANCELLED)
    assert (event.by, event.who) == ("worker", "this site, automatically")
    assert event.get_reason_display() == "The payment page could not be opened in time."
