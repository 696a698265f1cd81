"""Events as Stripe writes them, and the signature that proves where they come from.

An event is recorded in the transaction of what it tells of; `delivery` carries it to the shop.
"""

import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from tools.stripe_sandbox.identifiers import new_id
from tools.stripe_sandbox.storage import Body, Records, public

API_VERSION = "2026-10-28.endive"
# What an account's webhook endpoint is set up to receive; everything else is recorded and not sent.
SHOP_EVENTS = (
    "checkout.session.*",
    "refund.*",
    "charge.refunded",
    "charge.refund.updated",
    "charge.dispute.*",
)


@dataclass(frozen=True)
class Cause:
    """The API request that led to an event; neither id nor key when a person or the time did."""

    request: str | None = None
    key: str | None = None


NOBODY = Cause()


def record(db: Records, name: str, body: Body, now: float, cause: Cause, enabled: Sequence[str]) -> Body:
    """Keep an event about an object as it is now, to be sent if it is one of those that are enabled."""
    sent = any(fnmatch(name, pattern) for pattern in enabled)
    event: dict[str, Any] = {
        "id": new_id("evt_1"),
        "object": "event",
        "api_version": API_VERSION,
        "created": int(now),
        "data": {"object": public(body)},
        "livemode": False,
        "pending_webhooks": int(sent),
        "request": {"id": cause.request, "idempotency_key": cause.key},
        "type": name,
    }
    db.add(event, status=name, parent=body["id"])
    if sent:
        db.change("INSERT INTO delivery (event, state, due) VALUES (?, 'pending', ?)", event["id"], 0)
    return event


def signature(payload: bytes, secrets: list[str], at: int | None = None) -> str:
    """Return the header that proves a payload: the time, else now, and one signature for every secret in use."""
    at = int(time.time()) if at is None else at
    signed = f"{at}.".encode() + payload
    codes = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={code}" for code in codes)])
