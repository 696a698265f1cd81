"""What the tests of refunds share: asking for them, and what Stripe has of them."""

from typing import Any

from store.models import Order, Refund
from store.payments import refunds
from store.payments.refunds import Wanted
from tests.store.paying import settle
from tools.stripe_sandbox import payments
from tools.stripe_sandbox.server import Sandbox


def pay(sandbox: Sandbox, order: Order, *, code: str = "") -> Order:
    if code:
        sandbox.pay(order.session_id, action="apply_code", code=code)
    sandbox.pay(order.session_id)
    return settle(order)


def request(order: Order, **wanted: Any) -> Refund:
    token = wanted.pop("token", "")
    refund = refunds.request_refund(order=order, wanted=Wanted(**wanted), by="Staff", token=token)
    order.refresh_from_db()
    return refund


def a_mug(order: Order, quantity: int = 1) -> dict[int, int]:
    return {order.lines.get().pk: quantity}


def at_stripe(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return the sandbox's refunds, the oldest first."""
    with sandbox.storage.transaction() as db:
        rows = db.rows("SELECT id FROM object WHERE kind = 'refund' ORDER BY seq")
        return [db.find(row["id"]) for row in rows]


def fail(sandbox: Sandbox, refund_id: str | None) -> None:
    with sandbox.storage.transaction() as db:
        payments.fail_refund(sandbox.account, db, refund_id or "")


def left_at_stripe(sandbox: Sandbox, order: Order) -> int:
    with sandbox.storage.transaction() as db:
        charge = db.find(db.find(order.payment_intent_id)["latest_charge"])
    return charge["amount_captured"] - charge["amount_refunded"]


def assert_figures_agree(sandbox: Sandbox, order: Order) -> None:
    assert order.refundable == left_at_stripe(sandbox, order)
