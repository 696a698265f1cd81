"""Checks what the sandbox says by the SDK's own types: `stripe.checkout.Session` and its kin say what Stripe answers.

Every field is one that the SDK declares and has the type that it declares; a field that cannot be null is there. On
in tests, where a deviation is an error; `checking` is the same for requests.
"""

import inspect
import types
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, Literal, Union

import stripe
import typing_extensions as te

from tools.stripe_sandbox.storage import Body

CLASSES: dict[str, type[stripe.StripeObject]] = {
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "list": stripe.ListObject,
    "payment_intent": stripe.PaymentIntent,
    "refund": stripe.Refund,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
# What the SDK types as a number of any precision is text in JSON; a float may be whole.
SHAPES: dict[Any, tuple[type, ...]] = {float: (int, float), Decimal: (str,)}


class DeviationError(Exception):
    """The sandbox would say what Stripe does not."""


class _Names(dict[str, Any]):
    """The SDK's classes by the names that its annotations use: some end in `Resource`, some are of no concern here."""

    def __missing__(self, name: str) -> Any:
        return getattr(stripe, name.removesuffix("Resource"), Any)


def check(body: Body) -> None:
    """Raise if an object, or one inside it, is not as the SDK declares it."""
    if found := list(problems(_class_of(body), body, body.get("object", "answer"))):
        raise DeviationError("; ".join(found))


def _class_of(body: Any) -> Any:
    return CLASSES.get(body.get("object", ""), Any) if isinstance(body, dict) else Any


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


def problems(kind: Any, value: Any, path: str) -> Iterator[str]:
    """Find where a value is not what a type of the SDK says."""
    origin = te.get_origin(kind)
    if kind is Any:
        return
    if origin in (Union, types.UnionType):
        yield from _one_of(te.get_args(kind), value, path)
    elif origin in (Literal, te.Literal):
        if value not in te.get_args(kind):
            yield f"{path} is {value!r}, none of the words that the SDK knows"
    elif origin is list:
        yield from _list(te.get_args(kind)[0], value, path)
    elif origin is stripe.ListObject or kind is stripe.ListObject:
        yield from _page(value, path)
    elif origin is not None:  # names that the SDK does not list, such as metadata
        yield from _mapping(te.get_args(kind)[-1], value, path)
    elif inspect.isclass(kind) and issubclass(kind, stripe.StripeObject):
        yield from _object(kind, value, path)
    elif not isinstance(value, SHAPES.get(kind, (kind,))) or (isinstance(value, bool) and kind is not bool):
        yield f"{path} is {_shown(value)}, not {kind.__name__}"


def _shown(value: Any) -> str:
    return "null" if value is None else f"a {type(value).__name__}"


def _object(kind: type, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is {_shown(value)}, no object"
        return
    fields = fields_of(kind)
    if not fields:  # the SDK leaves open what is inside
        return
    for name, hint in fields.items():
        if name not in value and type(None) not in te.get_args(hint):
            yield f"{path}.{name} is missing"
    for name, inner in value.items():
        if name not in fields:
            yield f"{path}.{name} is unknown to the SDK"
        elif kind is stripe.Event.Data and name == "object":
            yield from problems(_class_of(inner), inner, f"{path}.object")
        else:
            yield from problems(fields[name], inner, f"{path}.{name}")


def _one_of(kinds: tuple[Any, ...], value: Any, path: str) -> Iterator[str]:
    """Choose by the shape of the value; the SDK adds `str` to words for those that Stripe may add later."""
    if value is None and type(None) in kinds:
        return
    words = [kind for kind in kinds if te.get_origin(kind) in (Literal, te.Literal)]
    plain = [kind for kind in kinds if kind in (str, int, float, bool)]
    shaped = [kind for kind in kinds if kind not in (*words, *plain, type(None))]
    as_shape = isinstance(value, dict | list) or not (words or plain)
    chosen = shaped or plain or words if as_shape else words or plain
    attempts = [list(problems(kind, value, path)) for kind in chosen]
    yield from min(attempts, key=len)


def _list(kind: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path} is {_shown(value)}, no list"
        return
    for place, item in enumerate(value):
        yield from problems(kind, item, f"{path}[{place}]")


def _mapping(kind: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path} is {_shown(value)}, no object"
        return
    for name, item in value.items():
        yield from problems(kind, item, f"{path}[{name}]")


def _page(value: Any, path: str) -> Iterator[str]:
    shape = {"object": str, "data": list[Any], "has_more": bool, "url": str}
    if not isinstance(value, dict) or value.keys() != shape.keys():
        yield f"{path} is no list of Stripe's"
        return
    for name, kind in shape.items():
        yield from problems(kind, value[name], f"{path}.{name}")
    for place, item in enumerate(value["data"]):
        yield from problems(_class_of(item), item, f"{path}[{place}]")
