"""Events that are signed rightly and are none of the shop's: about somebody else's objects, or no events at all.

Stripe sends the first to every webhook URL of an account that several shops share; nobody but a fault sends the
second.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.stripe_sandbox import payments, sessions
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.identifiers import new_id
from tools.stripe_sandbox.messages import json_bytes
from tools.stripe_sandbox.storage import Body, Page, Records, Storage

LONGEST_ID, HUGE, DEEP = 300, 10**18, 100_000
COMPLETED = "checkout.session.completed"
FOREIGN = ("other_account", "other_shop", "live")
# What else the event holds is right: whoever reads it must look at each field.
_CHANGES: dict[str, Callable[[Body], Any]] = {
    "no_id": lambda event: _without(event, "id"),
    "long_id": lambda event: event | {"id": "evt_" + "1" * (LONGEST_ID - 4)},
    "nul_in_id": lambda event: event | {"id": event["id"] + "\0"},
    "number_as_id": lambda event: event | {"id": 1},
    "no_type": lambda event: _without(event, "type"),
    "no_object": lambda event: event | {"data": {}},
    "null_object": lambda event: event | {"data": {"object": None}},
    "huge_created": lambda event: event | {"created": HUGE},
    "text_as_created": lambda event: event | {"created": "now"},
    "list": lambda event: [event],
    "null": lambda _event: None,
}
_BYTES: dict[str, Callable[[Body], bytes]] = {
    "not_json": lambda _event: b"this is no JSON",
    "empty": lambda _event: b"",
    "not_utf8": lambda event: b"\xff\xfe" + json_bytes(event),
    "cut_off": lambda event: json_bytes(event)[:100],
    "deep": lambda _event: b"[" * DEEP,
}
MALFORMED = (*_BYTES, *_CHANGES)


def _without(event: Body, name: str) -> Body:
    return {key: value for key, value in event.items() if key != name}


def malformed(shape: str, event: Body) -> bytes:
    """Return bytes that are no event, or no whole one."""
    if shape in _BYTES:
        return _BYTES[shape](event)
    return json.dumps(_CHANGES[shape](event)).encode()


def other_shop(account: Account, db: Records) -> Body:
    """Pay a session that another shop has opened with the same account: its events come here too."""
    price = {"currency": "eur", "unit_amount": 990, "product_data": {"name": "Poster of another shop"}}
    params: Body = {
        "mode": "payment",
        "line_items": [{"quantity": 1, "price_data": price}],
        "success_url": "https://other-shop.example/done/",
        "client_reference_id": "other-shop-1",
        "metadata": {"order": "other-shop-1"},
    }
    session = sessions.create(account, db, params)
    payments.pay(account, db, session, payments.Shopper("stranger@example.com", "Demo stranger"))
    return session


def foreign(shape: str, account: Account) -> Body:
    """Return an event of another account, about a session that this one does not have, or of live mode."""
    memory = Storage(Path(":memory:"))
    other = Account(memory, account.clock, account.url, "Another shop", ahead=account.ahead)
    with memory.transaction() as db:
        other_shop(other, db)
        events, _more = db.page("event", Page(1), {"status = ?": COMPLETED})
    memory.close()
    event = events[0]
    if shape == "live":
        session = event["data"]["object"]
        session |= {"livemode": True, "id": new_id("cs_live_a1")}
        return event | {"livemode": True}
    return event | {"account": new_id("acct_1")}
