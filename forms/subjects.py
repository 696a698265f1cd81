"""What a message can be about: another app's things, which it contributes by hook (`register_message_subjects`).

A page links to a form with `?about=KIND:KEY`; the form names the thing, and the message keeps its kind, key and name.
The form is sent to the same URL, so the link is read again: nothing of it is in the form.
"""

from dataclasses import dataclass

from home.hooks import collect
from home.message_subjects import SubjectKind

__all__ = ["Subject", "SubjectKind", "find", "kinds"]

LONGEST = 100  # characters of a parameter
LONGEST_NAME = 255


@dataclass(frozen=True)
class Subject:
    """What a message is about; without a kind it is about nothing that is known."""

    kind: str = ""
    key: str = ""
    name: str = ""
    page_url: str = ""


def kinds() -> dict[str, SubjectKind]:
    """Return every kind that an app contributes, by name."""
    found: list[SubjectKind] = collect("register_message_subjects", key=lambda kind: kind.kind)
    return {kind.kind: kind for kind in found}


def find(about: str) -> Subject:
    """Return what `KIND:KEY` names."""
    name, colon, key = about.partition(":")
    kind = kinds().get(name) if colon and key and len(about) <= LONGEST else None
    found = kind.find(key) if kind else None
    if not kind or not found:
        return Subject()
    return Subject(name, found[0], found[1][:LONGEST_NAME], kind.page_url(found[0]))
