"""Refuses Markdown that its parser would take minutes over, or make into far more than it is. Real texts are not near.

Most is counted in the text before anything is tried with it. What tables and references stand for is only known while
the text is parsed: cells are counted as they come, and the length of the result before it is written.
"""

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.token import Token

from policies.text import limits
from policies.text.losses import RefusedError, refuse_length

_MOST = (
    (re.compile(r"\n"), "MAX_LINES", gettext_lazy("it has more than %(most)d lines")),
    (re.compile(r"[\[\]]"), "MAX_BRACKETS", gettext_lazy("it has more than %(most)d square brackets")),
    (
        re.compile(r"\|"),
        "MAX_BARS",
        gettext_lazy("it has more than %(most)d of the bars that part table cells"),
    ),
    (
        re.compile(r"[*_`&<\\]"),
        "MAX_MARKS",
        gettext_lazy("it has more than %(most)d of the marks * _ ` & < \\"),
    ),
    (
        re.compile(r"(?:[-+*>]|\d[.)])[ \t]*(?=(?:[-+*>]|\d{1,9}[.)])[ \t>])"),
        "MAX_NESTED",
        gettext_lazy("it has more than %(most)d lists or quotations inside of others"),
    ),
)
_BRACKET = re.compile(r"[\[\]]|\n[ \t]*\n")
_SPECIAL = re.compile(r"[\n\[\]*_`&<\\!]")


def refuse_text(body: str) -> None:
    """Refuse what would take minutes, before anything is tried with it."""
    for marks, name, reason in _MOST:
        most = getattr(limits, name)
        if sum(1 for _mark in islice(marks.finditer(body), most + 1)) > most:
            raise RefusedError(reason % {"most": most})
    looks = min(_depth_of_brackets(body), limits.MAX_DEPTH) * len(_SPECIAL.findall(body))
    if looks > limits.MAX_LOOKS:
        raise RefusedError(_("it has too many square brackets that are not closed"))


def _depth_of_brackets(body: str) -> int:
    """Count how many brackets stand open at once in a paragraph: the parser looks for the end of each of them."""
    depth = deepest = 0
    for match in _BRACKET.finditer(body):
        depth = {"[": depth + 1, "]": max(depth - 1, 0)}.get(match[0], 0)
        deepest = max(deepest, depth)
    return deepest


# --- Tables ----------------------------------------------------------------------------------------------------------


def bound_tables(parser: MarkdownIt) -> None:
    """Let a parser count the cells of tables: it fills up each short row, so a few bars may become thousands."""
    parser.block.ruler.at("table", _bounded_table, {"alt": ["paragraph", "reference"]})


def _bounded_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's call
    if not silent and table(state, start, end, True):  # noqa: FBT003 - likewise
        cells = state.env.get("cells", 0) + _columns(state, start + 1) * _rows(state, start, end)
        if cells > limits.MAX_CELLS:
            raise RefusedError(_("its tables have more than %(most)d cells") % {"most": limits.MAX_CELLS})
        state.env["cells"] = cells
    return table(state, start, end, silent)


def _columns(state: StateBlock, line: int) -> int:
    dashes = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
    return sum(1 for cell in dashes.split("|") if cell.strip())


def _rows(state: StateBlock, start: int, end: int) -> int:
    return next((line for line in range(start, end) if state.isEmpty(line)), end) - start - 1


# --- The result ------------------------------------------------------------------------------------------------------


def refuse_tokens(tokens: Iterable[Token]) -> None:
    """Refuse what would be written as far more than it is: one reference may be used a thousand times."""
    length = 0
    for token in _pieces(tokens):
        length += _written_length(token)
        refuse_length(length)


def _pieces(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type == "inline":
            yield from token.children or []
        else:
            yield token


def _written_length(token: Token) -> int:
    attributes = sum(len(name) + len(escape(str(value))) for name, value in token.attrs.items())
    return len(token.content) + attributes + 2 * len(token.tag)
