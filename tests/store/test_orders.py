"""Orders: a table of transitions, a history of each, copies of what was agreed, and addresses nobody guesses."""

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from home.append_only import ImmutableRecordError
from home.models import User
from policies.models import Policy
from policies.personal_data import register
from store.models import Order, OrderEvent, ProductVariant, ShippingOption
from store.models.orders import new_number
from store.orders import lifecycle
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
Status = Order.Status


@pytest.fixture
def order(mug: ProductVariant) -> Order:
    return factories.placed_order()


def expire_all(now: datetime) -> None:
    """Remove by every registered entry what has been kept long enough."""
    for entry in register.registered():
        if entry.expire:
            entry.expire(now)


# --- Status and history ----------------------------------------------------------------------------------
@pytest.mark.parametrize("before", Status.values)
@pytest.mark.parametrize("after", Status.values)
def test_an_order_goes_only_where_the_table_lets_it(before: str, after: str) -> None:
    order = factories.order_without_hold(MUG=1)
    order.status = before
    if after in Order.TRANSITIONS[before]:
        lifecycle.change_status(order=order, to=after, by="test")
        event = order.events.get()
        assert (event.from_status, event.to_status, event.by) == (before, after, "test")
    else:
        with pytest.raises(lifecycle.IllegalTransitionError):
            lifecycle.change_status(order=order, to=after, by="test")
        assert not order.events.exists()


def test_every_status_has_its_transitions_and_late_money_is_never_refused() -> None:
    assert set(Order.TRANSITIONS) == set(Status.values)
    unpaid = set(Status.values) - Order.CONFIRMED
    assert all(Status.PAID in Order.TRANSITIONS[status] for status in unpaid)


def test_the_history_says_who_and_is_never_changed(order: Order) -> None:
    editor = User.objects.create_user(email="editor@example.com")
    lifecycle.record(order=order, note="Called back.", by=str(editor), actor=editor)
    event = order.events.last()
    assert event.actor == editor
    assert event.happened_at is not None
    with pytest.raises(ImmutableRecordError):
        OrderEvent.objects.update(note="")


def test_staff_are_asked_once_for_the_same_thing_and_again_for_another(order: Order) -> None:
    editor = User.objects.create_user(email="editor@example.com")
    lifecycle.mark_needs_attention(order=order, note="The total differs.", by="Stripe")
    lifecycle.mark_needs_attention(order=order, note="The total differs.", by="worker")
    assert order.events.filter(note="The total differs.").count() == 1
    lifecycle.mark_resolved(order=order, actor=editor, note="Refunded.")
    lifecycle.mark_needs_attention(order=order, note="The total differs.", by="worker")
    assert not order.needs_attention, "they have looked at it"
    lifecycle.mark_needs_attention(order=order, note="The stock is gone.", by="worker")
    assert order.needs_attention


def test_numbers_can_be_read_aloud_and_tell_nothing_of_how_many_there_are() -> None:
    numbers = {new_number() for _ in range(50)}
    assert len(numbers) == 50
    assert all(re.fullmatch(r"\d{6}-[2-9A-HJ-NP-Z]{6}", number) for number in numbers)


# --- Copies ----------------------------------------------------------------------------------------------
def test_later_edits_of_a_product_change_no_order(mug: ProductVariant) -> None:
    order = factories.placed_order(factories.basket(MUG=2))
    page = mug.page
    page.title = "Something else"
    variant = page.variants.get()
    variant.price, variant.name = 9999, "Blue"
    page.variants = [variant]
    page.save_revision().publish()
    assert ProductVariant.objects.get(sku="MUG").price == 9999
    page.delete()
    order.refresh_from_db()
    line = order.lines.get()
    assert (line.title, line.variant, line.unit_price, line.quantity) == ("Enamel mug", "", 1250, 2)
    assert (order.subtotal, order.shipping, order.total) == (2500, 395, 2895)


def test_a_later_price_of_shipping_changes_no_order(order: Order) -> None:
    ShippingOption.objects.update(price=9999, name="Courier")
    order.refresh_from_db()
    assert (order.shipping, order.shipping_name, order.country) == (395, "Post", "GB")


def test_an_order_stays_with_the_versions_that_were_accepted_and_shown(mug: ProductVariant) -> None:
    terms = factories.policy("terms", kind=Policy.Kind.TERMS)
    privacy = factories.policy("privacy", kind=Policy.Kind.PRIVACY)
    accepted, shown = factories.version(terms), factories.version(privacy)
    order = factories.placed_order(terms=accepted, privacy=shown)
    factories.version(terms, html="<p>Be kinder.</p>")
    order.refresh_from_db()
    assert order.terms_accepted == accepted
    assert order.terms_accepted.number == 1
    assert order.privacy_shown == shown


# --- Its address, and its end ----------------------------------------------------------------------------
def test_addresses_are_long_and_random(order: Order) -> None:
    assert len(order.token) >= 43
    assert order.token != factories.placed_order().token


def test_a_shoppers_orders_are_exported_and_anonymised_after_their_period(order: Order) -> None:
    exported = register.export("SHOPPER@example.com")["store.orders"]
    assert [row["number"] for row in exported] == [order.number]
    Order.objects.filter(pk=order.pk).update(status=Status.CANCELLED)
    expire_all(timezone.now() + timedelta(days=4000))
    order.refresh_from_db()
    assert order.email == ""
    assert order.total > 0


@pytest.mark.parametrize("end", [Status.CANCELLED, Status.EXPIRED, Status.FAILED])
def test_an_order_that_ended_unpaid_is_anonymised_after_thirty_days(order: Order, end: str) -> None:
    Order.objects.update(status=end)
    paid = factories.placed_order(email="paid@example.com")
    Order.objects.filter(pk=paid.pk).update(status=Status.PAID, paid_at=timezone.now())
    expire_all(timezone.now() + timedelta(days=29))
    assert Order.objects.get(pk=order.pk).email == "shopper@example.com"
    expire_all(timezone.now() + timedelta(days=31))
    order.refresh_from_db()
    assert (order.email, order.session_params) == ("", {})
    assert order.total > 0
    assert Order.objects.get(pk=paid.pk).email == "paid@example.com", "what was paid is an invoice"


def test_erasing_a_shopper_anonymises_only_orders_that_ended_unpaid(order: Order) -> None:
    still_open = factories.placed_order()
    paid = factories.placed_order()
    Order.objects.filter(pk=order.pk).update(status=Status.CANCELLED)
    Order.objects.filter(pk=paid.pk).update(status=Status.PAID, paid_at=timezone.now())
    assert register.erase("Shopper@Example.com")["store.unpaid_orders"] == 1
    assert dict(Order.objects.values_list("pk", "email")) == {
        order.pk: "",
        still_open.pk: "shopper@example.com",
        paid.pk: "shopper@example.com",
    }
