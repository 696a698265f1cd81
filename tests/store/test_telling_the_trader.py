"""The trader is told by e-mail of new orders, of what needs attention, of disputes and of problems with payments."""

import pytest
from django.core.exceptions import ValidationError
from post_office.models import Email

from home.models import BrandSettings, User
from store.models import Order, OrderEvent, ShopSettings
from store.orders import lifecycle
from store.payments import refunds
from store.payments.fulfilment import By
from tests import factories
from tests.store.paying import end_too_early, in_dashboard, settle
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def owner(db: None) -> User:
    return User.objects.create_superuser("owner@example.com", "a-long-password")


def told() -> list[tuple[str, str]]:
    """Return subject and text of each mail that is not to the shopper."""
    mails = Email.objects.exclude(to="shopper@example.com").order_by("pk")
    return [(mail.subject, " ".join(mail.message.split())) for mail in mails]


def paid(sandbox: Sandbox, order: Order) -> Order:
    sandbox.pay(order.session_id)
    return settle(order)


def test_a_new_order_is_told_with_what_to_pack_and_where_it_goes(sandbox: Sandbox, order: Order) -> None:
    paid(sandbox, order)
    [(subject, text)] = told()
    assert subject == f"New order {order.number}: £28.95"
    for words in (
        "2 × Enamel mug",
        "Total, tax included: £28.95",
        "1 Example Street",
        f"/inspect/{order.pk}/",
    ):
        assert words in text


def test_an_order_that_staff_accept_is_not_told_again(sandbox: Sandbox, order: Order, owner: User) -> None:
    Order.objects.update(subtotal=2499)
    paid(sandbox, order)
    assert [subject for subject, _text in told()] == [f"Order {order.number} is paid and needs your decision"]
    lifecycle.take_staff_step(order_id=order.pk, to=Order.Status.PAID, user=owner)
    assert len(told()) == 1


def test_an_order_that_needs_attention_says_why(sandbox: Sandbox, order: Order) -> None:
    with lifecycle.locked(order.pk) as fresh:
        for _time in range(2):
            lifecycle.mark_needs_attention(order=fresh, by=By.WORKER, reason=OrderEvent.Reason.NOT_COMING)
    [(subject, text)] = told()
    assert subject == f"Order {order.number} needs attention"
    assert "Still not paid after ten days." in text


def test_a_refund_in_the_dashboard_of_goods_that_are_here_is_told(sandbox: Sandbox, order: Order) -> None:
    factories.shop_settings(tell_orders=False)
    order = paid(sandbox, order)
    in_dashboard(sandbox, order)
    refunds.bring_up_to_date(order=order)
    [(subject, text)] = told()
    assert subject == f"Order {order.number} needs attention"
    assert "Refunded in Stripe’s Dashboard: £28.95" in text


@pytest.mark.parametrize("tick", ["tell_orders", "tell_attention"])
def test_what_is_not_ticked_is_not_told(sandbox: Sandbox, order: Order, tick: str) -> None:
    factories.shop_settings(**{tick: False}, tell_low_stock=False)
    if tick == "tell_attention":
        end_too_early(order, Order.Status.EXPIRED)
        factories.movements.count(sku="MUG", on_hand=0)
    paid(sandbox, order)
    assert told() == []


def test_the_addresses_of_the_settings_come_before_the_brand_and_the_owners(
    sandbox: Sandbox, order: Order
) -> None:
    factories.shop_settings(tell_to="a@example.com, b@example.com")
    brand = BrandSettings.for_site(factories.ShopSettings.objects.get().site)
    brand.email = "brand@example.com"
    brand.save()
    paid(sandbox, order)
    assert Email.objects.get(subject__startswith="New order").to == ["a@example.com", "b@example.com"]


def test_what_is_no_list_of_addresses_is_refused() -> None:
    with pytest.raises(ValidationError) as refused:
        ShopSettings(site_id=1, tell_to="a@example.com; b").full_clean()
    assert "tell_to" in refused.value.message_dict
