"""The control addresses: below `/_sandbox/` tests and people decide what Stripe would do by itself.

It answers to this machine only (see `server`). What it does to objects, it does through the same functions as the
API and the pages.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from tools.stripe_sandbox import currencies, faults, payments, sessions, visitor
from tools.stripe_sandbox.account import SETTLE_AFTER, Account
from tools.stripe_sandbox.delivery import Deliverer
from tools.stripe_sandbox.errors import ApiError, no_such, wrong_state
from tools.stripe_sandbox.events import API_VERSION, NOBODY, SHOP_EVENTS
from tools.stripe_sandbox.limits import check_address
from tools.stripe_sandbox.messages import Request, Response
from tools.stripe_sandbox.rendering import NOTHING, Html, page, tag
from tools.stripe_sandbox.storage import Body, Page, public

PREFIX = "/_sandbox/"
LATEST = 100
SHOWN = 30
MOST_AT_ONCE = 100
LATEST_TIME = 250_000_000_000  # in the year 9892; later ones have no date
FURTHEST_AHEAD = 10 * 366 * 24 * 60 * 60
ADDRESSES = {
    "GET /_sandbox/sessions, /_sandbox/events": "the latest hundred",
    "GET /_sandbox/deliveries?event=evt_…": "every attempt to deliver, of one event or of all",
    "POST /_sandbox/sessions/ID/pay": '{"outcome": "decline"}: the payment page’s form as it opens, with these changes',
    "POST /_sandbox/sessions/ID/expire-now": "as if its time had come",
    "POST /_sandbox/sessions/ID/settle": '{"outcome": "succeed"} or "fail": decides a bank debit',
    "POST /_sandbox/sessions/ID/refund": '{"amount": 500}: as from the dashboard; without an amount all that is left',
    "POST /_sandbox/refunds": '{"wait": true}: new refunds are pending until they succeed or fail; false: no longer',
    "POST /_sandbox/refunds/ID/succeed": "a pending refund arrives",
    "POST /_sandbox/refunds/ID/fail": "the bank sends a refund back",
    "POST /_sandbox/sessions/ID/dispute": (
        '{"amount": 500, "reason": "fraudulent"}: the shopper’s bank disputes it; "inquiry": true: it only asks'
    ),
    "POST /_sandbox/disputes/ID/STATUS": "under_review, won or lost: what the bank decides",
    "POST /_sandbox/events/ID/resend": '{"times": 20}: all at the same time; answers what the shop answered',
    "GET, POST /_sandbox/webhooks": (
        '{"on_hold": true, "url": "http://127.0.0.1:8000/…", "events": ["refund.*"]}: '
        "hold back or go on, send elsewhere, send only these"
    ),
    "POST /_sandbox/webhooks/deliver": "everything that waits, at once, on hold or not",
    "POST /_sandbox/clock": (
        '{"now": 1790000000, "settle_after": 60}: stop at that time, and decide bank debits so many seconds later; '
        '{"ahead": 600}: run so many seconds ahead of this machine, or behind; {}: show the real time again'
    ),
    "GET, POST, DELETE /_sandbox/faults": (
        '{"operation": "create", "kind": "slow", "seconds": 5, "times": 1}; operations: '
        f"{', '.join(faults.OPERATIONS)}; kinds: {', '.join(faults.KINDS)}"
    ),
}


class Control:
    """Answers requests below /_sandbox/."""

    def __init__(
        self,
        account: Account,
        deliverer: Deliverer,
        ordered: faults.Faults,
        set_webhook_url: Callable[[str | None], None],
    ) -> None:
        self.account = account
        self.deliverer = deliverer
        self.faults = ordered
        self.set_webhook_url = set_webhook_url
        self.routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", "sessions", self._sessions),
            ("GET", "events", self._events),
            ("GET", "deliveries", self._deliveries),
            ("POST", "sessions/([A-Za-z0-9_]+)/expire-now", self._expire_now),
            ("POST", "sessions/([A-Za-z0-9_]+)/pay", self._pay),
            ("POST", "sessions/([A-Za-z0-9_]+)/settle", self._settle),
            ("POST", "sessions/([A-Za-z0-9_]+)/refund", self._refund),
            ("POST", "sessions/([A-Za-z0-9_]+)/dispute", self._dispute),
            ("POST", "disputes/([A-Za-z0-9_]+)/(under_review|won|lost)", self._advance_dispute),
            ("POST", "refunds", self._set_refunds),
            ("POST", "refunds/([A-Za-z0-9_]+)/succeed", self._succeed_refund),
            ("POST", "refunds/([A-Za-z0-9_]+)/fail", self._fail_refund),
            ("POST", "events/([A-Za-z0-9_]+)/resend", self._resend),
            ("GET", "webhooks", self._webhooks),
            ("POST", "webhooks", self._set_webhooks),
            ("POST", "webhooks/deliver", self._deliver),
            ("POST", "clock", self._set_clock),
            ("GET", "faults", self._faults),
            ("POST", "faults", self._add_fault),
            ("DELETE", "faults", self._clear_faults),
        ]

    def answer(self, request: Request) -> Response:
        """Answer in JSON, or send a browser that pressed a button back to the page."""
        path = request.path.removeprefix(PREFIX)
        if not path and request.method in ("GET", "HEAD"):
            return self._page()
        try:
            for method, pattern, act in self.routes:
                match = re.fullmatch(pattern, path)
                if match and method == request.method:
                    data, by_form = _data(request)
                    result = act(*match.groups(), data)
                    self.deliverer.wake()
                    return Response.redirect(PREFIX) if by_form else Response.json(result)
        except ApiError as error:
            return Response.json(error.as_dict(), error.status)
        text = f"{request.method} {request.path[:200]} is not known. GET {PREFIX} lists what is."
        return Response.json(ApiError(text).as_dict(), 404)

    # --- Sessions and refunds ----------------------------------------------------------------------------
    def _sessions(self, _data: Body) -> list[Body]:
        return [public(session) for session in self._latest(sessions.KIND)]

    def _latest(self, kind: str) -> list[Body]:
        with self.account.storage.transaction() as db:
            return db.page(kind, Page(LATEST), {})[0]

    def _expire_now(self, identifier: str, _data: Body) -> Body:
        return self.expire_now(identifier)

    def expire_now(self, identifier: str) -> Body:
        """End an open session as if its time had come."""
        with self.account.storage.transaction() as db:
            session = sessions.get(self.account, db, identifier)
            if session["status"] != "open":
                raise wrong_state(f"This session is {session['status']} already.")
            session["expires_at"] = self.account.now()
            return public(sessions.end(self.account, db, session))

    def _pay(self, identifier: str, data: Body) -> Body:
        with self.account.storage.transaction() as db:
            session = sessions.get(self.account, db, identifier)
        try:
            typed = {name: str(value) for name, value in data.items()}
            return {"location": visitor.pay(self.account.address, session, typed)}
        except visitor.StayedError as error:
            raise ApiError(str(error), status=error.status) from error

    def _settle(self, identifier: str, data: Body) -> Body:
        outcome = data.get("outcome", "succeed")
        if outcome not in ("succeed", "fail"):
            raise ApiError("outcome must be succeed or fail", param="outcome")
        with self.account.storage.transaction() as db:
            session = sessions.get(self.account, db, identifier)
            return public(payments.settle(self.account, db, session, succeeds=outcome == "succeed"))

    def _refund(self, identifier: str, data: Body) -> Body:
        with self.account.storage.transaction() as db:
            params = {**data, "payment_intent": sessions.get(self.account, db, identifier)["payment_intent"]}
            return payments.refund(self.account, db, params, NOBODY)

    def _set_refunds(self, data: Body) -> Body:
        if not isinstance(wait := data.get("wait", False), bool):
            raise ApiError("wait must be true or false", param="wait")
        self.account.refunds_wait = wait
        return {"wait": wait}

    def _succeed_refund(self, identifier: str, _data: Body) -> Body:
        with self.account.storage.transaction() as db:
            return public(payments.succeed_refund(self.account, db, identifier))

    def _fail_refund(self, identifier: str, _data: Body) -> Body:
        with self.account.storage.transaction() as db:
            return public(payments.fail_refund(self.account, db, identifier))

    def _dispute(self, identifier: str, data: Body) -> Body:
        with self.account.storage.transaction() as db:
            params = {**data, "payment_intent": sessions.get(self.account, db, identifier)["payment_intent"]}
            return payments.dispute(self.account, db, params)

    def _advance_dispute(self, identifier: str, status: str, _data: Body) -> Body:
        with self.account.storage.transaction() as db:
            return payments.advance_dispute(self.account, db, identifier, status)

    # --- Events and webhooks -----------------------------------------------------------------------------
    def _events(self, _data: Body) -> list[Body]:
        return [event | {"webhook": state} for event, state in self._events_with_states()]

    def _events_with_states(self) -> list[tuple[Body, str]]:
        with self.account.storage.transaction() as db:
            events, _more = db.page("event", Page(LATEST), {})
            rows = db.rows(
                "SELECT event, state, attempts FROM delivery ORDER BY rowid DESC LIMIT ?", 2 * LATEST
            )
        states = {row["event"]: (row["state"], row["attempts"]) for row in rows}
        return [(event, _state(*states.get(event["id"], ("not sent", 0)))) for event in events]

    def _deliveries(self, data: Body) -> list[Body]:
        return self.deliverer.log(data.get("event"))

    def _resend(self, identifier: str, data: Body) -> list[Body]:
        times = data.get("times", 1)
        if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_AT_ONCE:
            raise ApiError(f"times must be a whole number from 1 to {MOST_AT_ONCE}", param="times")
        with self.account.storage.transaction() as db:
            if db.find(identifier, "event") is None:
                raise no_such("event", identifier)
        return [asdict(outcome) for outcome in self.deliverer.attempt_all([identifier] * times)]

    def _webhooks(self, _data: Body) -> Body:
        return {
            "url": self.deliverer.address(),
            "on_hold": self.deliverer.on_hold,
            "waiting": self.deliverer.waiting(),
            "events": self.account.enabled_events,
        }

    def _set_webhooks(self, data: Body) -> Body:
        if "url" in data:
            url = data["url"]
            if url is not None:
                check_address(str(url), "url")
            self.set_webhook_url(url)
        if "events" in data:
            names = list(SHOP_EVENTS) if data["events"] is None else data["events"]
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise ApiError("events must be a list of names", param="events")
            self.account.enabled_events = names
        if "on_hold" in data:
            self.deliverer.on_hold = data["on_hold"] in (True, "true")
        return self._webhooks({})

    def _deliver(self, _data: Body) -> list[Body]:
        waiting = self.deliverer.waiting()
        outcomes = self.deliverer.attempt_all(waiting)
        pairs = zip(waiting, outcomes, strict=True)
        return [{"event": event, **asdict(outcome)} for event, outcome in pairs]

    # --- Time --------------------------------------------------------------------------------------------
    def _set_clock(self, data: Body) -> Body:
        """Set Stripe's clock and the delay of delayed payments; what is left out is as usual."""
        if "now" in data and "ahead" in data:
            raise ApiError("Give now, which stops the clock, or ahead, which does not.", param="ahead")
        now = _number(data, "now", None, 0, LATEST_TIME)
        ahead = _number(data, "ahead", 0, -FURTHEST_AHEAD, FURTHEST_AHEAD)
        settle_after = _number(data, "settle_after", SETTLE_AFTER, 0, FURTHEST_AHEAD)
        self.account.clock = time.time if now is None else lambda: now
        self.account.ahead, self.account.settle_after = ahead, settle_after
        payments.end_due(self.account)
        return {"now": self.account.time(), "ahead": ahead, "settle_after": settle_after}

    # --- Faults ------------------------------------------------------------------------------------------
    def _faults(self, _data: Body) -> list[Body]:
        return self.faults.listed()

    def _add_fault(self, data: Body) -> Body:
        if unknown := set(data) - {"operation", "kind", "seconds", "times"}:
            raise ApiError(f"A fault has no {', '.join(sorted(unknown))}.")
        fault = self.faults.add(
            operation=data.get("operation", "any"),
            kind=data.get("kind", ""),
            seconds=data.get("seconds", faults.Fault.seconds),
            times=data.get("times", faults.Fault.times),
        )
        return asdict(fault)

    def _clear_faults(self, _data: Body) -> list[Body]:
        self.faults.clear()
        return []

    # --- The page ----------------------------------------------------------------------------------------
    def _page(self) -> Response:
        on_hold = self.deliverer.on_hold
        held = ", and webhooks are held back" if on_hold else ""
        address = self.deliverer.address() or "not set"
        body = [
            tag("h1", "Sandbox"),
            tag(
                "p",
                f"Stripe’s stand-in, version {API_VERSION}. The shop’s webhook address is {address}{held}.",
            ),
            _button(
                "webhooks",
                "Let webhooks go" if on_hold else "Hold webhooks back",
                on_hold="false" if on_hold else "true",
            ),
            _button("webhooks/deliver", "Deliver all waiting webhooks now"),
            _table(
                "Session Made Total State Do",
                [_session_row(session) for session in self._latest(sessions.KIND)[:SHOWN]],
            ),
            _table(
                "Event Made Type Webhook Do",
                [_event_row(event, state) for event, state in self._events_with_states()[:SHOWN]],
            ),
            tag("h2", "Addresses for tests"),
            tag("p", "Bodies are JSON. They answer to this machine only."),
            tag("dl", *(tag("div", tag("dt", name), tag("dd", text)) for name, text in ADDRESSES.items())),
        ]
        return page("Sandbox", tag("main", *body, class_="control"))


def _data(request: Request) -> tuple[Body, bool]:
    """Return what was sent, and whether a browser's form sent it."""
    if request.method == "GET":
        return {name: values[-1] for name, values in parse_qs(request.query).items()}, False
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return request.fields(), True
    try:
        data = json.loads(request.body or b"{}")
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise ApiError("The body must be an object in JSON.")
    return data, False


def _number(data: Body, name: str, default: float | None, least: float, most: float) -> Any:
    value = data.get(name, default)
    if value is None and default is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ApiError(f"{name} must be a number of seconds from {least} to {most}", param=name)
    return value


def _state(state: str, attempts: int) -> str:
    return state if attempts <= 1 else f"{state}, {attempts} attempts"


def _made(body: Body) -> str:
    return datetime.fromtimestamp(body["created"], UTC).strftime("%Y-%m-%d %H:%M:%S")


def _button(action: str, text: str, **fields: str) -> Html:
    """Return a form of one button that sends these fields."""
    hidden = [tag("input", type="hidden", name=name, value=value) for name, value in fields.items()]
    button = tag("button", text, type="submit")
    return tag("form", *hidden, button, method="post", action=f"{PREFIX}{action}")


def _table(heads: str, rows: list[list[str]]) -> Html:
    head = tag("tr", *(tag("th", name) for name in heads.split()))
    return tag(
        "table",
        tag("thead", head),
        tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows)),
    )


def _session_row(session: Body) -> list[str]:
    name, actions = session["id"], NOTHING
    state = session["status"]
    if state == "open":
        actions = _button(f"sessions/{name}/expire-now", "Expire now")
    elif state == "complete":
        state = f"complete, {session['payment_status'].replace('_', ' ')}"
    if session.get("_settle_at") is not None:
        state = "complete, bank debit under way"
        succeed = _button(f"sessions/{name}/settle", "Debit succeeds", outcome="succeed")
        actions = Html(succeed + _button(f"sessions/{name}/settle", "Debit fails", outcome="fail"))
    link = tag("a", f"{name[:20]}…", href=f"/c/pay/{name}")
    total = currencies.written(session["amount_total"], session["currency"])
    return [link, _made(session), total, state, actions]


def _event_row(event: Body, state: str) -> list[str]:
    button = _button(f"events/{event['id']}/resend", "Send again")
    return [f"{event['id'][:14]}…", _made(event), event["type"], state, button]
