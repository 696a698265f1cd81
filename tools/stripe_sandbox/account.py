"""The account that the sandbox plays: what every part needs to act, and nothing of what it does."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tools.stripe_sandbox import conformity, events
from tools.stripe_sandbox.events import NOBODY, Cause
from tools.stripe_sandbox.storage import Body, Records, Storage

SETTLE_AFTER = 20


@dataclass
class Account:
    """A Stripe account for tests."""

    storage: Storage
    clock: Callable[[], float]  # of this machine, unless a test sets or stops it
    url: str  # where browsers reach the sandbox
    shop_name: str
    webhook_url: str | None = None  # of the shop
    enabled_events: list[str] = field(default_factory=lambda: list(events.SHOP_EVENTS))  # sent to the shop
    settle_after: float = SETTLE_AFTER  # seconds until a delayed payment is settled
    refunds_wait: bool = False  # new refunds are pending until somebody decides
    tax_fails: bool = False  # Stripe Tax works nothing out, in sessions made from now on
    checks_itself: bool = True  # what it answers and tells, by the SDK's types
    ahead: float = 0  # seconds by which Stripe's clock is ahead; behind when negative

    def time(self) -> float:
        """Return the time by Stripe's clock."""
        return self.clock() + self.ahead

    def now(self) -> int:
        """Return the time by Stripe's clock, in whole seconds as everywhere at Stripe."""
        return int(self.time())

    def signing_time(self) -> int:
        """Return the time that webhooks are signed with: where the clock is stopped, they are still sent now."""
        return int(time.time() + self.ahead)

    def tell(self, db: Records, name: str, body: Body, cause: Cause = NOBODY) -> None:
        """Record an event."""
        event = events.record(db, name, body, self.time(), cause, self.enabled_events)
        if self.checks_itself:
            conformity.check(event)
