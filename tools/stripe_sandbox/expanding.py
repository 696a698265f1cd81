"""`expand[]`: puts whole objects where an answer would name only their ids, or leave them out."""

from collections.abc import Sequence
from typing import Any

from tools.stripe_sandbox.errors import ApiError
from tools.stripe_sandbox.storage import Body, Records, public

DEEPEST = 4
Paths = Sequence[Sequence[str]]


def answer(db: Records, body: Body, wanted: Sequence[str]) -> Body:
    """Return an object for the world, with what was wanted in full."""
    for path in wanted:
        if len(path.split(".")) > DEEPEST + (body["object"] == "list"):
            raise ApiError(f"You cannot expand more than {DEEPEST} levels of a property.", param="expand")
    paths = [path.split(".") for path in wanted]
    if body["object"] == "list":
        paths.append(["data"])
    return _expanded(db, body, paths, "")


def _expanded(db: Records, body: Body, paths: Paths, above: str) -> Body:
    result, included = public(body), body.get("_included", {})
    for name in {path[0] for path in paths}:
        rests = [path[1:] for path in paths if path[0] == name and path[1:]]
        path = f"{above}.{name}".lstrip(".")
        if name not in result and name not in included:
            raise _refusal(path)
        result[name] = _property(db, body.get(name, included.get(name)), rests, path)
    return result


def _property(db: Records, value: Any, rests: Paths, path: str) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return [_expanded(db, item, rests, path) for item in value]
    if isinstance(value, dict):
        return _expanded(db, value, rests, path)
    found = db.find(value) if isinstance(value, str) else None
    if found is None:
        raise _refusal(path)
    return _expanded(db, found, rests, path)


def _refusal(path: str) -> ApiError:
    return ApiError(f"This property cannot be expanded ({path}).", param="expand")
