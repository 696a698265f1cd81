"""Faults of webhooks: what may go wrong between an event and the shop, on order for the next events.

Each hits one attempt to carry an event; an attempt that fails is followed by others, without it unless it is to strike
again. Whatever is not told to go wrong goes right.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from tools.stripe_sandbox import forgeries, values
from tools.stripe_sandbox.events import signature
from tools.stripe_sandbox.faults import MOST_TIMES, Queue
from tools.stripe_sandbox.messages import json_bytes
from tools.stripe_sandbox.storage import Body

OLD_SECRET = "whsec_an_old_secret"  # noqa: S105 - what a shop still knows, or no longer
MOST_COPIES = 100
LONGEST_DELAY = 7 * 24 * 60 * 60
LONGEST_SECRET, LONGEST_NAME = 200, 100
# Each kind, and what may be said about it.
KINDS: dict[str, tuple[str, ...]] = {
    "duplicate": ("copies",),
    "concurrent": ("copies",),
    "delayed": ("seconds",),
    "dropped": (),
    "badly_signed": (),
    "old_secret": ("secret",),
    "two_secrets": ("secret",),
    "stale": ("seconds",),
    "malformed": ("shape",),
}


@dataclass
class WebhookFault:
    """What goes wrong with the next events of some types."""

    kind: str
    events: str = "*"  # a pattern of their types
    times: int = 1
    copies: int = 2
    seconds: float = 600
    secret: str = OLD_SECRET
    shape: str = "not_json"


def told_of(kind: str) -> tuple[str, ...]:
    """Return what may be said about a fault of this kind."""
    return ("kind", "events", "times", *KINDS[kind])


CHECKS: dict[str, Callable[[Any], Any]] = {
    "kind": lambda value: values.word("kind", value, KINDS),
    "events": lambda value: values.text("events", value, LONGEST_NAME),
    "times": lambda value: values.whole("times", value, 1, MOST_TIMES),
    "copies": lambda value: values.whole("copies", value, 1, MOST_COPIES),
    "seconds": lambda value: values.number("seconds", value, 0, LONGEST_DELAY),
    "secret": lambda value: values.text("secret", value, LONGEST_SECRET),
    "shape": lambda value: values.word("shape", value, forgeries.MALFORMED),
}


class WebhookFaults(Queue[WebhookFault]):
    """The faults of webhooks still to come."""

    def add(self, **given: Any) -> WebhookFault:
        """Order a fault: `kind`, and of `events`, `times`, `copies`, `seconds`, `secret`, `shape` what it takes."""
        kind = CHECKS["kind"](given.get("kind"))
        values.known(given, told_of(kind))
        return self.put(WebhookFault(**{name: CHECKS[name](value) for name, value in given.items()}))

    def take(self, name: str) -> WebhookFault | None:
        """Return the fault that hits an event of this type, if any."""
        return self.take_first(lambda fault: fnmatch(name, fault.events))


@dataclass(frozen=True)
class Message:
    """What is posted to the shop: the bytes, and the header that signs them."""

    payload: bytes
    signature: str


def written(event: Body, fault: WebhookFault | None, secrets: list[str], now: int) -> Message:
    """Return an event as it is posted, changed by what goes wrong with it."""
    payload, at = json_bytes(event), now
    match fault:
        case WebhookFault(kind="malformed"):
            payload = forgeries.malformed(fault.shape, event)
        case WebhookFault(kind="badly_signed"):
            secrets = [f"{secret}, but not this one" for secret in secrets]
        case WebhookFault(kind="old_secret"):
            secrets = [fault.secret]
        case WebhookFault(kind="two_secrets"):
            secrets = [fault.secret, *secrets]
        case WebhookFault(kind="stale"):
            at = now - int(fault.seconds)
    return Message(payload, signature(payload, secrets, at))
