"""Plain data with one place changed: what a forger might try, one thing at a time."""

import json
from collections.abc import Iterator
from typing import Any

from policies.models import Policy, PolicyVersion
from tests.policies.verifying import sql


def changes(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each place in plain data, and the data with that place changed."""
    if isinstance(value, dict):
        for key in value:
            yield f"without {key}", {name: one for name, one in value.items() if name != key}
            for place, changed in changes(value[key]):
                yield f"{key} {place}", {**value, key: changed}
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield f"{index} left out", value[:index] + value[index + 1 :]
            for place, changed in changes(one):
                yield f"{index} {place}", [*value[:index], changed, *value[index + 1 :]]
    elif isinstance(value, str):
        yield "changed", value[:-1] + ("0" if value[-1:] != "0" else "1")
        yield "number", 7
    elif isinstance(value, int):
        yield "more", value + 1
        yield "text", str(value)
        yield "far", 1e300


def reword(**facts: Any) -> None:
    """Change by SQL what version 1 of the cookie policy froze."""
    content = PolicyVersion.objects.of_kind(Policy.Kind.COOKIES).get(number=1).content
    record = json.dumps({**content, "facts": {**content["facts"], **facts}})
    assert sql("UPDATE policies_policyversion SET record = %s WHERE number = 1", record)
