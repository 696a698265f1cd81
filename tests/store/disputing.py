"""What tests of disputes have their shoppers and banks do, in the sandbox."""

from typing import Any

from store.models import Order
from tools.stripe_sandbox import payments
from tools.stripe_sandbox.server import Sandbox


def dispute(sandbox: Sandbox, order: Order, **wanted: Any) -> str:
    with sandbox.storage.transaction() as db:
        params = {"payment_intent": order.payment_intent_id, **wanted}
        return payments.dispute(sandbox.account, db, params)["id"]


def decide_dispute(sandbox: Sandbox, identifier: str, status: str) -> None:
    with sandbox.storage.transaction() as db:
        payments.advance_dispute(sandbox.account, db, identifier, status)
