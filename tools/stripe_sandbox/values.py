"""What people and tests hand to the controls: taken if it can be meant, else refused with what it may be."""

from collections.abc import Collection, Mapping
from typing import Any

from tools.stripe_sandbox.errors import ApiError


def known(data: Mapping[str, Any], names: Collection[str]) -> None:
    """Refuse what nobody would look at."""
    if unknown := sorted(set(data) - set(names)):
        listed = ", ".join(sorted(names)) or "nothing"
        raise ApiError(f"{', '.join(unknown)} is not known here; known is {listed}", param=unknown[0])


def number(name: str, value: Any, least: float, most: float) -> float:
    """Return a number between two others."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ApiError(f"{name} must be a number from {least} to {most}", param=name)
    return value


def whole(name: str, value: Any, least: int, most: int) -> int:
    """Return a whole number between two others."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ApiError(f"{name} must be a whole number from {least} to {most}", param=name)
    return value


def word(name: str, value: Any, words: Collection[str]) -> str:
    """Return one of some words."""
    if not isinstance(value, str) or value not in words:
        raise ApiError(f"{name} must be one of {', '.join(words)}", param=name)
    return value


def text(name: str, value: Any, longest: int) -> str:
    """Return a text that is there and not too long."""
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise ApiError(f"{name} must be a text of 1 to {longest} characters", param=name)
    return value


def flag(name: str, value: Any) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise ApiError(f"{name} must be true or false", param=name)
    return value
