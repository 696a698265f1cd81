"""The account that the sandbox plays: what every part needs to act, and nothing of what it does."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tools.stripe_sandbox import events
from tools.stripe_sandbox.events import NOBODY, Cause
from tools.stripe_sandbox.storage import Body, Records, Storage

SETTLE_AFTER = 20


@dataclass
class Account:
    """A Stripe account for tests."""

    storage: Storage
    clock: Callable[[], float]
    address: str  # where browsers reach the sandbox
    shop_name: str
    webhook_url: str | None = None  # of the shop
    enabled_events: list[str] = field(default_factory=lambda: list(events.SHOP_EVENTS))  # sent to the shop
    settle_after: float = SETTLE_AFTER  # seconds until a delayed payment is settled
    refunds_wait: bool = False  # new refunds are pending until somebody decides

    def now(self) -> int:
        """Return the time that sessions live by, in whole seconds as everywhere at Stripe."""
        return int(self.clock())

    def tell(self, db: Records, name: str, body: Body, cause: Cause = NOBODY) -> None:
        """Record an event."""
        events.record(db, name, body, self.clock(), cause, self.enabled_events)
