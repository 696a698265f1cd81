"""At once: what shoppers do with their orders while others act on them, on a database with real locks."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from home.models import User
from store.models import FindLink, Offer, Order, ProductVariant, Refund
from store.offers import offering
from store.orders import finding, lifecycle, personal_data
from store.payments import refunds
from tests import factories
from tests.at_once import at_once
from tests.staff import signed_in
from tests.store.finding import KNOWN, ask, link_in

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mug(db: None) -> ProductVariant:
    factories.shipping()
    return factories.product()


# --- One link ----------------------------------------------------------------------------------------------
def two_use_one_link() -> list[int]:
    factories.placed_order(factories.basket(MUG=1), email=KNOWN)
    ask(Client())
    path = link_in()
    browsers = [Client(), Client()]
    answers = at_once(*(lambda one=one: one.post(path) for one in browsers))
    return sorted(answer.status_code for answer in answers)


def test_of_two_who_use_one_link_one_sees_the_orders(mug: ProductVariant) -> None:
    assert two_use_one_link() == [303, 410]


def test_without_the_condition_both_would(mug: ProductVariant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look before the leap: both see a link that works."""
    seen = threading.Barrier(2)

    def look_then_leap(link: FindLink) -> bool:
        seen.wait(20)
        FindLink.objects.filter(pk=link.pk).update(used_at=timezone.now())
        return link.works

    monkeypatch.setattr(finding, "use", look_then_leap)
    assert two_use_one_link() == [303, 303]


def test_two_workers_send_one_link(mug: ProductVariant) -> None:
    factories.placed_order(factories.basket(MUG=1), email=KNOWN)
    ask(Client())
    assert at_once(finding.send_links, finding.send_links) == [None, None]
    assert Email.objects.count() == 1


# --- Packed meanwhile ----------------------------------------------------------------------------------------
def correct(order: Order) -> None:
    lifecycle.correct_address(order_id=order.pk, address={"line1": "2 Other Road"}, by="shopper")


def cancel(order: Order) -> None:
    refunds.cancel_and_refund(order=order, by="shopper", only=Order.UNPACKED)


def packed_meanwhile(
    act: Callable[[Order], None], locked: Callable[[int], Iterator[Order]], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Pack an order while a shopper, who saw that it is not packed, changes it; return its history from then on."""
    order = factories.placed_order(factories.basket(MUG=1))
    paid = {"paid_amount": order.total, "paid_currency": order.currency}
    Order.objects.update(status="paid", payment_source=Order.PaymentSource.CASH, **paid)
    packer = User.objects.create_user("packer@example.com", "a-long-password")
    shopper_looked, is_packed = threading.Event(), threading.Event()

    @contextmanager
    def looking(order_id: int) -> Iterator[Order]:
        with locked(order_id) as found:
            if not shopper_looked.is_set():
                shopper_looked.set()
                is_packed.wait(0.5)  # with the lock it cannot be
            yield found

    def pack() -> None:
        assert shopper_looked.wait(20)
        try:
            lifecycle.take_staff_step(order_id=order.pk, to="packed", user=packer)
        finally:
            is_packed.set()

    monkeypatch.setattr(lifecycle, "locked", looking)
    at_once(lambda: act(order), pack)
    events = order.events.order_by("pk").values_list("to_status", "reason")
    return [to or reason for to, reason in events if to or reason != "placed"]


@contextmanager
def unlocked(order_id: int) -> Iterator[Order]:
    yield Order.objects.get(pk=order_id)


def test_who_packs_waits_until_the_address_is_corrected(
    mug: ProductVariant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert packed_meanwhile(correct, lifecycle.locked, monkeypatch) == ["address", "packed"]


def test_without_the_lock_a_packed_order_is_corrected(
    mug: ProductVariant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert packed_meanwhile(correct, unlocked, monkeypatch) == ["packed", "address"]


def test_what_the_shopper_cancels_is_not_packed(mug: ProductVariant, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "packed" not in packed_meanwhile(cancel, lifecycle.locked, monkeypatch)


def test_without_the_lock_a_packed_order_is_cancelled(
    mug: ProductVariant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {"packed", "refunding"} <= set(packed_meanwhile(cancel, unlocked, monkeypatch))


# --- Two packers --------------------------------------------------------------------------------------------
def packed_by_two() -> tuple[list[Any], int]:
    order = factories.placed_order(factories.basket(MUG=1))
    paid = {"paid_amount": order.total, "paid_currency": order.currency}
    Order.objects.update(status="paid", payment_source=Order.PaymentSource.CASH, **paid)
    packers = [User.objects.create_user(f"{name}@example.com") for name in ("ann", "bob")]

    def pack(packer: User) -> Callable[[], None]:
        return lambda: lifecycle.take_staff_step(order_id=order.pk, to="packed", user=packer)

    return at_once(*map(pack, packers)), order.events.filter(to_status="packed").count()


def test_of_two_packers_one_packs(mug: ProductVariant) -> None:
    came, times = packed_by_two()
    assert sorted(type(one).__name__ for one in came) == ["IllegalTransitionError", "NoneType"]
    assert times == 1


def test_without_the_lock_both_pack(mug: ProductVariant, monkeypatch: pytest.MonkeyPatch) -> None:
    both_looked = threading.Barrier(2)

    @contextmanager
    def looking(order_id: int) -> Iterator[Order]:
        with unlocked(order_id) as found:
            both_looked.wait(20)
            yield found

    monkeypatch.setattr(lifecycle, "locked", looking)
    assert packed_by_two() == ([None, None], 2)


# --- One offer ----------------------------------------------------------------------------------------------
def withdrawn_meanwhile(act: Callable[[Offer], Any]) -> tuple[list[Any], Offer]:
    """Do something with an offer that a colleague has withdrawn, but not saved yet; return what came of both."""
    ends_at = timezone.now() + timedelta(days=1)
    offer = Offer.objects.create(basket=factories.basket(MUG=1), ends_at=ends_at, by="Ann")
    is_withdrawn = threading.Event()

    def withdraw() -> None:
        with transaction.atomic():
            offering.withdraw(Offer.objects.get(), by=User.objects.get())
            is_withdrawn.set()
            wait_for_a_lock()

    def go_on() -> Any:
        assert is_withdrawn.wait(20)
        return act(offer)

    return at_once(withdraw, go_on), Offer.objects.get()


def test_what_a_colleague_withdraws_meanwhile_is_not_made_to_go_on(mug: ProductVariant) -> None:
    staff = signed_in("add_offer")
    came, offer = withdrawn_meanwhile(
        lambda offer: staff.post(f"/admin/offers/{offer.pk}/end/", {"days": "3"}).status_code
    )
    assert came == [None, 302]
    assert (offer.is_over, offer.withdrawn_by) == (True, "clerk@example.com")


def test_what_a_colleague_withdraws_meanwhile_is_not_ordered(mug: ProductVariant) -> None:
    signed_in()
    came, _offer = withdrawn_meanwhile(lambda offer: factories.placed_order(offer.basket))
    assert [type(one).__name__ for one in came] == ["NoneType", "CheckoutError"]
    assert not Order.objects.exists()


# --- No longer kept ------------------------------------------------------------------------------------------
def expired_while_refunded(monkeypatch: pytest.MonkeyPatch, **patched: Any) -> list[Any]:
    """Forget an old order while somebody who has locked it moves its refund on; return what came of both."""
    order = factories.placed_order(factories.basket(MUG=1))
    Order.objects.update(status="paid", paid_at=timezone.now())
    refund = Refund.objects.create(
        order=order, amount=5, by="Staff", created_at=timezone.now(), reason="Late"
    )
    is_locked = threading.Event()

    def move_on() -> None:
        with lifecycle.locked(order.pk) as fresh:
            is_locked.set()
            wait_for_a_lock()
            fresh.refunds.update(status=Refund.Status.PENDING)

    def expire() -> int:
        assert is_locked.wait(20)
        with connection.cursor() as cursor:
            cursor.execute("SET deadlock_timeout = '10ms'")
        for name, value in patched.items():
            monkeypatch.setattr(QuerySet, name, value)
        return personal_data.expire_orders(timezone.now() + timedelta(days=9999))

    results = at_once(move_on, expire)
    refund.refresh_from_db()
    return [*results, (refund.status, refund.reason)]


def wait_for_a_lock() -> None:
    """Wait until another session of this database waits for a lock; other processes of the tests have others."""
    waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    for _try in range(2000):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) {waiting}")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.005)
    raise TimeoutError


def test_an_order_is_forgotten_after_whoever_has_locked_it(
    mug: ProductVariant, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert expired_while_refunded(monkeypatch) == [None, 1, ("pending", "")]


def test_refunds_first_would_be_a_deadlock(mug: ProductVariant, monkeypatch: pytest.MonkeyPatch) -> None:
    *results, _refund = expired_while_refunded(monkeypatch, select_for_update=lambda orders: orders)
    assert [type(one) for one in results if isinstance(one, Exception)] == [OperationalError]
