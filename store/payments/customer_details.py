"""The customer's details as typed on the payment page, sanitised: one line, bounded, nothing a database refuses.

Text is shortened, never refused: no payment is lost because of a telephone number.
"""

import unicodedata
from typing import Any

# Of the order's columns; an address is kept as JSON, which has no limit of its own.
NAME_LENGTH, PHONE_LENGTH, ADDRESS_LINE_LENGTH = 200, 40, 200
# Control characters, NUL among them, and halves of characters: PostgreSQL stores neither.
_UNFIT = frozenset({"Cc", "Cs"})


def one_line(value: Any, most: int) -> str:
    """Return a text as one line of at most so many characters."""
    fit = "".join(" " if unicodedata.category(char) in _UNFIT else char for char in str(value or ""))
    return " ".join(fit.split())[:most].strip()


def address(holder: dict[str, Any]) -> dict[str, str]:
    """Return a postal address from Stripe's object; empty when none was given."""
    lines = {
        name: one_line(value, ADDRESS_LINE_LENGTH) for name, value in (holder.get("address") or {}).items()
    }
    lines = {name: line for name, line in lines.items() if line}
    return {"name": one_line(holder.get("name"), NAME_LENGTH), **lines} if lines else {}
