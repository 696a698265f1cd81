"""Merges what was changed in the meantime into an announced text, block by block.

A block that only one side changed is taken from that side. Where both changed the same blocks the announced text
stays, and the others are listed for the editor.
"""

import json
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

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
    changes = SequenceMatcher(None, keys, [_key(block) for block in changed], autojunk=False).get_opcodes()
    merged = Merged(list(announced), [])
    for tag, start, end, new_start, new_end in reversed(changes):
        old, new = base[start:end], changed[new_start:new_end]
        if tag == "equal":
            continue
        if (place := _place(places, start, end, len(announced))) is not None:
            merged.blocks[place] = new
        elif not _is_made(announced, old, new):
            merged.conflicts.insert(0, (old, new))
    return merged


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


def _is_made(announced: list[Block], old: list[Block], new: list[Block]) -> bool:
    """Return whether the announced text has made the same change already."""
    known = {_key(block) for block in announced}
    return (
        bool(new)
        and all(_key(block) in known for block in new)
        and not any(_key(block) in known for block in old)
    )


def _key(block: Block) -> str:
    return json.dumps([block["type"], block["value"]], sort_keys=True)


def _places(base: list[str], announced: list[str]) -> list[int | None]:
    """Return where each block of the base stands in the announced text; None where it does not."""
    places: list[int | None] = [None] * len(base)
    for start, there, size in SequenceMatcher(None, base, announced, autojunk=False).get_matching_blocks():
        places[start : start + size] = range(there, there + size)
    return places
