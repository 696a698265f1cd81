"""What Stripe says of a session becomes the state of the order: once, whatever the order and number of the tellings."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from post_office.models import Email
from wagtail.models import Site

from home.models import User
from store.basket import contents
from store.models import Basket, Order, ProductVariant
from store.orders import emails, lifecycle, personal_data
from store.payments import fulfilment, gateway, sanitising
from store.payments.reconciliation import reconcile
from store.stock import movements
from tests import factories
from tests.store.paying import mails_about, press_pay, purchase, sales, sessions, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
Status = Order.Status


@pytest.fixture
def order(sandbox: Sandbox, basket: Basket) -> Order:
    """An order whose payment page is open."""
    return factories.awaiting_order(basket)


def settle(order: Order) -> Order:
    fulfilment.settle(session_id=order.session_id, by="test")
    order.refresh_from_db()
    return order


def history(order: Order, count: int) -> list[tuple[str, str, str]]:
    """Return the last events of an order: to which status, by whom and why."""
    return list(order.events.order_by("pk").values_list("to_status", "by", "reason"))[-count:]


# --- Paid ------------------------------------------------------------------------------------------------
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


def test_told_again_and_again_it_is_paid_once(sandbox: Sandbox, order: Order) -> None:
    sandbox.pay(order.session_id)
    for _ in range(3):
        settle(order)
    assert (sales(order), mails_about(order), stock_of()) == (1, 1, (8, 0))
    assert order.events.filter(to_status=Status.PAID).count() == 1


def test_an_open_session_changes_nothing(order: Order) -> None:
    assert settle(order).status == Status.AWAITING
    assert stock_of() == (10, 2)


def test_what_was_put_into_the_basket_meanwhile_stays(sandbox: Sandbox, order: Order, basket: Basket) -> None:
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


def test_a_session_whose_answer_was_lost_is_known_by_the_orders_number(
    sandbox: Sandbox, basket: Basket
) -> None:
    order = factories.placed_order(basket)
    session = gateway.create_session(order.session_params, idempotency_key=f"order-{order.number}")
    sandbox.pay(session.id)
    fulfilment.settle(session_id=session.id, by="Stripe")
    order.refresh_from_db()
    assert (order.status, order.session_id) == (Status.PAID, session.id)


# --- What strangers type ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "field", "kept"),
    [
        ({"phone": "+1 " + "5" * 60}, "phone", "+1 " + "5" * 37),
        ({"phone": "+1\x00555"}, "phone", "+1 555"),
        ({"delivery_name": "a\x00b\x07"}, "customer_name", "a b"),
        ({"delivery_name": "  Anne\u200d-Marie "}, "customer_name", "Anne\u200d-Marie"),
    ],
)
def test_what_no_database_takes_is_cut_and_the_order_is_paid(
    sandbox: Sandbox, order: Order, typed: dict[str, str], field: str, kept: str
) -> None:
    sandbox.pay(order.session_id, **typed)
    settle(order)
    assert order.status == Status.PAID
    assert getattr(order, field) == kept


def test_an_address_is_kept_without_what_no_database_takes(sandbox: Sandbox, order: Order) -> None:
    sandbox.pay(order.session_id, delivery_line1="1\x00Lane", delivery_line2="\x00", delivery_city="T" * 200)
    settle(order)
    assert order.shipping_address["line1"] == "1 Lane"
    assert "line2" not in order.shipping_address
    assert "\x00" not in str([order.shipping_address, order.billing_address])


def test_texts_are_no_longer_than_their_columns() -> None:
    lengths = {name: Order._meta.get_field(name).max_length for name in ("customer_name", "phone")}
    assert lengths == {"customer_name": sanitising.NAME_LENGTH, "phone": sanitising.PHONE_LENGTH}
    assert sanitising.one_line("\ud800 " + "x" * 60, 40) == "x" * 40
    assert sanitising.one_line("x" * 39 + " y", 40) == "x" * 39
    assert sanitising.one_line(None, 40) == ""


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


# --- Promotion codes -------------------------------------------------------------------------------------
def test_a_promotion_code_lowers_what_is_paid(sandbox: Sandbox, order: Order) -> None:
    sandbox.pay(order.session_id, action="apply_code", code="TEST10")
    sandbox.pay(order.session_id)
    settle(order)
    assert (order.status, order.needs_attention) == (Status.PAID, False)
    assert (order.subtotal, order.discount, order.shipping, order.total) == (2500, 250, 395, 2645)


def test_a_discount_of_less_than_the_smallest_coin_is_no_mismatch(
    sandbox: Sandbox, settings: Any, mug: ProductVariant
) -> None:
    settings.CURRENCY = "ISK"
    ProductVariant.objects.update(price=1995)
    order = factories.awaiting_order(factories.basket(MUG=3))
    sandbox.pay(order.session_id, action="apply_code", code="TEST10")
    sandbox.pay(order.session_id)
    settle(order)
    assert (order.status, order.needs_attention) == (Status.PAID, False)
    assert (order.subtotal, order.discount, order.shipping, order.total) == (5985, 599, 395, 5781)


def test_with_a_whole_discount_it_is_paid_without_any_payment(sandbox: Sandbox, basket: Basket) -> None:
    order = factories.awaiting_order(basket, option=factories.shipping("Pick up", price=0))
    sandbox.pay(order.session_id, action="apply_code", code="TEST100")
    sandbox.pay(order.session_id)
    settle(order)
    assert (order.status, order.total, order.payment_intent_id) == (Status.PAID, 0, "")
    assert (sales(order), mails_about(order)) == (1, 1)


@pytest.mark.parametrize(("currency", "price"), [("JPY", 1500), ("KWD", 1230), ("ISK", 1990)])
def test_it_is_paid_in_every_kind_of_currency(
    sandbox: Sandbox, settings: Any, mug: ProductVariant, currency: str, price: int
) -> None:
    settings.CURRENCY = currency
    ProductVariant.objects.update(price=price)
    order = factories.awaiting_order(factories.basket(MUG=3), option=factories.shipping("Courier", price=500))
    sandbox.pay(order.session_id)
    settle(order)
    assert (order.status, order.currency, order.total) == (Status.PAID, currency, 3 * price + 500)


# --- Not what was ordered --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ours", "problem"),
    [
        ({"subtotal": 2499}, "goods"),
        ({"shipping": 1}, "shipping"),
        ({"currency": "EUR"}, "currency"),
        ({"livemode": True}, "real money"),
    ],
)
def test_what_is_paid_but_not_as_ordered_waits_for_staff(
    sandbox: Sandbox, order: Order, basket: Basket, ours: dict[str, Any], problem: str
) -> None:
    Order.objects.update(**ours)
    sandbox.pay(order.session_id)
    for _ in range(2):
        settle(order)
    assert (order.status, order.needs_attention) == (Status.REVIEW, True)
    assert problem in order.events.get(reason="mismatch").note
    assert order.payment_intent_id, "what has to be refunded can be found"
    assert (sales(order), mails_about(order), stock_of()) == (0, 0, (10, 2))
    assert not basket.lines.exists(), "nobody pays for it twice"


@pytest.mark.parametrize(("more", "status"), [(500, Status.PAID), (501, Status.REVIEW)])
def test_tax_belongs_to_the_total(
    sandbox: Sandbox, order: Order, monkeypatch: pytest.MonkeyPatch, more: int, status: str
) -> None:
    sandbox.pay(order.session_id)
    session = gateway.retrieve_session(order.session_id)
    taxed = replace(session, tax=500, total=session.total + more)
    monkeypatch.setattr(gateway, "retrieve_session", lambda _id: taxed)
    assert settle(order).status == status
    assert (order.tax, order.total) == (500, 2895 + more)
    notes = order.events.filter(reason="mismatch").values_list("note", flat=True)
    assert list(notes) == ["total 3395 ordered, 3396 at Stripe"] * (more == 501)


@pytest.fixture
def reviewed(sandbox: Sandbox, order: Order) -> Order:
    """An order for which one penny too much was paid."""
    Order.objects.update(subtotal=2499)
    sandbox.pay(order.session_id)
    return settle(order)


@pytest.fixture
def colleague() -> User:
    return User.objects.create_user(email="staff@example.com")


def test_what_waits_for_staff_keeps_nobody_else_busy(
    sandbox: Sandbox, reviewed: Order, basket: Basket, shopper: Client
) -> None:
    assert reconcile(everything=True).asked == 0
    contents.add(basket=basket, sku="MUG", quantity=1)
    assert press_pay(shopper, basket).status_code == 303, "the shopper can buy something else"
    personal_data.expire_orders(timezone.now() + timedelta(days=4000))
    reviewed.refresh_from_db()
    assert reviewed.email == ""


def test_coming_back_to_what_waits_for_staff_shows_the_order(reviewed: Order, shopper: Client) -> None:
    for address in (
        f"/checkout/cancel/{reviewed.return_token}/",
        f"/checkout/return/{reviewed.return_token}/?session_id={reviewed.session_id}",
    ):
        assert shopper.get(address)["Location"] == reviewed.get_absolute_url()
    reviewed.refresh_from_db()
    assert (reviewed.status, stock_of()) == (Status.REVIEW, (10, 2))


def test_staff_accept_what_was_paid_and_it_goes_its_way(reviewed: Order, colleague: User) -> None:
    lifecycle.take_staff_step(order_id=reviewed.pk, to=Status.PAID, user=colleague)
    reviewed.refresh_from_db()
    assert (reviewed.status, reviewed.needs_attention, reviewed.total) == (Status.PAID, False, 2895)
    assert (sales(reviewed), mails_about(reviewed), stock_of()) == (1, 1, (8, 0))
    assert reviewed.events.get(to_status=Status.PAID).actor == colleague


def test_staff_cancel_what_was_paid_and_the_goods_are_free(reviewed: Order, colleague: User) -> None:
    lifecycle.take_staff_step(order_id=reviewed.pk, to=Status.CANCELLED, user=colleague)
    for _ in range(2):
        settle(reviewed)  # Stripe still says that it is paid
    assert (reviewed.status, reviewed.needs_attention) == (Status.CANCELLED, True)
    assert reviewed.events.last().get_reason_display().endswith("refund the payment at Stripe.")
    assert (sales(reviewed), mails_about(reviewed), stock_of()) == (0, 0, (10, 0))


def test_what_is_accepted_though_its_goods_are_gone_is_flagged_and_not_lost(
    sandbox: Sandbox, order: Order, colleague: User
) -> None:
    end_too_early(order, Status.EXPIRED)
    movements.count(sku="MUG", on_hand=1)
    Order.objects.update(subtotal=2499)
    sandbox.pay(order.session_id)
    assert settle(order).status == Status.REVIEW
    lifecycle.take_staff_step(order_id=order.pk, to=Status.PAID, user=colleague)
    order.refresh_from_db()
    assert (order.status, order.needs_attention, stock_of()) == (Status.PAID, True, (1, 0))


@pytest.mark.parametrize("to", [Status.PAID, Status.CANCELLED, Status.PACKED, "", "nonsense"])
def test_staff_neither_pay_nor_cancel_what_stripe_has_not_decided(
    order: Order, colleague: User, to: str
) -> None:
    with pytest.raises(lifecycle.IllegalTransitionError):
        lifecycle.take_staff_step(order_id=order.pk, to=to, user=colleague)
    order.refresh_from_db()
    assert (order.status, stock_of()) == (Status.AWAITING, (10, 2))


# --- Foreign ---------------------------------------------------------------------------------------------
def test_a_session_of_somebody_elses_is_none_of_ours(sandbox: Sandbox, order: Order) -> None:
    foreign = gateway.create_session(purchase(), idempotency_key="foreign")
    sandbox.pay(foreign.id)
    assert fulfilment.settle(session_id=foreign.id, by="Stripe") is None
    assert fulfilment.settle(session_id="cs_test_nobody", by="Stripe") is None
    assert settle(order).status == Status.AWAITING


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
    with pytest.raises(gateway.PaymentError):
        fulfilment.settle(session_id=order.session_id, by="Stripe")


# --- Delayed methods -------------------------------------------------------------------------------------
def test_a_delayed_payment_is_paid_when_it_has_come(sandbox: Sandbox, order: Order, basket: Basket) -> None:
    sandbox.pay(order.session_id, outcome="delayed_success")
    assert settle(order).status == Status.PROCESSING
    assert (stock_of(), mails_about(order), basket.lines.count()) == ((10, 2), 1, 0)
    sandbox.decide(order.session_id, succeeds=True)
    assert settle(order).status == Status.PAID
    assert (stock_of(), mails_about(order)) == ((8, 0), 2)


def test_while_a_payment_is_under_way_it_is_known_who_ordered_and_at_what_figures(
    sandbox: Sandbox, order: Order
) -> None:
    sandbox.pay(order.session_id, action="apply_code", code="TEST10")
    sandbox.pay(
        order.session_id, outcome="delayed_success", delivery_name="Demo visitor", phone="+1 555 0101"
    )
    settle(order)
    assert (order.customer_name, order.phone) == ("Demo visitor", "+1 555 0101")
    assert order.shipping_address["country"] == "GB"
    assert order.billing_address["line1"]
    assert (order.discount, order.total, order.paid_at) == (250, 2645, None)


@pytest.mark.parametrize("outcome", ["delayed_success", "delayed_failure"])
def test_what_is_being_paid_leaves_the_basket_once_and_comes_back_by_itself_never(
    sandbox: Sandbox, order: Order, basket: Basket, outcome: str
) -> None:
    sandbox.pay(order.session_id, outcome=outcome)
    assert settle(order).status == Status.PROCESSING
    assert not basket.lines.exists()
    contents.add(basket=basket, sku="MUG", quantity=3)
    settle(order)
    sandbox.decide(order.session_id, succeeds=outcome == "delayed_success")
    assert settle(order).status == (Status.PAID if outcome == "delayed_success" else Status.FAILED)
    assert list(basket.lines.values_list("sku", "quantity")) == [("MUG", 3)]


def test_while_a_payment_is_under_way_more_can_be_ordered_from_the_same_basket(
    sandbox: Sandbox, order: Order, basket: Basket
) -> None:
    sandbox.pay(order.session_id, outcome="delayed_success")
    settle(order)
    contents.add(basket=basket, sku="MUG", quantity=3)
    more = factories.awaiting_order(basket)
    order.refresh_from_db()
    assert (order.status, more.status) == (Status.PROCESSING, Status.AWAITING)
    assert stock_of() == (10, 5)


def test_what_is_being_paid_is_not_there_for_the_next_order_of_the_basket(
    sandbox: Sandbox, order: Order, basket: Basket
) -> None:
    sandbox.pay(order.session_id, outcome="delayed_success")
    settle(order)
    contents.add(basket=basket, sku="MUG", quantity=1)
    contents.set_quantity(basket=basket, sku="MUG", quantity=9)
    assert [line.available for line in contents.look_up(basket).lines] == [8]


@pytest.mark.parametrize("is_told_before", [True, False])
def test_a_delayed_payment_that_fails_releases_the_goods(
    sandbox: Sandbox, order: Order, is_told_before: bool
) -> None:
    sandbox.pay(order.session_id, outcome="delayed_failure")
    if is_told_before:
        assert settle(order).status == Status.PROCESSING
    sandbox.decide(order.session_id, succeeds=False)
    assert settle(order).status == Status.FAILED
    assert (stock_of(), sales(order)) == ((10, 0), 0)


@pytest.mark.parametrize("is_told_before", [True, False])
def test_the_shopper_is_told_once_that_a_payment_is_under_way_and_once_that_it_failed(
    sandbox: Sandbox, order: Order, is_told_before: bool
) -> None:
    sandbox.pay(order.session_id, outcome="delayed_failure")
    for _ in range(2 * is_told_before):
        settle(order)
    sandbox.decide(order.session_id, succeeds=False)
    for _ in range(2):
        settle(order)
    told = [mail.email_message() for mail in Email.objects.filter(to=order.email).order_by("pk")]
    begun = [f"Your order {order.number}: the payment is under way"] * is_told_before
    assert [mail.subject for mail in told] == [
        *begun,
        f"Your order {order.number}: your payment was declined",
    ]
    for mail in told:
        assert order.get_absolute_url() in mail.body
        assert "£28.95" in mail.body
        assert "\n\n\n\n" not in mail.body
    assert "/shop/" in told[-1].body, "what to do"


# --- Ends ------------------------------------------------------------------------------------------------
def test_a_session_whose_time_is_over_releases_the_goods_and_keeps_the_basket(
    sandbox: Sandbox, order: Order, basket: Basket
) -> None:
    sandbox.control.expire_now(order.session_id)
    for _ in range(2):
        assert settle(order).status == Status.EXPIRED
    assert stock_of() == (10, 0)
    assert basket.lines.count() == 1


def end_too_early(order: Order, to: str) -> None:
    """What must never happen, had happened: the order was ended though its page could still be paid."""
    with lifecycle.locked(order.pk) as fresh:
        movements.release(order=fresh)
        lifecycle.change_status(order=fresh, to=to, by="test")


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
    assert (order.status, order.needs_attention) == (Status.PAID, True)
    assert (stock_of(), sales(order), mails_about(order)) == ((left, 0), 0, 1)


def test_what_is_paid_stays_paid_whatever_is_told_later(sandbox: Sandbox, order: Order) -> None:
    sandbox.pay(order.session_id)
    settle(order)
    Order.objects.update(status=Status.SENT)
    assert settle(order).status == Status.SENT
    assert (sales(order), len(sessions(sandbox))) == (1, 1)


# --- History ---------------------------------------------------------------------------------------------
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


def test_what_turns_out_to_be_paid_is_not_cancelled(sandbox: Sandbox, order: Order) -> None:
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


@pytest.mark.parametrize(
    ("error", "marks"), [(ValueError, [("", "test", "unsettled")]), (OperationalError, [])]
)
def test_staff_hear_of_what_cannot_be_saved_unless_the_database_is_busy(
    sandbox: Sandbox, order: Order, monkeypatch: pytest.MonkeyPatch, error: type[Exception], marks: list[Any]
) -> None:
    def fail(**_kwargs: Any) -> None:
        raise error

    sandbox.pay(order.session_id)
    monkeypatch.setattr(lifecycle, "confirm", fail)
    before = order.events.count()
    with pytest.raises(fulfilment.UnsettledError, match=order.number):
        settle(order)
    assert history(order, 9)[before:] == marks
