"""Turns canonical markup into blocks of the editor."""

from typing import Any


def to_blocks(html: str) -> list[tuple[str, Any]]:
    """Give the markup as blocks."""
    return [("imported", html)]
