"""Checks what the sandbox says by the SDK's own types: `stripe.checkout.Session` and its kin say what Stripe answers.

Every field is one that the SDK declares and has the type that it declares; a field that cannot be null is there. On
in tests, where a deviation is an error; `checking` is the same for requests.
"""

import inspect
import types
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, Literal, TypeAlias, Union

import stripe
import typing_extensions as te

from tools.stripe_sandbox.storage import Body

CLASSES: dict[str, type[stripe.StripeObject]] = {
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "item": stripe.LineItem,
    "list": stripe.ListObject,
    "payment_intent": stripe.PaymentIntent,
    "refund": stripe.Refund,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
# What the SDK types as a number of any precision is text in JSON; a float may be whole.
SHAPES: dict[Any, tuple[type, ...]] = {float: (int, float), Decimal: (str,)}
# Finds what is wrong with a value: each begins with the path from there.
Checker: TypeAlias = Callable[[Any], list[str]]


class DeviationError(Exception):
    """The sandbox would say what Stripe does not."""


class _Names(dict[str, Any]):
    """The SDK's classes by the names that its annotations use: some end in `Resource`, some are of no concern here."""

    def __missing__(self, name: str) -> Any:
        return getattr(stripe, name.removesuffix("Resource"), Any)


def check(body: Body) -> None:
    """Raise if an object, or one inside it, is not as the SDK declares it."""
    if found := _any_object(body):
        name = body.get("object", "answer")
        raise DeviationError("; ".join(f"{name}{problem}" for problem in found))


@cache
def fields_of(kind: type) -> dict[str, Any]:
    """Return the fields that a class of the SDK declares."""
    hints = te.get_type_hints(kind, localns=_Names())
    declared = {name for base in kind.__mro__ for name in inspect.get_annotations(base)}
    return {
        name: hint
        for name, hint in hints.items()
        if name in declared and not name.startswith("_") and te.get_origin(hint) is not ClassVar
    }


@cache
def checker(kind: Any) -> Checker:
    """Return what checks values by a type of the SDK."""
    if kind is Any:
        return lambda _value: []
    if te.get_origin(kind) is not None or kind is stripe.ListObject:
        return _composed(kind, te.get_origin(kind), te.get_args(kind))
    if inspect.isclass(kind) and issubclass(kind, stripe.StripeObject):
        return _object(kind)
    return _plain(kind)


def _composed(kind: Any, origin: Any, parts: tuple[Any, ...]) -> Checker:
    if origin in (Union, types.UnionType):
        return _one_of(parts)
    if origin in (Literal, te.Literal):
        return _word(frozenset(parts))
    if origin is list:
        return _list(parts[0])
    if stripe.ListObject in (kind, origin):
        return _page
    return _mapping(parts[-1])  # names that the SDK does not list, such as metadata


def _any_object(value: Any) -> list[str]:
    """Check an object by the class that its own name chooses."""
    kind: Any = CLASSES.get(value.get("object", "")) if isinstance(value, dict) else None
    return checker(kind)(value) if kind else []


def _is_words(kind: Any) -> bool:
    return te.get_origin(kind) in (Literal, te.Literal)


def _shown(value: Any) -> str:
    return "null" if value is None else f"a {type(value).__name__}"


def _plain(kind: type) -> Checker:
    shapes = SHAPES.get(kind, (kind,))

    def act(value: Any) -> list[str]:
        if isinstance(value, shapes) and (kind is bool or not isinstance(value, bool)):
            return []
        return [f" is {_shown(value)}, not {kind.__name__}"]

    return act


def _word(words: frozenset[Any]) -> Checker:
    def act(value: Any) -> list[str]:
        return [] if value in words else [f" is {value!r}, none of the words that the SDK knows"]

    return act


def _object(kind: type) -> Checker:
    fields = fields_of(kind)
    needed = [name for name, hint in fields.items() if type(None) not in te.get_args(hint)]
    checkers: dict[str, Checker] = {}  # made when they are needed: classes lead to each other
    if kind is stripe.Event.Data:
        checkers["object"] = _any_object

    def act(value: Any) -> list[str]:
        if not isinstance(value, dict):
            return [f" is {_shown(value)}, no object"]
        found = [f".{name} is missing" for name in needed if name not in value]
        for name, inner in value.items():
            if name not in fields:
                found.append(f".{name} is unknown to the SDK")
                continue
            if name not in checkers:
                checkers[name] = checker(fields[name])
            if wrong := checkers[name](inner):
                found += [f".{name}{problem}" for problem in wrong]
        return found

    return act if fields else checker(Any)  # the SDK leaves open what is inside


def _one_of(kinds: tuple[Any, ...]) -> Checker:
    """Choose by the shape of the value; the SDK adds `str` to words for those that Stripe may add later."""
    words = [checker(kind) for kind in kinds if _is_words(kind)]
    plain = [checker(kind) for kind in kinds if kind in (str, int, float, bool)]
    nullable = type(None) in kinds
    shapes = [
        kind for kind in kinds if not _is_words(kind) and kind not in (str, int, float, bool, type(None))
    ]

    def act(value: Any) -> list[str]:
        if value is None and nullable:
            return []
        as_shape = isinstance(value, dict | list) or not (words or plain)
        shaped = [checker(kind) for kind in shapes] if as_shape else []
        return min([attempt(value) for attempt in shaped or words or plain], key=len)

    return act


def _list(kind: Any) -> Checker:
    def act(value: Any) -> list[str]:
        if not isinstance(value, list):
            return [f" is {_shown(value)}, no list"]
        one = checker(kind)
        return [f"[{place}]{problem}" for place, item in enumerate(value) for problem in one(item)]

    return act


def _mapping(kind: Any) -> Checker:
    def act(value: Any) -> list[str]:
        if not isinstance(value, Mapping):
            return [f" is {_shown(value)}, no object"]
        one = checker(kind)
        return [f"[{name}]{problem}" for name, item in value.items() for problem in one(item)]

    return act


def _page(value: Any) -> list[str]:
    shape = {"object": str, "data": list, "has_more": bool, "url": str}
    if not isinstance(value, dict) or value.keys() != shape.keys():
        return [" is no list of Stripe's"]
    found = [
        f".{name} is {_shown(value[name])}" for name in shape if not isinstance(value[name], shape[name])
    ]
    items = value["data"] if isinstance(value["data"], list) else []
    return found + [
        f"[{place}]{problem}" for place, item in enumerate(items) for problem in _any_object(item)
    ]
