"""How long something lasts: read from the words of a declaration, and written in words."""

import re

MINUTE, HOUR, DAY = 60, 3600, 86_400
# The longest that a unit can be: what is declared in words is held against seconds.
UNITS = {"second": 1, "minute": MINUTE, "hour": HOUR, "day": DAY, "week": 7 * DAY, "month": 31 * DAY}
UNITS["year"] = 366 * DAY
SESSION = 0.0  # how long something lasts that goes when the browser is closed
FOR_EVER = float("inf")  # and what stays until somebody removes it

_DURATION = re.compile(rf"(?<![\w.,])(\d{{1,6}}(?:[.,]\d+)?|an?|one)[\s-]*({'|'.join(UNITS)})s?\b")


def lifetime(words: str) -> float | None:
    """Read how long something is declared to last, in seconds; None where the words say no number."""
    plain = words.lower()
    if parts := _DURATION.findall(plain):
        return sum((1.0 if n.isalpha() else float(n.replace(",", "."))) * UNITS[unit] for n, unit in parts)
    return SESSION if "session" in plain else None


def in_words(seconds: float) -> str:
    """Return how long something lasts, roughly."""
    if seconds == FOR_EVER:
        return "stays until it is removed"
    for size, unit in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes")):
        if seconds >= 2 * size:
            return f"lasts {seconds / size:.0f} {unit}"
    return f"lasts {seconds:.0f} seconds"
