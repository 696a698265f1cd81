"""Takes apart the bodies that the SDK sends: `line_items[0][price_data][currency]=eur` becomes nested fields.

What the fields mean is not known here: a list still looks like a mapping of "0", "1", … (see `checking`).
"""

import re
from typing import TypeAlias
from urllib.parse import parse_qsl

from tools.stripe_sandbox.errors import ApiError

Form: TypeAlias = dict[str, "str | Form"]

NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
MOST_FIELDS = 5000
DEEPEST = 12


def decode(text: str) -> Form:
    """Return the fields of a body or a query, nested as their names say."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError:
        raise ApiError("Invalid request: the parameters are not encoded in UTF-8.") from None
    except ValueError:
        raise ApiError(f"Invalid request: more than {MOST_FIELDS} parameters.") from None
    form: Form = {}
    for name, value in pairs:
        _put(form, name, value)
    return form


def _put(form: Form, name: str, value: str) -> None:
    match = NAME.fullmatch(name)
    path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])] if match else []
    if not match or len(path) > DEEPEST:
        raise ApiError(f"Invalid request: {name[:100]!r} is no name of a parameter.")
    place = form
    for part in path[:-1]:
        inner = place.setdefault(part or str(len(place)), {})
        if isinstance(inner, str):
            raise ApiError(f"Invalid request: {name[:100]} is both a value and an object.", param=path[0])
        place = inner
    last = path[-1] or str(len(place))
    if isinstance(place.get(last), dict):
        raise ApiError(f"Invalid request: {name[:100]} is both a value and an object.", param=path[0])
    place[last] = value
