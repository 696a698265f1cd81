"""Reads a request by the SDK's own types: `SessionCreateParams` and its kin say what Stripe takes.

Every field is known or refused, and has the type that the SDK declares; what comes back holds numbers and truth
values instead of text. Limits that no type expresses are `limits`' affair.
"""

import re
import types
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, Union

import typing_extensions as te
from stripe import RequestOptions

from tools.stripe_sandbox.errors import ApiError, empty, invalid_integer, missing, unknown_parameters
from tools.stripe_sandbox.form_encoding import Form

# Names that the SDK imports for type checkers only.
UNSEEN_NAMES = {"StripeContext": str, "Mapping": Mapping}
BIGGEST = 2**63 - 1
LONGEST_TEXT = 5000
TRUTH = {"true": True, "false": False}


@cache
def fields_of(kind: Any) -> dict[str, Any]:
    """Return the parameters that a type of the SDK lists, without those that the SDK keeps to itself."""
    hints = te.get_type_hints(kind, localns=UNSEEN_NAMES)
    return {name: hint for name, hint in hints.items() if name not in RequestOptions.__annotations__}


def read(kind: Any, form: Form) -> dict[str, Any]:
    """Return a request's parameters as values, or refuse the first that is wrong."""
    return _object(kind, form, "")


def _inside(path: str, name: object) -> str:
    return f"{path}[{name}]" if path else str(name)


def _value(kind: Any, value: str | Form, path: str) -> Any:
    origin = te.get_origin(kind)
    if te.is_typeddict(kind):
        return _object(kind, value, path)
    if origin in (Union, types.UnionType):
        return _one_of(te.get_args(kind), value, path)
    if origin in (Literal, te.Literal):
        return _word(te.get_args(kind), value, path)
    if origin is list:
        return _list(te.get_args(kind)[0], value, path)
    if origin is dict:
        return _mapping(te.get_args(kind)[1], value, path)
    return _scalar(kind, value, path)


def _object(kind: Any, value: str | Form, path: str) -> dict[str, Any]:
    if isinstance(value, str):
        raise empty(path) if not value else ApiError("Invalid object", param=path)
    fields = fields_of(kind)
    if unknown := [_inside(path, name) for name in value if name not in fields]:
        raise unknown_parameters(unknown)
    for name in fields:
        if name in kind.__required_keys__ and name not in value:
            raise missing(_inside(path, name))
    return {name: _value(fields[name], inner, _inside(path, name)) for name, inner in value.items()}


def _list(kind: Any, value: str | Form, path: str) -> list[Any]:
    if not isinstance(value, dict) or not all(re.fullmatch("[0-9]{1,9}", index) for index in value):
        raise empty(path) if value == "" else ApiError("Invalid array", param=path)
    indexes = sorted(value, key=int)
    return [_value(kind, value[index], _inside(path, index)) for index in indexes]


def _mapping(kind: Any, value: str | Form, path: str) -> dict[str, Any]:
    if value == "":
        return {}  # "unset them all"
    if isinstance(value, str):
        raise ApiError("Invalid object", param=path)
    # An empty value unsets a key, which a new object does not have.
    return {name: _value(kind, inner, _inside(path, name)) for name, inner in value.items() if inner != ""}


def _one_of(kinds: tuple[Any, ...], value: str | Form, path: str) -> Any:
    """Choose by the shape of what was sent, so that the complaint is about what was meant."""
    words = [word for kind in kinds if _is_words(kind) for word in te.get_args(kind)]
    if value == "" and "" in words:
        return None
    shaped = [kind for kind in kinds if _takes_fields(kind)]
    if isinstance(value, dict) and shaped:
        lists = [kind for kind in shaped if te.get_origin(kind) is list]
        numbered = lists and all(index.isdigit() for index in value)
        return _value(lists[0] if numbered else shaped[0], value, path)
    if words := [word for word in words if word]:  # the SDK adds `str` for words that Stripe may add later
        return _word(tuple(words), value, path)
    plain = [kind for kind in kinds if not _takes_fields(kind) and not _is_words(kind)]
    return _value((plain or shaped)[0], value, path)


def _is_words(kind: Any) -> bool:
    return te.get_origin(kind) in (Literal, te.Literal)


def _takes_fields(kind: Any) -> bool:
    return te.is_typeddict(kind) or te.get_origin(kind) in (list, dict)


def _word(words: tuple[str, ...], value: str | Form, path: str) -> str:
    if value == "":
        raise empty(path)
    if isinstance(value, str) and value in words:
        return value
    *first, last = words
    # Two are joined by "or", more have a comma before it too.
    listed = f"{', '.join(first)}{',' * (len(first) > 1)} or {last}" if first else last
    name = path.rpartition("[")[2].rstrip("]")
    label = path if name.isdigit() else name
    raise ApiError(f"Invalid {label}: must be one of {listed}", param=path)


def _scalar(kind: Any, value: str | Form, path: str) -> Any:
    if isinstance(value, dict):
        raise ApiError(f"Invalid {'string' if kind is str else kind.__name__}: an object", param=path)
    if not value:
        raise empty(path)
    if kind is int:
        if not re.fullmatch("-?[0-9]{1,19}", value) or abs(int(value)) > BIGGEST:
            raise invalid_integer(path, f"Invalid integer: {value[:50]}")
        return int(value)
    if kind is bool:
        if value not in TRUTH:
            raise ApiError(f"Invalid boolean: {value[:50]}", param=path)
        return TRUTH[value]
    if kind in (Decimal, float):
        return _decimal(value, path)
    if len(value) > LONGEST_TEXT:
        text = f"Invalid string: {value[:20]}…; must be at most {LONGEST_TEXT} characters"
        raise ApiError(text, code="parameter_invalid_string", param=path)
    return value


def _decimal(value: str, path: str) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise ApiError(f"Invalid decimal: {value[:50]}", param=path)
    return number
