"""Carries events to the shop's webhook URL, signed, again and again until it answers with success.

What is still to be carried stands in the database: a restart goes on where the process ended. It knows nothing of
what the events mean. Like Stripe it promises neither order nor that an event comes only once.
"""

import http.client
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.events import signature
from tools.stripe_sandbox.storage import Body, Records
from tools.stripe_sandbox.webhook_faults import Message, WebhookFault, WebhookFaults, written

logger = logging.getLogger("stripe_sandbox")

RETRY_DELAYS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0)  # seconds; then it is given up
ANSWER_WITHIN = 10.0
AT_ONCE = 8  # events under way at the same time
LOOK_EVERY = 0.5
ORDERS = ("together", "oldest", "newest", "shuffled")


@dataclass(frozen=True)
class Outcome:
    """How one attempt went: the status that was answered, or the reason why none was."""

    status: int | None
    error: str
    milliseconds: int

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - what HTTP calls success


def post_event(url: str, payload: bytes, signed: str, within: float = ANSWER_WITHIN) -> Outcome:
    """Post an event and its signature once; redirects are not followed."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    started = time.monotonic()
    status, error = None, ""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (sandbox)",
        "Stripe-Signature": signed,
    }
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=within)
        try:
            path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            connection.request("POST", path, payload, headers)
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as problem:
        error = f"{type(problem).__name__}: {problem}"
    return Outcome(status, error, round((time.monotonic() - started) * 1000))


def side_by_side(acts: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """Do things at the same time, one thread each."""
    outcomes: list[Outcome | None] = [None] * len(acts)

    def act(place: int) -> None:
        outcomes[place] = acts[place]()

    threads = [threading.Thread(target=act, args=[place], daemon=True) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcome for outcome in outcomes if outcome is not None]


def _log(db: Records, event: str, outcome: Outcome) -> None:
    db.change(
        "INSERT INTO attempt (event, at, status, error, milliseconds) VALUES (?, ?, ?, ?, ?)",
        *(event, time.time(), outcome.status, outcome.error, outcome.milliseconds),
    )


class Deliverer:
    """Watches over the events that are to be carried."""

    def __init__(
        self,
        account: Account,
        secrets: Sequence[str],
        delays: tuple[float, ...] = RETRY_DELAYS,
    ) -> None:
        self.account = account
        self.storage = account.storage
        self.usual_secrets = tuple(secrets)
        self.secrets = list(secrets)
        self.delays = delays
        self.faults = WebhookFaults()
        self.on_hold = False
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._under_way: set[str] = set()
        self._thread = threading.Thread(target=self._watch, name="sandbox-deliveries", daemon=True)

    def url(self) -> str | None:
        """Return where events are carried to."""
        return self.account.webhook_url

    def start(self) -> None:
        """Begin to carry."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is under way is forgotten here and stays to be carried in the database."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """Look for new events now."""
        self._wake.set()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            if not self.on_hold and self.url():
                for event in self._due():
                    threading.Thread(target=self._carry, args=[event], daemon=True).start()
            self._wake.wait(self._pause())

    def _pause(self) -> float:
        with self.storage.transaction() as db:
            soonest = db.rows("SELECT MIN(due) AS due FROM delivery WHERE state = 'pending'")[0]["due"]
        # Whatever is due now is under way or on hold: its end wakes us.
        ahead = (soonest or 0) - time.time()
        return min(ahead, LOOK_EVERY) if ahead > 0 else LOOK_EVERY

    def _due(self) -> list[str]:
        """Return the events to be carried now, and note that they are under way."""
        query = "SELECT event FROM delivery WHERE state = 'pending' AND due <= ? ORDER BY due, rowid LIMIT 50"
        with self.storage.transaction() as db:
            due = [row["event"] for row in db.rows(query, time.time())]
        with self._lock:
            free = [event for event in due if event not in self._under_way]
            chosen = free[: max(0, AT_ONCE - len(self._under_way))]
            self._under_way.update(chosen)
        return chosen

    def _carry(self, event: str) -> None:
        try:
            self.attempt(event)
        except Exception:
            if not self._stopping.is_set():
                logger.exception("carrying %s failed", event)
        finally:
            with self._lock:
                self._under_way.discard(event)
            self._wake.set()

    def attempt(self, event: str) -> Outcome:
        """Carry an event now, whatever its state; write down how it went, and return it."""
        url, body = self.url(), self._read(event)
        if body is None or url is None:
            return Outcome(None, "no such event" if url else "no webhook URL is set", 0)
        fault = self.faults.take(body["type"])
        if fault and fault.kind in ("dropped", "delayed"):
            return self._put_off(event, fault)
        copies = fault.copies if fault and fault.kind in ("duplicate", "concurrent") else 1
        message = self._written(body, fault)
        if fault and fault.kind == "concurrent":
            return side_by_side([lambda: self._post(url, body, message)] * copies)[-1]
        return [self._post(url, body, message) for _ in range(copies)][-1]

    def messages(self, event: str) -> list[Message]:
        """Return what an attempt would post, for tests that carry it themselves; faults strike here, too."""
        body = self._read(event)
        fault = self.faults.take(body["type"]) if body else None
        if body is None or (fault and fault.kind == "dropped"):
            return []
        copies = fault.copies if fault and fault.kind in ("duplicate", "concurrent") else 1
        return [self._written(body, fault)] * copies

    def _read(self, event: str) -> Body | None:
        with self.storage.transaction() as db:
            return db.find(event, "event")

    def _written(self, body: Body, fault: WebhookFault | None = None) -> Message:
        return written(body, fault, self.secrets, self.account.signing_time())

    def _post(self, url: str, body: Body, message: Message) -> Outcome:
        outcome = post_event(url, message.payload, message.signature)
        if not self._stopping.is_set():
            self._write_down(body["id"], outcome)
            logger.info("webhook %s %s %s", body["type"], body["id"], outcome.status or outcome.error)
        return outcome

    def _put_off(self, event: str, fault: WebhookFault) -> Outcome:
        """Leave an event where it is: for ever, or for some time."""
        dropped = fault.kind == "dropped"
        with self.storage.transaction() as db:
            query = "UPDATE delivery SET state = ?, due = ? WHERE event = ? AND state <> 'delivered'"
            due = time.time() + fault.seconds
            db.change(query, "dropped" if dropped else "pending", due, event)
        return Outcome(None, "dropped on order" if dropped else f"delayed by {fault.seconds:g} seconds", 0)

    def _write_down(self, event: str, outcome: Outcome) -> None:
        now = time.time()
        with self.storage.transaction() as db:
            _log(db, event, outcome)
            rows = db.rows("SELECT attempts FROM delivery WHERE event = ?", event)
            done = rows[0]["attempts"] if rows else 0
            if outcome.arrived:
                query = "UPDATE delivery SET state = 'delivered', attempts = attempts + 1 WHERE event = ?"
                db.change(query, event)
                if (body := db.find(event)) is not None:
                    db.save({**body, "pending_webhooks": 0}, status=body["type"])
                return
            state = "pending" if done < len(self.delays) else "given up"
            delay = self.delays[min(done, len(self.delays) - 1)] if self.delays else 0
            db.change(
                "UPDATE delivery SET state = ?, attempts = attempts + 1, due = ? "
                "WHERE event = ? AND state <> 'delivered'",
                *(state, now + delay, event),
            )

    # --- For tests and demonstrations --------------------------------------------------------------------
    def attempt_all(self, events: list[str]) -> list[Outcome]:
        """Carry events at the same time, one thread each; the same event may stand there often."""
        return side_by_side([lambda event=event: self.attempt(event) for event in events])  # type: ignore[misc]

    def attempt_in_order(self, order: str, seed: int = 0) -> list[tuple[str, Outcome]]:
        """Carry what waits: together, or one after the other in one of the orders."""
        waiting = self.waiting()
        if order == "together":
            return list(zip(waiting, self.attempt_all(waiting), strict=True))
        match order:
            case "newest":
                waiting.reverse()
            case "shuffled":
                random.Random(seed).shuffle(waiting)  # noqa: S311 - the same order for the same seed
        return [(event, self.attempt(event)) for event in waiting]

    def send(self, payload: bytes, name: str) -> Outcome:
        """Sign bytes that are none of our events and carry them once; the log shows them by a name."""
        url = self.url()
        if url is None:
            return Outcome(None, "no webhook URL is set", 0)
        signed = signature(payload, self.secrets, self.account.signing_time())
        outcome = post_event(url, payload, signed)
        with self.storage.transaction() as db:
            _log(db, name, outcome)
        return outcome

    def waiting(self) -> list[str]:
        """Return the events still to be carried."""
        with self.storage.transaction() as db:
            rows = db.rows("SELECT event FROM delivery WHERE state = 'pending' ORDER BY due, rowid")
        return [row["event"] for row in rows]

    def under_way(self) -> list[str]:
        """Return the events that are being carried."""
        with self._lock:
            return sorted(self._under_way)

    def log(self, event: str | None = None) -> list[dict[str, Any]]:
        """Return every attempt, of one event or of all, the newest first."""
        query = "SELECT event, at, status, error, milliseconds FROM attempt"
        query += " WHERE event = ?" if event else " WHERE ? IS NULL"
        with self.storage.transaction() as db:
            return [dict(row) for row in db.rows(f"{query} ORDER BY seq DESC LIMIT 500", event)]
