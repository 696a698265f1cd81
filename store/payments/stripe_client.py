"""Stripe's client: whom it asks, how long it waits, and what its errors mean.

With STRIPE_API_URL it asks the sandbox. The SDK is loaded with the first call: it is large, and a process that shows
pages never needs it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import BoundedSemaphore
from types import ModuleType
from typing import TYPE_CHECKING, Any, Unpack

from django.conf import settings

from home import clock
from home.csp import origin_of
from store.payments import errors

if TYPE_CHECKING:
    import stripe
    from stripe import RequestOptions

# One request, and the longest pause before the SDK's retry. STRIPE_SECONDS in store/checkout/views.py limits them
# together.
CONNECT_SECONDS, READ_SECONDS, PAUSE_SECONDS, RETRIES = 2, 3.5, 1, 2
MOST_AT_ONCE = 4  # requests of the web, which has eight threads in each process (manage.py web)
LONGEST_TURN = 1.0  # seconds
PATIENCE = 10  # seconds that staff, or Stripe with a webhook, wait for all requests together
_asking = BoundedSemaphore(MOST_AT_ONCE)
_until: ContextVar[float | None] = ContextVar("until", default=None)


def sdk() -> ModuleType:
    """Return the SDK, loaded now."""
    import stripe  # noqa: PLC0415 - large, and pages never need it

    stripe.enable_telemetry = False  # it would write below the home folder
    return stripe


@cache
def _client(key: str, api_url: str) -> stripe.StripeClient:
    loaded = sdk()

    class Client(loaded.RequestsClient):  # type: ignore[name-defined] # loaded late
        def request(self, *args: Any, **kwargs: Any) -> Any:
            with _taking_turns():
                answer = super().request(*args, **kwargs)
            clock.compare(answer[2].get("Date"), whose="Stripe")
            return answer

    made: stripe.StripeClient = loaded.StripeClient(
        key,
        base_addresses={"api": api_url} if api_url else {},
        http_client=Client(timeout=(CONNECT_SECONDS, READ_SECONDS)),
    )
    return made


def client() -> stripe.StripeClient:
    """Return the client for the key and URL in the settings."""
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL)


@contextmanager
def answering_within(seconds: float) -> Iterator[None]:
    """Limit the time of all requests inside together: whatever the web asks is asked within one.

    They raise BusyError, and nothing is sent, when so many wait that a slow Stripe would keep the site from visitors.
    """
    until, outer = time.monotonic() + seconds, _until.get()
    token = _until.set(until if outer is None else min(until, outer))
    try:
        yield
    finally:
        _until.reset(token)


@contextmanager
def _taking_turns() -> Iterator[None]:
    if (until := _until.get()) is None:  # the worker or a command
        yield
        return
    if until - time.monotonic() < READ_SECONDS:
        message = "No time is left to ask Stripe."
        raise errors.UnreachableError(message)
    if not _asking.acquire(timeout=LONGEST_TURN):
        message = "Too many wait for Stripe's answer."
        raise errors.BusyError(message)
    try:
        yield
    finally:
        _asking.release()


def in_time(**options: Unpack[RequestOptions]) -> RequestOptions:
    """Return a request's options with its number of retries. Raises UnreachableError when no time is left."""
    tries = RETRIES + 1
    if (until := _until.get()) is not None:
        tries = min(tries, int((until - time.monotonic()) / (READ_SECONDS + PAUSE_SECONDS)))
    if tries < 1:
        message = "No time is left to ask Stripe."
        raise errors.UnreachableError(message)
    return {**options, "max_network_retries": tries - 1}


def is_live() -> bool:
    """Return whether the key in the settings moves real money."""
    return settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))


def api_version() -> str:
    """Return the version of Stripe's API in which we ask."""
    return str(sdk().api_version)


def checkout_origin() -> str:
    """Return where payment pages are: at Stripe, on a domain of the trader's own there, or at the sandbox."""
    return origin_of(settings.STRIPE_API_URL or settings.STRIPE_CHECKOUT_ORIGIN)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise our error for one of Stripe's, by whether anything can have happened there.

    Stripe's messages may repeat what a shopper typed; ours, which are logged and kept, only identify the request.
    """
    stripe = sdk()
    try:
        yield
    except stripe.StripeError as error:
        told = (type(error).__name__, error.code, getattr(error, "param", None), error.request_id)
        message = " ".join(str(part) for part in told if part)
        match error:
            case stripe.InvalidRequestError(code="resource_missing"):
                raise errors.NotFoundError(message) from error
            case stripe.InvalidRequestError(code="email_invalid"):
                raise errors.EmailRefusedError(message) from error
            case stripe.InvalidRequestError(param="expires_at"):
                raise errors.EndRefusedError(message) from error
            case stripe.RateLimitError():
                raise errors.BusyError(message) from error
            case stripe.AuthenticationError():
                raise errors.UnknownKeyError(message) from error
            case stripe.PermissionError():
                raise errors.NotPermittedError(message) from error
            case stripe.InvalidRequestError() | stripe.CardError():
                raise errors.RefusedError(message) from error
        raise errors.UnreachableError(message) from error
