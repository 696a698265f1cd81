"""Reads the body of an event that Stripe signed. Strictly: a signature says who wrote it, not what it says.

Only ids, kinds and times are read; what happened is asked of Stripe again.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

Value = TypeVar("Value")
# The kinds of object that we may have to do with. Stripe makes their ids; of others, a trader types some.
KINDS = frozenset({"checkout.session", "payment_intent", "charge", "refund", "dispute"})
_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_NAME = re.compile(r"[!-~]+")  # no space, no control character, nothing that a database refuses
_LATEST = 4_102_444_800  # the year 2100, in seconds


class MalformedError(ValueError):
    """A body that Stripe signed is not an event."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What an event says that it is about. Ids are empty where it names none, or an object of another kind."""

    id: str
    type: str
    livemode: bool
    created_at: datetime
    object_kind: str
    object_id: str
    payment_intent_id: str


def read(payload: bytes) -> Event:
    """Read a body. Raises MalformedError, whose words repeat nothing of it."""
    try:
        body = json.loads(payload.decode())
    except (ValueError, RecursionError) as error:
        raise MalformedError("It is not JSON.") from error
    if not isinstance(body, dict) or body.get("object") != "event":
        raise MalformedError("It is not an event.")
    about = _typed(_typed(body, "data", dict), "object", dict)
    kind = _name(about, "object") if "object" in about else ""
    object_id, payment_intent_id = _ids(about, kind) if kind in KINDS else ("", "")
    if not (event_id := _id(body, "id")):
        raise MalformedError("It has no id.")
    return Event(
        id=event_id,
        type=_name(body, "type"),
        livemode=_typed(body, "livemode", bool),
        created_at=_moment(body, "created"),
        object_kind=kind,
        object_id=object_id,
        payment_intent_id=payment_intent_id,
    )


def _ids(about: dict[str, Any], kind: str) -> tuple[str, str]:
    """Return the ids of an object and of its payment."""
    object_id = _id(about, "id")
    if kind == "payment_intent":
        return object_id, object_id
    payment = about.get("payment_intent")
    return object_id, _id(payment, "id") if isinstance(payment, dict) else _id(about, "payment_intent")


def _typed(owner: dict[str, Any], key: str, kind: type[Value]) -> Value:
    value = owner.get(key)
    if type(value) is not kind:  # to Python, a bool is an int
        message = f"{key} is not a {kind.__name__}."
        raise MalformedError(message)
    return value


def _id(owner: dict[str, Any], key: str) -> str:
    """Return an id; empty where there is none."""
    value = owner.get(key)
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        message = f"{key} is not an id."
        raise MalformedError(message)
    return value


def _name(owner: dict[str, Any], key: str) -> str:
    value = _typed(owner, key, str)
    if not _NAME.fullmatch(value):
        message = f"{key} is not a name."
        raise MalformedError(message)
    return value


def _moment(owner: dict[str, Any], key: str) -> datetime:
    seconds = _typed(owner, key, int)
    if not 0 <= seconds < _LATEST:
        message = f"{key} is not a time."
        raise MalformedError(message)
    return datetime.fromtimestamp(seconds, UTC)
