"""Whatever happens to a webhook on its way, the order is paid once, and what is not ours changes nothing."""

import pytest
from django.test import Client

from store.models import Order, StripeEvent
from tests.store.paying import post_event, sales, stock_of
from tools.stripe_sandbox import forgeries, webhook_faults
from tools.stripe_sandbox.messages import json_bytes
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
ONCE_REFUSED = {"badly_signed", "old_secret", "stale", "malformed"}


def carry(client: Client, sandbox: Sandbox) -> list[int]:
    """Post what waits, as it is written now; return the answers."""
    (event,) = sandbox.deliveries.waiting()
    messages = sandbox.deliveries.messages(event)
    return [post_event(client, message.payload, header=message.signature) for message in messages]


@pytest.mark.parametrize("kind", webhook_faults.KINDS)
def test_an_order_is_paid_once_whatever_its_webhook_suffers(
    sandbox: Sandbox, order: Order, client: Client, kind: str
) -> None:
    sandbox.pay(order.session_id)
    sandbox.deliveries.faults.add(kind=kind)
    first, second = carry(client, sandbox), carry(client, sandbox)
    assert set(first) <= ({400} if kind in ONCE_REFUSED else {200})
    assert second == [200], "tried again"
    order.refresh_from_db()
    assert (order.status, sales(order), stock_of()) == (Order.Status.PAID, 1, (8, 0))


@pytest.mark.parametrize("shape", forgeries.FOREIGN)
def test_an_event_of_another_account_shop_or_mode_is_foreign(
    sandbox: Sandbox, order: Order, client: Client, shape: str
) -> None:
    if shape == "other_shop":
        with sandbox.storage.transaction() as db:
            forgeries.other_shop(sandbox.account, db)
        assert carry(client, sandbox) == [200]
    else:
        event = json_bytes(forgeries.foreign(shape, sandbox.account))
        assert post_event(client, event, sandbox.webhook_secret) == 200
    assert StripeEvent.objects.get().outcome == StripeEvent.Outcome.FOREIGN
    order.refresh_from_db()
    assert (order.status, stock_of()) == (Order.Status.AWAITING, (10, 2))
