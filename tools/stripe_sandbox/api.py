"""Stripe's API, as much of it as the shop uses: who may ask, and how it is answered.

Here a request meets keys, versions, faults and idempotency; what can be asked stands in `routes`.
"""

import re
import threading

from tools.stripe_sandbox import (
    checking,
    conformity,
    expanding,
    form_encoding,
    idempotency,
    limits,
)
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.errors import ApiError, DroppedError
from tools.stripe_sandbox.events import API_VERSION, Cause
from tools.stripe_sandbox.faults import Fault, Faults
from tools.stripe_sandbox.messages import Request, Response
from tools.stripe_sandbox.routes import PATTERNS, Call, Route


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
    resource = re.sub(r"/(\{}|expire|cancel)", "", route.path).rpartition("/")[2]
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
