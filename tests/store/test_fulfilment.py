"""What Stripe says of a session becomes the state of the order: once, however often and in which order it is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from post_office.models import Email
from wagtail.models import Site

from store.basket import contents
from store.models import Basket, Order
from store.orders import emails, lifecycle
from store.payments import errors, fulfilment, gateway
from store.stock import movements
from tests import factories
from tests.store.paying import (
    end_too_early,
    history,
    mails_about,
    purchase,
    sales,
    sessions,
    settle,
    stock_of,
)
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Order.Status


# --- Paid ------------------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_a_paid_session_makes_a_paid_order(sandbox: Sandbox, order: Order, basket: Basket) -> None:
    sandbox.pay(order.session_id, delivery_name="Demo visitor", phone="+1 555 0101")
    settle(order)
    assert order.status == Status.PAID
    assert order.paid_at is not None
    assert order.payment_intent_id.startswith("pi_")
    assert order.customer_name == "Demo visitor"
    assert order.phone == "+1 555 0101"
    assert order.shipping_address["country"] == "GB"
    assert order.billing_address["line1"]
    assert stock_of() == (8, 0)
    assert not basket.lines.exists()
    mail = Email.objects.get()
    assert mail.to == [order.email]
    assert order.number in mail.email_message().subject


def test_without_a_default_site_it_is_paid_all_the_same(sandbox: Sandbox, order: Order) -> None:
    Site.objects.update(is_default_site=False)
    sandbox.pay(order.session_id)
    settle(order)
    assert (order.status, mails_about(order)) == (Status.PAID, 1)


@pytest.mark.both_databases
def test_told_again_and_again_it_is_paid_once(sandbox: Sandbox, order: Order) -> None:
    sandbox.pay(order.session_id)
    for _ in range(3):
        settle(order)
    assert (sales(order), mails_about(order), stock_of()) == (1, 1, (8, 0))
    assert order.events.filter(to_status=Status.PAID).count() == 1


def test_an_open_session_changes_nothing(order: Order) -> None:
    assert settle(order).status == Status.AWAITING
    assert stock_of() == (10, 2)


def test_lines_added_to_the_basket_before_settling_stay(
    sandbox: Sandbox, order: Order, basket: Basket
) -> None:
    factories.product("Tea towel", sku="TOWEL")
    contents.add(basket=basket, sku="TOWEL", quantity=1)
    contents.add(basket=basket, sku="MUG", quantity=3)
    sandbox.pay(order.session_id)
    settle(order)
    assert dict(basket.lines.values_list("sku", "quantity")) == {"MUG": 3, "TOWEL": 1}


def test_a_declined_card_leaves_the_page_open_for_another(sandbox: Sandbox, order: Order) -> None:
    with pytest.raises(Exception, match="402"):
        sandbox.pay(order.session_id, outcome="decline")
    assert settle(order).status == Status.AWAITING
    sandbox.pay(order.session_id)
    assert settle(order).status == Status.PAID


@pytest.mark.both_databases
def test_a_session_whose_answer_was_lost_is_known_by_the_orders_number(
    sandbox: Sandbox, basket: Basket
) -> None:
    order = factories.placed_order(basket)
    session = gateway.create_session(order.session_params, idempotency_key=f"order-{order.number}")
    sandbox.pay(session.id)
    fulfilment.settle(session_id=session.id, by="Stripe")
    order.refresh_from_db()
    assert (order.status, order.session_id) == (Status.PAID, session.id)


# --- Not paid --------------------------------------------------------------------------------------------
def test_a_session_whose_time_is_over_releases_the_goods_and_keeps_the_basket(
    sandbox: Sandbox, order: Order, basket: Basket
) -> None:
    sandbox.control.expire_now(order.session_id)
    for _ in range(2):
        assert settle(order).status == Status.EXPIRED
    assert stock_of() == (10, 0)
    assert basket.lines.count() == 1


@pytest.mark.parametrize("ended", [Status.EXPIRED, Status.CANCELLED])
def test_money_that_comes_after_the_end_is_taken_and_the_goods_are_sold(
    sandbox: Sandbox, order: Order, ended: str
) -> None:
    end_too_early(order, ended)
    sandbox.pay(order.session_id)
    settle(order)
    assert (order.status, order.needs_attention, stock_of()) == (Status.PAID, False, (8, 0))


@pytest.mark.parametrize("left", [0, 1])
def test_money_that_comes_after_the_goods_are_gone_is_for_staff(
    sandbox: Sandbox, order: Order, left: int
) -> None:
    end_too_early(order, Status.EXPIRED)
    movements.count(sku="MUG", on_hand=left)
    sandbox.pay(order.session_id)
    for _ in range(2):
        settle(order)
    assert (order.status, order.needs_attention) == (Status.REVIEW, True)
    assert (stock_of(), sales(order), mails_about(order)) == ((left, 0), 0, 1)


def test_settling_a_sent_order_again_leaves_its_status(sandbox: Sandbox, order: Order) -> None:
    sandbox.pay(order.session_id)
    settle(order)
    Order.objects.update(status=Status.SENT)
    assert settle(order).status == Status.SENT
    assert (sales(order), len(sessions(sandbox))) == (1, 1)


# --- Foreign sessions ------------------------------------------------------------------------------------
def test_a_session_of_somebody_elses_is_none_of_ours(sandbox: Sandbox, order: Order) -> None:
    foreign = gateway.create_session(purchase(), idempotency_key="foreign")
    sandbox.pay(foreign.id)
    assert fulfilment.settle(session_id=foreign.id, by="Stripe") is None
    assert fulfilment.settle(session_id="cs_test_nobody", by="Stripe") is None
    assert settle(order).status == Status.AWAITING


def test_a_foreign_session_is_not_taken_for_a_lost_session_of_an_order(
    sandbox: Sandbox, basket: Basket
) -> None:
    order = factories.placed_order(basket)
    foreign = gateway.create_session(purchase(), idempotency_key="foreign")
    assert fulfilment.settle(session_id=foreign.id, by="Stripe") is None
    order.refresh_from_db()
    assert (order.status, order.session_id) == (Status.PLACED, None)


def test_another_session_that_names_our_order_does_not_pay_it(sandbox: Sandbox, order: Order) -> None:
    forged = gateway.create_session(
        {**purchase(price=50), "client_reference_id": order.number},
        idempotency_key="forged",
    )
    sandbox.pay(forged.id)
    assert fulfilment.settle(session_id=forged.id, by="Stripe") is None
    order.refresh_from_db()
    assert order.status == Status.AWAITING


def test_a_session_of_the_other_mode_is_none_of_ours(sandbox: Sandbox, order: Order) -> None:
    sandbox.pay(order.session_id)
    with sandbox.storage.transaction() as db:
        session = db.find(order.session_id)
        db.save({**session, "livemode": True}, status=session["status"])
    assert fulfilment.settle(session_id=order.session_id, by="Stripe") is None
    order.refresh_from_db()
    assert (order.status, order.needs_attention) == (Status.AWAITING, False)


@pytest.mark.parametrize("kind", ["error_429", "error_500"])
def test_no_answer_is_not_taken_for_an_answer(sandbox: Sandbox, order: Order, kind: str) -> None:
    sandbox.pay(order.session_id)
    sandbox.faults.add(operation="retrieve", kind=kind, times=9)
    with pytest.raises(errors.PaymentError):
        fulfilment.settle(session_id=order.session_id, by="Stripe")


# --- Errors and history ----------------------------------------------------------------------------------
def test_an_order_that_cannot_be_settled_is_shown_all_the_same(
    sandbox: Sandbox, order: Order, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.pay(order.session_id)
    monkeypatch.setattr(emails, "order_paid", None)
    for way in ("return", "cancel"):
        response = client.get(f"/checkout/{way}/{order.return_token}/?session_id={order.session_id}")
        assert response.status_code == 303
    order.refresh_from_db()
    assert (order.status, order.needs_attention, stock_of()) == (Status.AWAITING, True, (10, 2))


def test_the_history_says_who_asked_about_a_payment(sandbox: Sandbox, order: Order) -> None:
    sandbox.pay(order.session_id, outcome="delayed_failure")
    settle(order)
    sandbox.decide(order.session_id, succeeds=False)
    settle(order)
    assert history(order, 2) == [("processing", "test", ""), ("failed", "test", "")]


def test_the_history_says_who_asked_about_a_session_that_is_over(sandbox: Sandbox, order: Order) -> None:
    sandbox.control.expire_now(order.session_id)
    settle(order)
    assert history(order, 1) == [("expired", "test", "")]


@pytest.mark.parametrize("has_session", [True, False])
def test_the_history_says_who_cancelled_and_why(sandbox: Sandbox, basket: Basket, has_session: bool) -> None:
    order = factories.awaiting_order(basket) if has_session else factories.placed_order(basket)
    fulfilment.cancel(order=order, by="test", reason="came_back")
    assert history(order, 1) == [("cancelled", "test", "came_back")]


def test_cancelling_an_expired_order_does_not_expire_its_session_again(
    sandbox: Sandbox, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_too_early(order, Status.EXPIRED)
    order.refresh_from_db()
    monkeypatch.setattr(gateway, "expire_session", None)
    fulfilment.cancel(order=order, by="test", reason="came_back")
    assert history(order, 1) == [("expired", "test", "")]


def test_the_history_says_when_a_page_opened_and_the_order_when_it_closes(order: Order) -> None:
    assert history(order, 1) == [("awaiting", "Stripe", "page_open")]
    assert order.session_expires_at == gateway.retrieve_session(order.session_id).expires_at


def test_an_order_keeps_its_first_payment_page(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    first = gateway.retrieve_session(order.session_id)
    monkeypatch.setattr(gateway, "create_session", lambda *_, **__: replace(first, id="cs_test_second"))
    fulfilment.start_payment(order=order)
    order.refresh_from_db()
    assert order.session_id == first.id


def test_cancelling_an_order_that_stripe_says_is_paid_marks_the_order_paid(
    sandbox: Sandbox, order: Order
) -> None:
    sandbox.pay(order.session_id)
    with pytest.raises(fulfilment.AlreadyUnderWayError, match=order.number) as refused:
        fulfilment.cancel(order=order, by="test", reason="came_back")
    assert refused.value.order == order
    assert history(order, 1) == [("paid", "test", "")]


def test_a_lost_session_is_looked_for_from_a_little_before_the_order(
    sandbox: Sandbox, basket: Basket, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = factories.placed_order(basket)
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(gateway, "find_session", lambda **about: asked.append(about))
    fulfilment.cancel(order=order, by="test", reason="came_back")
    assert asked == [{"reference": order.number, "made_after": order.placed_at - timedelta(minutes=5)}]


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("error", "marks"), [(ValueError, [("", "test", "unsettled")]), (OperationalError, [])]
)
def test_staff_hear_of_what_cannot_be_saved_unless_the_database_is_busy(
    sandbox: Sandbox,
    order: Order,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
    marks: list[Any],
) -> None:
    def fail(**_kwargs: Any) -> None:
        raise error

    sandbox.pay(order.session_id)
    monkeypatch.setattr(lifecycle, "confirm", fail)
    before = order.events.count()
    with pytest.raises(fulfilment.UnsettledError, match=order.number):
        settle(order)
    assert history(order, 9)[before:] == marks
    assert f"Order {order.number} could not be settled." in caplog.messages


@pytest.mark.parametrize("email", ["", '"<b>"@example.com'])
def test_money_is_taken_in_of_an_order_whose_shopper_no_mail_reaches(
    sandbox: Sandbox, order: Order, email: str
) -> None:
    Order.objects.update(email=email)
    sandbox.pay(order.session_id)
    assert settle(order).status == Order.Status.PAID
    assert not Email.objects.filter(subject__startswith="Your order").exists()
