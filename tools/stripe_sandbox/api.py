"""Stripe's API, as much of it as the shop uses: who may ask, which parameters count, what is done, how it is answered.

Here a request meets keys, versions, faults and idempotency; what is done to objects stands in `sessions` and
`payments`.
"""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stripe.params import (
    ChargeRetrieveParams,
    DisputeListParams,
    EventListParams,
    EventRetrieveParams,
    PaymentIntentRetrieveParams,
    RefundCreateParams,
    RefundListParams,
    RefundRetrieveParams,
    WebhookEndpointListParams,
)
from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionListParams,
    SessionRetrieveParams,
)

from tools.stripe_sandbox import (
    checking,
    conformity,
    expanding,
    form_encoding,
    idempotency,
    limits,
    objects,
    payments,
    sessions,
)
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.errors import ApiError, DroppedError, invalid_integer, no_such, not_played
from tools.stripe_sandbox.events import API_VERSION, Cause
from tools.stripe_sandbox.faults import Fault, Faults
from tools.stripe_sandbox.messages import Request, Response
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


# --- What can be asked -----------------------------------------------------------------------------------
def _create(call: Call) -> Body:
    return sessions.create(call.account, call.db, call.params)


def _retrieve(call: Call) -> Body:
    return sessions.get(call.account, call.db, call.identifier)


def _expire(call: Call) -> Body:
    return sessions.expire(call.account, call.db, call.identifier, call.cause)


def _list_sessions(call: Call) -> Body:
    for identifier in call.db.due(sessions.KIND, call.account.now()):
        sessions.get(call.account, call.db, identifier)  # ends those whose time has come
    conditions = _created(call)
    known = {"status": "status = ?", "payment_intent": "parent = ?"}
    for name in ("customer", "customer_account", "customer_details", "payment_link", "subscription"):
        if name in call.params:
            raise not_played(name)
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
    for name in call.params:
        if name not in (
            "amount",
            "charge",
            "payment_intent",
            "reason",
            "metadata",
            "instructions_email",
            "expand",
        ):
            raise not_played(name)
    return payments.refund(call.account, call.db, call.params, call.cause)


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
    Route("POST", f"{SESSIONS}/{{}}/expire", "expire", SessionExpireParams, _expire),
    Route(
        "GET",
        "/v1/payment_intents/{}",
        "retrieve",
        PaymentIntentRetrieveParams,
        _found("payment_intent", "intent"),
    ),
    Route("GET", "/v1/charges/{}", "retrieve", ChargeRetrieveParams, _found("charge", "charge")),
    Route("POST", "/v1/refunds", "refund", RefundCreateParams, _refund),
    Route("GET", "/v1/refunds", "list", RefundListParams, _list_refunds),
    Route("GET", "/v1/refunds/{}", "retrieve", RefundRetrieveParams, _found("refund", "refund")),
    Route("GET", "/v1/disputes", "list", DisputeListParams, _list_disputes),
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


# --- From the request to the answer ----------------------------------------------------------------------
class Api:
    """Answers requests to /v1/."""

    def __init__(self, account: Account, faults: Faults, stopping: threading.Event) -> None:
        self.account = account
        self.faults = faults
        self.stopping = stopping

    def answer(self, request: Request) -> Response:
        """Answer, with a refusal in Stripe's shape if need be."""
        headers = {"Stripe-Version": API_VERSION, "Cache-Control": "no-cache, no-store"}
        if key := request.headers.get("Idempotency-Key"):
            headers["Idempotency-Key"] = key
        try:
            response = self._admitted(request)
        except ApiError as error:
            response = Response.json(error.as_dict(), error.status, **error.headers)
        response.headers = headers | response.headers
        return response

    def _admitted(self, request: Request) -> Response:
        account = _account_key(request)
        version = request.headers.get("Stripe-Version", API_VERSION)
        if version != API_VERSION:
            text = f"Invalid Stripe API version: {version[:50]}. The sandbox speaks {API_VERSION}."
            raise ApiError(text)
        route, identifier = _route(request)
        _permit(account, route)
        text = _parameters(request)
        fault = self.faults.take(route.operation)
        if fault and fault.kind == "drop_before":
            raise DroppedError
        key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        claimed = idempotency.Claim(account, key, request.path, text, request.id) if key else None
        if claimed and (kept := idempotency.claim(self.account.storage, claimed, self.account.now())):
            response = kept
        else:
            response = self._done(request, route, identifier, text, claimed, fault)
        if fault and fault.kind == "drop_after":
            raise DroppedError
        return response

    def _done(
        self,
        request: Request,
        route: Route,
        identifier: str,
        text: str,
        claimed: idempotency.Claim | None,
        fault: Fault | None,
    ) -> Response:
        storage = self.account.storage
        try:
            self._strike(fault)
            params = checking.read(route.kind, form_encoding.decode(text))
            if route.operation == "create":
                limits.check_session(params, self.account.now())
            cause = Cause(request.id, claimed.key if claimed else None)
            with storage.transaction() as db:
                body = route.act(Call(self.account, db, params, identifier, cause))
                answer = expanding.answer(db, body, params.get("expand", []))
                if self.account.checks_itself:
                    conformity.check(answer)
                response = Response.json(answer)
                if claimed:
                    idempotency.keep(db, claimed, response)
        except ApiError as error:
            if claimed and error.after_start:
                with storage.transaction() as db:
                    idempotency.keep(db, claimed, Response.json(error.as_dict(), error.status))
            raise
        finally:
            if claimed:  # what was kept stays
                idempotency.release(storage, claimed)
        return response

    def _strike(self, fault: Fault | None) -> None:
        match fault:
            case Fault(kind="slow", seconds=seconds):
                if self.stopping.wait(seconds):  # the process ends: this was never done
                    raise DroppedError
            case Fault(kind="error_500"):
                raise ApiError("An unexpected error occurred.", status=500, kind="api_error")
            case Fault(kind="error_500_kept"):
                headers = {"Stripe-Should-Retry": "false"}
                text = "An unexpected error occurred."
                raise ApiError(text, status=500, kind="api_error", after_start=True, headers=headers)
            case Fault(kind="error_429"):
                text = "Request rate limit exceeded. You can learn more about rate limits in Stripe's documentation."
                raise ApiError(text, status=429, code="rate_limit")


def _account_key(request: Request) -> str:
    """Return the secret key of a request, if it is one for tests."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not (value := value.strip()):
        text = "You did not provide an API key. You need to provide your API key in the Authorization header."
        raise ApiError(text, status=401)
    if re.match("[a-z]+_live_", value):
        text = "This is the sandbox, no place for a live key. Nothing was done. Use a key that begins with sk_test_."
        raise ApiError(text, status=401, code="live_key_refused")
    if not re.fullmatch("[sr]k_test_[A-Za-z0-9_]{1,240}", value):
        shown = f"{value[:8]}{'*' * 8}{value[-4:]}" if len(value) > 16 else "*" * len(value)  # noqa: PLR2004
        raise ApiError(f"Invalid API Key provided: {shown}", status=401, code="invalid_api_key")
    return value


def _permit(key: str, route: Route) -> None:
    """Refuse what a restricted key may not: rk_test_without_refunds_write_sessions_read names what it lacks."""
    resource = re.sub(r"/(\{}|expire)", "", route.path).rpartition("/")[2]
    right = f"{resource}_{'read' if route.method == 'GET' else 'write'}"
    if key.startswith("rk_test_without_") and right in key:
        text = "The provided key does not have the required permissions for this endpoint."
        raise ApiError(
            f"{text} Having the {right!r} permission would allow this request to continue.", status=403
        )


def _route(request: Request) -> tuple[Route, str]:
    for route, pattern in PATTERNS:
        match = pattern.fullmatch(request.path)
        if match and route.method == request.method:
            return route, match[1] if pattern.groups else ""
    text = f"Unrecognized request URL ({request.method}: {request.path[:200]})."
    raise ApiError(f"{text} The sandbox plays only what the shop uses.", status=404)


def _parameters(request: Request) -> str:
    """Return the parameters of a request, still encoded."""
    if request.method == "GET":
        return request.query
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if request.body and kind != "application/x-www-form-urlencoded":
        text = "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."
        raise ApiError(text)
    try:
        return request.body.decode("ascii")
    except UnicodeDecodeError:
        raise ApiError("Invalid request: the body is not form-encoded.") from None
