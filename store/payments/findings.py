"""What staff are told of payments, line by line: how it stands and what to do."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from store.models import PaymentAlarm


class Level(IntEnum):
    """How a line is meant."""

    RIGHT = 0
    NOTE = 1
    WRONG = 2


@dataclass(frozen=True)
class Line:
    """What was found, and what to do."""

    words: str
    level: Level = Level.RIGHT
    to_do: str = ""

    @property
    def in_a_list(self) -> str:
        """What was found, with its subject: among lines about other things."""
        return self.words


@dataclass(frozen=True, kw_only=True)
class Finding(Line):
    """How one kind of thing stands, and where staff see more of it."""

    kind: PaymentAlarm.Kind
    since: datetime | None = None
    url: str = ""

    @property
    def in_a_list(self) -> str:
        return f"{self.kind.label}: {self.words}"

    @property
    def is_wrong(self) -> bool:
        """Somebody has to do something."""
        return self.level == Level.WRONG
