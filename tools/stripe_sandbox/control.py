"""The control URLs: below `/_sandbox/` tests and people decide what Stripe would do by itself.

It answers to this machine only (see `server`). What it does to objects, it does through the same functions as the
API and the pages. Here a request meets its route, and stand the clock and the faults of the API.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs

from tools.stripe_sandbox import control_page, delayed, faults, values
from tools.stripe_sandbox.account import SETTLE_AFTER, Account
from tools.stripe_sandbox.control_objects import ObjectControls
from tools.stripe_sandbox.control_webhooks import WebhookControls
from tools.stripe_sandbox.delivery import Deliverer
from tools.stripe_sandbox.errors import ApiError
from tools.stripe_sandbox.messages import Request, Response
from tools.stripe_sandbox.storage import Body

PREFIX = control_page.PREFIX
LATEST_TIME = 250_000_000_000  # in the year 9892; later ones have no date
FURTHEST_AHEAD = 10 * 366 * 24 * 60 * 60


class Control:
    """Answers requests below /_sandbox/."""

    def __init__(self, account: Account, deliverer: Deliverer, ordered: faults.Faults) -> None:
        self.account = account
        self.deliverer = deliverer
        self.faults = ordered
        self.objects = ObjectControls(account)
        self.webhooks = WebhookControls(account, deliverer)
        self.expire_now = self.objects.expire_now
        self.routes: list[tuple[str, str, Callable[..., Any]]] = [
            *self.objects.routes,
            *self.webhooks.routes,
            ("POST", "clock", self._set_clock),
            ("GET", "faults", self._faults),
            ("POST", "faults", self._add_fault),
            ("DELETE", "faults", self._clear_faults),
            ("POST", "faults/clear", self._clear_faults),
        ]

    def answer(self, request: Request) -> Response:
        """Answer in JSON, or send a browser that pressed a button back to the page."""
        path, by_form = request.path.removeprefix(PREFIX), _is_form(request)
        if not path and request.method in ("GET", "HEAD"):
            return control_page.drawn(self.account, self.deliverer, self.faults, self.objects, self.webhooks)
        try:
            for method, pattern, act in self.routes:
                match = re.fullmatch(pattern, path)
                if match and method == request.method:
                    result = act(*match.groups(), _data(request))
                    self.deliverer.wake()
                    return Response.redirect(PREFIX) if by_form else Response.json(result)
        except ApiError as error:
            if by_form:
                return control_page.refused(error)
            return Response.json(error.as_dict(), error.status)
        text = f"{request.method} {request.path[:200]} is not known. GET {PREFIX} lists what is."
        return Response.json(ApiError(text).as_dict(), 404)

    # --- Time --------------------------------------------------------------------------------------------
    def _set_clock(self, data: Body) -> Body:
        """Set Stripe's clock and the delay of delayed payments; what is left out is as usual."""
        values.known(data, ("now", "ahead", "settle_after"))
        if "now" in data and "ahead" in data:
            raise ApiError("Give now, which stops the clock, or ahead, which does not.", param="ahead")
        now = data.get("now")
        if now is not None:
            values.number("now", now, 0, LATEST_TIME)
        ahead = values.number("ahead", data.get("ahead", 0), -FURTHEST_AHEAD, FURTHEST_AHEAD)
        settle_after = data.get("settle_after", SETTLE_AFTER)
        values.number("settle_after", settle_after, 0, FURTHEST_AHEAD)
        self.account.clock = time.time if now is None else lambda: now
        self.account.ahead, self.account.settle_after = ahead, settle_after
        delayed.end_due(self.account)
        return {"now": self.account.time(), "ahead": ahead, "settle_after": settle_after}

    # --- Faults of the API -------------------------------------------------------------------------------
    def _faults(self, _data: Body) -> list[Body]:
        return self.faults.listed()

    def _add_fault(self, data: Body) -> Body:
        values.known(data, ("operation", "kind", "seconds", "times"))
        return asdict(self.faults.add(**{"operation": "any", "kind": "", **data}))

    def _clear_faults(self, _data: Body) -> list[Body]:
        self.faults.clear()
        return []


def _is_form(request: Request) -> bool:
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return kind == "application/x-www-form-urlencoded"


def _data(request: Request) -> Body:
    """Return what was sent; of a form what was filled in, numbers and truth values as such."""
    if request.method == "GET":
        return {name: given[-1] for name, given in parse_qs(request.query).items()}
    if _is_form(request):
        return {name: _meant(text) for name, text in request.fields().items() if text}
    try:
        data = json.loads(request.body or b"{}")
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise ApiError("The body must be an object in JSON.")
    return data


def _meant(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch("-?[0-9]{1,18}", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?[0-9]{1,18}\.[0-9]{1,6}", text) else text
