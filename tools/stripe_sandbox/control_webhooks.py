"""The controls of events and webhooks: which are sent, when, in which order, how often, and what goes wrong."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from tools.stripe_sandbox import delivery, forgeries, values
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.control_urls import ID, LATEST
from tools.stripe_sandbox.errors import ApiError, no_such
from tools.stripe_sandbox.events import SHOP_EVENTS
from tools.stripe_sandbox.limits import check_url
from tools.stripe_sandbox.messages import json_bytes
from tools.stripe_sandbox.storage import Body, Page, public
from tools.stripe_sandbox.webhook_faults import LONGEST_SECRET

MOST_AT_ONCE = 100
MOST_SECRETS = 5
BIGGEST_SEED = 2**63 - 1


class WebhookControls:
    """Acts on what is carried to the shop."""

    def __init__(self, account: Account, deliverer: delivery.Deliverer) -> None:
        self.account = account
        self.deliverer = deliverer
        self.routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", "events", self._events),
            ("GET", "deliveries", self._deliveries),
            ("POST", f"events/{ID}/resend", self._resend),
            ("GET", "webhooks", self._webhooks),
            ("POST", "webhooks", self._set_webhooks),
            ("POST", "webhooks/deliver", self._deliver),
            ("POST", "webhooks/forge", self._forge),
            ("GET", "webhooks/faults", self._faults),
            ("POST", "webhooks/faults", self._add_fault),
            ("DELETE", "webhooks/faults", self._clear_faults),
            ("POST", "webhooks/faults/clear", self._clear_faults),
        ]

    def _events(self, _data: Body) -> list[Body]:
        return [event | {"webhook": state} for event, state in self.events_with_states()]

    def events_with_states(self) -> list[tuple[Body, str]]:
        """Return the newest events, and what became of each."""
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
        times = values.whole("times", data.get("times", 1), 1, MOST_AT_ONCE)
        with self.account.storage.transaction() as db:
            if db.find(identifier, "event") is None:
                raise no_such("event", identifier)
        return [asdict(outcome) for outcome in self.deliverer.attempt_all([identifier] * times)]

    def _webhooks(self, _data: Body) -> Body:
        return {
            "url": self.deliverer.url(),
            "on_hold": self.deliverer.on_hold,
            "waiting": self.deliverer.waiting(),
            "events": self.account.enabled_events,
            "secrets": len(self.deliverer.secrets),
            "faults": self.deliverer.faults.listed(),
        }

    def _set_webhooks(self, data: Body) -> Body:
        if "url" in data:
            url = data["url"]
            if url is not None:
                check_url(str(url), "url")
            self.account.webhook_url = url
        if "events" in data:
            names = list(SHOP_EVENTS) if data["events"] is None else data["events"]
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise ApiError("events must be a list of names", param="events")
            self.account.enabled_events = names
        if "on_hold" in data:
            self.deliverer.on_hold = values.flag("on_hold", data["on_hold"])
        if "secrets" in data:
            self._set_secrets(data["secrets"])
        return self._webhooks({})

    def _set_secrets(self, secrets: Any) -> None:
        """Sign with these from now on, as while one is exchanged for the other; None: as at the start."""
        if secrets is None:
            secrets = list(self.deliverer.usual_secrets)
        if not isinstance(secrets, list) or not 1 <= len(secrets) <= MOST_SECRETS:
            raise ApiError(f"secrets must be a list of 1 to {MOST_SECRETS} texts", param="secrets")
        self.deliverer.secrets = [values.text("secrets", secret, LONGEST_SECRET) for secret in secrets]

    def _deliver(self, data: Body) -> list[Body]:
        values.known(data, ("order", "seed"))
        order = values.word("order", data.get("order", "together"), delivery.ORDERS)
        seed = values.whole("seed", data.get("seed", 0), 0, BIGGEST_SEED)
        carried = self.deliverer.attempt_in_order(order, seed)
        return [{"event": event, **asdict(outcome)} for event, outcome in carried]

    # --- What goes wrong ---------------------------------------------------------------------------------
    def _forge(self, data: Body) -> Body:
        """Send what is none of the shop's, now and once; answer what the shop answered."""
        values.known(data, ("kind", "shape"))
        kind = values.word("kind", data.get("kind"), ("foreign", "malformed"))
        shapes = forgeries.FOREIGN if kind == "foreign" else forgeries.MALFORMED
        shape = values.word("shape", data.get("shape", shapes[0]), shapes)
        if shape == "other_shop":
            with self.account.storage.transaction() as db:
                return {"session": public(forgeries.other_shop(self.account, db))["id"]}
        event = forgeries.foreign("live" if shape == "live" else "other_account", self.account)
        payload = json_bytes(event) if kind == "foreign" else forgeries.malformed(shape, event)
        return asdict(self.deliverer.send(payload, f"{kind}: {shape.replace('_', ' ')}"))

    def _faults(self, _data: Body) -> list[Body]:
        return self.deliverer.faults.listed()

    def _add_fault(self, data: Body) -> Body:
        return asdict(self.deliverer.faults.add(**data))

    def _clear_faults(self, _data: Body) -> list[Body]:
        self.deliverer.faults.clear()
        return []


def _state(state: str, attempts: int) -> str:
    return state if attempts <= 1 else f"{state}, {attempts} attempts"
