"""Merges what was changed in the meantime into an announced text, block by block.

A block that only one side changed is taken from that side. Where both changed the same blocks the announced text
stays, and the others are listed for the editor.
"""

import json
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

from lxml import etree

from policies.text import normalization, parsing

Block = dict[str, Any]  # as a StreamField stores it: type, value, id
Conflict = tuple[list[Block], list[Block]]  # what was, and what it became


@dataclass(frozen=True)
class Merged:
    """The announced blocks with the changes; and the changes that could not be made."""

    blocks: list[Block]
    conflicts: list[Conflict]


def merge(*, base: list[Block], announced: list[Block], changed: list[Block]) -> Merged:
    """Take over into `announced` what `changed` changes of `base`, from which both were made."""
    keys = [_key(block) for block in base]
    places = _places(keys, [_key(block) for block in announced])
    merged = Merged(list(announced), [])
    for start, end, new_start, new_end in reversed(_changes(keys, [_key(block) for block in changed])):
        old, new = base[start:end], changed[new_start:new_end]
        if (place := _place(places, start, end, len(announced))) is not None:
            merged.blocks[place] = new
        elif not _is_made(announced, old, new, gap=_gap(places, start, end, len(announced))):
            merged.conflicts.insert(0, (old, new))
    return merged


def _changes(base: list[str], changed: list[str]) -> list[tuple[int, int, int, int]]:
    """Return which stretches of the base became which others. As many blocks for as many are changes of each one."""
    found = []
    for tag, start, end, new_start, new_end in SequenceMatcher(
        None, base, changed, autojunk=False
    ).get_opcodes():
        if tag == "replace" and end - start == new_end - new_start:
            found += [
                (start + n, start + n + 1, new_start + n, new_start + n + 1) for n in range(end - start)
            ]
        elif tag != "equal":
            found.append((start, end, new_start, new_end))
    return found


def _place(places: list[int | None], start: int, end: int, size: int) -> slice | None:
    """Return where these blocks of the base stand unchanged and together; for none, the gap at which they would."""
    before = places[start - 1] if start else -1
    found = places[start:end] if start < end else [places[end] if end < len(places) else size]
    first = found[0]
    if first is None or found != list(range(first, first + len(found))):
        return None
    if start < end:
        return slice(first, first + len(found))
    return slice(first, first) if before == first - 1 else None


def _gap(places: list[int | None], start: int, end: int, size: int) -> int | None:
    """Return how many blocks the announced text has where these of the base stood; None where that is not known."""
    before = places[start - 1] if start else -1
    after = places[end] if end < len(places) else size
    return None if before is None or after is None else after - before - 1


def _is_made(announced: list[Block], old: list[Block], new: list[Block], *, gap: int | None) -> bool:
    """Return whether the announced text has made the same change already."""
    known = {_key(block) for block in announced}
    if any(_key(block) in known for block in old):
        return False
    return all(_key(block) in known for block in new) if new else gap == 0


def _key(block: Block) -> str:
    return json.dumps([block["type"], _as_read(block["value"])], sort_keys=True)


def _as_read(value: Any) -> Any:
    """Return a stored value without what the editor adds or writes otherwise when it only opens a text."""
    match value:
        case dict():
            return {name: _as_read(part) for name, part in value.items() if name != "id"}
        case list():
            return [_as_read(part) for part in value]
        case str() if "<" in value:
            return _in_one_form(value)
    return value


@lru_cache(maxsize=1000)  # the dashboard asks for the same few texts again and again
def _in_one_form(html: str) -> str:
    root = parsing.parse_untrusted(html)
    etree.strip_tags(root, etree.Comment)
    etree.strip_attributes(root, "data-block-key")
    normalization.apply(root)
    return parsing.inner_html(root)


def _places(base: list[str], announced: list[str]) -> list[int | None]:
    """Return where each block of the base stands in the announced text; None where it does not."""
    places: list[int | None] = [None] * len(base)
    for start, there, size in SequenceMatcher(None, base, announced, autojunk=False).get_matching_blocks():
        places[start : start + size] = range(there, there + size)
    return places
