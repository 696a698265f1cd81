"""What can be asked of the API: each method and path, the SDK's type of its parameters, and what is then done.

What is done to objects stands in `sessions` and `payments`; who may ask, and how it is answered, in `api`.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stripe.params import (
    BalanceTransactionListParams,
    BalanceTransactionRetrieveParams,
    ChargeListParams,
    ChargeRetrieveParams,
    DisputeListParams,
    DisputeRetrieveParams,
    EventListParams,
    EventRetrieveParams,
    PaymentIntentCancelParams,
    PaymentIntentListParams,
    PaymentIntentRetrieveParams,
    RefundCreateParams,
    RefundListParams,
    RefundRetrieveParams,
    WebhookEndpointListParams,
)
from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionListLineItemsParams,
    SessionListParams,
    SessionRetrieveParams,
)

from tools.stripe_sandbox import balance, objects, payments, sessions
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.errors import invalid_integer, no_such, not_played, wrong_state
from tools.stripe_sandbox.events import Cause
from tools.stripe_sandbox.storage import Body, Page, Records

MOST_IN_A_LIST = 100


@dataclass(frozen=True)
class Call:
    """A request that may be carried out."""

    account: Account
    db: Records
    params: dict[str, Any]
    identifier: str
    cause: Cause


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    operation: str
    kind: Any  # the SDK's type of its parameters
    act: Callable[[Call], Body]


PAGING = ("limit", "starting_after", "ending_before")


# --- What can be asked -----------------------------------------------------------------------------------
def _create(call: Call) -> Body:
    return sessions.create(call.account, call.db, call.params)


def _retrieve(call: Call) -> Body:
    return sessions.get(call.account, call.db, call.identifier)


def _list_items(call: Call) -> Body:
    """List the lines of a session; pages of them are not played."""
    _only(call, "limit")
    items, limit = sessions.get(call.account, call.db, call.identifier)["_items"], _page(call).limit
    url = f"{SESSIONS}/{call.identifier}/line_items"
    return objects.list_of(items[:limit], url, more=len(items) > limit)


def _expire(call: Call) -> Body:
    return sessions.expire(call.account, call.db, call.identifier, call.cause)


def _list_sessions(call: Call) -> Body:
    for identifier in call.db.due(sessions.KIND, call.account.now()):
        sessions.get(call.account, call.db, identifier)  # ends those whose time has come
    conditions = _created(call)
    known = {"status": "status = ?", "payment_intent": "parent = ?"}
    _only(call, "created", *known, *PAGING)
    conditions |= {known[name]: call.params[name] for name in known if name in call.params}
    return _list(call, sessions.KIND, conditions, "/v1/checkout/sessions")


def _list_events(call: Call) -> Body:
    conditions, names = _created(call), call.params.get("types", [])
    if "delivery_success" in call.params:
        raise not_played("delivery_success")
    if "type" in call.params:
        conditions["status GLOB ?"] = re.sub(r"[\[?]", "", call.params["type"])
    if names:
        conditions["status IN (SELECT value FROM json_each(?))"] = json.dumps(names)
    return _list(call, "event", conditions, "/v1/events")


def _list_refunds(call: Call) -> Body:
    return _list(call, "refund", _created(call) | _of_payment(call), "/v1/refunds")


def _of_payment(call: Call) -> dict[str, Any]:
    known = {"payment_intent": "parent = ?", "charge": "json_extract(body, '$.charge') = ?"}
    return {known[name]: call.params[name] for name in known if name in call.params}


def _refund(call: Call) -> Body:
    _only(call, "amount", "charge", "payment_intent", "reason", "metadata", "instructions_email")
    return payments.refund(call.account, call.db, call.params, call.cause)


def _list_intents(call: Call) -> Body:
    _only(call, "created", *PAGING)
    return _list(call, "payment_intent", _created(call), "/v1/payment_intents")


def _cancel_intent(call: Call) -> Body:
    """Refuse, as Stripe does with each PaymentIntent of a Checkout Session whose money is not reserved only."""
    intent = _found("payment_intent", "intent")(call)
    raise wrong_state(
        f"You cannot cancel this PaymentIntent because it belongs to a Checkout Session and has a status of "
        f"{intent['status']}. Expire the Checkout Session instead.",
        "payment_intent_unexpected_state",
    )


def _list_charges(call: Call) -> Body:
    _only(call, "created", "payment_intent", *PAGING)
    return _list(call, "charge", _created(call) | _of_payment(call), "/v1/charges")


def _list_balance(call: Call) -> Body:
    known = {"source": "parent = ?", "type": "status = ?", "currency": "json_extract(body, '$.currency') = ?"}
    _only(call, "created", *known, *PAGING)
    conditions = {known[name]: call.params[name] for name in known if name in call.params}
    return _list(call, balance.KIND, _created(call) | conditions, "/v1/balance_transactions")


def _only(call: Call, *played: str) -> None:
    """Refuse parameters that are not played."""
    for name in call.params:
        if name not in (*played, "expand"):
            raise not_played(name)


def _list_disputes(call: Call) -> Body:
    return _list(call, "dispute", _created(call) | _of_payment(call), "/v1/disputes")


def _list_endpoints(call: Call) -> Body:
    """List the one webhook endpoint of the account, if the shop has one."""
    _page(call)
    return objects.list_of(objects.endpoints(call.account), "/v1/webhook_endpoints")


def _found(kind: str, param: str) -> Callable[[Call], Body]:
    def act(call: Call) -> Body:
        body = call.db.find(call.identifier, kind)
        if body is None:
            raise no_such(kind, call.identifier, param)
        return body

    return act


SESSIONS = "/v1/checkout/sessions"
ROUTES = [
    Route("POST", SESSIONS, "create", SessionCreateParams, _create),
    Route("GET", SESSIONS, "list", SessionListParams, _list_sessions),
    Route("GET", f"{SESSIONS}/{{}}", "retrieve", SessionRetrieveParams, _retrieve),
    Route("GET", f"{SESSIONS}/{{}}/line_items", "list", SessionListLineItemsParams, _list_items),
    Route("POST", f"{SESSIONS}/{{}}/expire", "expire", SessionExpireParams, _expire),
    Route(
        "GET",
        "/v1/payment_intents/{}",
        "retrieve",
        PaymentIntentRetrieveParams,
        _found("payment_intent", "intent"),
    ),
    Route("POST", "/v1/payment_intents/{}/cancel", "cancel", PaymentIntentCancelParams, _cancel_intent),
    Route("GET", "/v1/payment_intents", "list", PaymentIntentListParams, _list_intents),
    Route("GET", "/v1/charges", "list", ChargeListParams, _list_charges),
    Route("GET", "/v1/charges/{}", "retrieve", ChargeRetrieveParams, _found("charge", "charge")),
    Route("POST", "/v1/refunds", "refund", RefundCreateParams, _refund),
    Route("GET", "/v1/refunds", "list", RefundListParams, _list_refunds),
    Route("GET", "/v1/refunds/{}", "retrieve", RefundRetrieveParams, _found("refund", "refund")),
    Route("GET", "/v1/disputes", "list", DisputeListParams, _list_disputes),
    Route("GET", "/v1/disputes/{}", "retrieve", DisputeRetrieveParams, _found("dispute", "dispute")),
    Route("GET", "/v1/balance_transactions", "list", BalanceTransactionListParams, _list_balance),
    Route(
        "GET",
        "/v1/balance_transactions/{}",
        "retrieve",
        BalanceTransactionRetrieveParams,
        _found(balance.KIND, "id"),
    ),
    Route("GET", "/v1/webhook_endpoints", "list", WebhookEndpointListParams, _list_endpoints),
    Route("GET", "/v1/events", "list", EventListParams, _list_events),
    Route("GET", "/v1/events/{}", "retrieve", EventRetrieveParams, _found("event", "id")),
]
PATTERNS = [(route, re.compile(route.path.replace("{}", "([A-Za-z0-9_]{1,255})"))) for route in ROUTES]


def _page(call: Call) -> Page:
    limit = call.params.get("limit", Page.limit)
    if not 1 <= limit <= MOST_IN_A_LIST:
        edge, word = (1, "greater") if limit < 1 else (MOST_IN_A_LIST, "less")
        raise invalid_integer("limit", f"This value must be {word} than or equal to {edge}.")
    return Page(limit, call.params.get("starting_after"), call.params.get("ending_before"))


def _created(call: Call) -> dict[str, Any]:
    signs = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
    wanted = call.params.get("created", {})
    if isinstance(wanted, int):
        return {"created = ?": wanted}
    return {f"created {signs[name]} ?": value for name, value in wanted.items()}


def _list(call: Call, kind: str, conditions: dict[str, Any], url: str) -> Body:
    page = _page(call)
    for name in ("starting_after", "ending_before"):
        cursor = getattr(page, name)
        if cursor and call.db.find(cursor, kind) is None:
            raise no_such(kind, cursor, name)
    bodies, more = call.db.page(kind, page, conditions)
    return objects.list_of(bodies, url, more=more)
