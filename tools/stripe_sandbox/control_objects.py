"""The controls of sessions, refunds and disputes: what shoppers, banks and the dashboard would do to them."""

from collections.abc import Callable
from typing import Any

from tools.stripe_sandbox import delayed, payments, sessions, values, visitor
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.control_urls import ID, LATEST
from tools.stripe_sandbox.errors import ApiError, wrong_state
from tools.stripe_sandbox.events import NOBODY
from tools.stripe_sandbox.storage import Body, Page, Records, public

SETTLEMENTS = ("succeed", "fail", "cancel", "part")
BIGGEST_AMOUNT = 10**12


class ObjectControls:
    """Acts on what the account holds."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", "sessions", self._sessions),
            ("POST", f"sessions/{ID}/expire-now", self._expire_now),
            ("POST", f"sessions/{ID}/pay", self._pay),
            ("POST", f"sessions/{ID}/settle", self.settle),
            ("POST", f"sessions/{ID}/refund", self._refund),
            ("POST", f"sessions/{ID}/dispute", self._dispute),
            ("POST", f"disputes/{ID}/(under_review|won|lost)", self._advance_dispute),
            ("POST", "refunds", self._set_refunds),
            ("POST", f"refunds/{ID}/succeed", self._succeed_refund),
            ("POST", f"refunds/{ID}/fail", self._fail_refund),
        ]

    def _sessions(self, _data: Body) -> list[Body]:
        return [public(session) for session in self.latest(sessions.KIND)]

    def latest(self, kind: str) -> list[Body]:
        """Return the newest objects of a kind."""
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
            return {"location": visitor.pay(self.account.url, session, typed)}
        except visitor.StayedError as error:
            raise ApiError(str(error), status=error.status) from error

    def settle(self, identifier: str, data: Body) -> Body:
        """Decide a delayed payment."""
        values.known(data, ("outcome", "amount"))
        outcome = values.word("outcome", data.get("outcome", "succeed"), SETTLEMENTS)
        with self.account.storage.transaction() as db:
            session = sessions.get(self.account, db, identifier)
            if outcome == "cancel":
                return public(delayed.cancel(self.account, db, session))
            if outcome == "part":
                amount = values.whole("amount", data.get("amount"), 1, BIGGEST_AMOUNT)
                return public(delayed.fund_in_part(self.account, db, session, amount))
            return public(delayed.settle(self.account, db, session, succeeds=outcome == "succeed"))

    def _paid(self, db: Records, identifier: str) -> str:
        """Return the PaymentIntent of a session."""
        return sessions.get(self.account, db, identifier)["payment_intent"] or "none"

    def _refund(self, identifier: str, data: Body) -> Body:
        values.known(data, ("amount", "reason"))
        _amount(data)
        if "reason" in data:
            values.word("reason", data["reason"], payments.REFUND_REASONS)
        with self.account.storage.transaction() as db:
            params = {**data, "payment_intent": self._paid(db, identifier)}
            return payments.refund(self.account, db, params, NOBODY)

    def _set_refunds(self, data: Body) -> Body:
        wait = values.flag("wait", data.get("wait", False))
        self.account.refunds_wait = wait
        return {"wait": wait}

    def _succeed_refund(self, identifier: str, _data: Body) -> Body:
        with self.account.storage.transaction() as db:
            return public(payments.succeed_refund(self.account, db, identifier))

    def _fail_refund(self, identifier: str, _data: Body) -> Body:
        with self.account.storage.transaction() as db:
            return public(payments.fail_refund(self.account, db, identifier))

    def _dispute(self, identifier: str, data: Body) -> Body:
        values.known(data, ("amount", "reason", "inquiry"))
        _amount(data)
        values.word("reason", data.get("reason", payments.DISPUTE_REASONS[0]), payments.DISPUTE_REASONS)
        values.flag("inquiry", data.get("inquiry", False))
        with self.account.storage.transaction() as db:
            params = {**data, "payment_intent": self._paid(db, identifier)}
            return payments.dispute(self.account, db, params)

    def _advance_dispute(self, identifier: str, status: str, _data: Body) -> Body:
        with self.account.storage.transaction() as db:
            return payments.advance_dispute(self.account, db, identifier, status)


def _amount(data: Body) -> None:
    if "amount" in data:
        values.whole("amount", data["amount"], 1, BIGGEST_AMOUNT)
