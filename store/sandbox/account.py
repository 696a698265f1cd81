"""The account that the sandbox plays: what every part needs to act, and nothing of what it does."""

from collections.abc import Callable
from dataclasses import dataclass

from store.sandbox.events import NOBODY, Cause, Recorder
from store.sandbox.storage import Body, Records, Storage


@dataclass
class Account:
    """A Stripe account for tests."""

    storage: Storage
    recorder: Recorder
    clock: Callable[[], float]
    address: str  # where browsers reach the sandbox
    shop_name: str
    settle_after: float  # seconds until a delayed payment is settled

    def now(self) -> int:
        """Return the time that sessions live by, in whole seconds as everywhere at Stripe."""
        return int(self.clock())

    def tell(self, db: Records, name: str, body: Body, cause: Cause = NOBODY) -> None:
        """Record an event."""
        self.recorder.record(db, name, body, self.clock(), cause)
