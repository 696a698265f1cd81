"""Names, telephone numbers and addresses from Stripe are stored without what no database takes."""

import pytest

from store.models import Order
from store.payments import customer_details
from tests.store.paying import (
    settle,
)
from tools.stripe_sandbox.server import Sandbox

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.every_case]
Status = Order.Status


@pytest.mark.parametrize(
    ("typed", "field", "kept"),
    [
        ({"phone": "+1 " + "5" * 60}, "phone", "+1 " + "5" * 37),
        ({"phone": "+1\x00555"}, "phone", "+1 555"),
        ({"delivery_name": "a\x00b\x07"}, "customer_name", "a b"),
        ({"delivery_name": "  Anne\u200d-Marie "}, "customer_name", "Anne\u200d-Marie"),
    ],
)
def test_characters_that_no_database_takes_are_cut_and_the_order_is_paid(
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
    assert lengths == {"customer_name": customer_details.NAME_LENGTH, "phone": customer_details.PHONE_LENGTH}
    assert customer_details.one_line("\ud800 " + "x" * 60, 40) == "x" * 40
    assert customer_details.one_line("x" * 39 + " y", 40) == "x" * 39
    assert customer_details.one_line(None, 40) == ""
