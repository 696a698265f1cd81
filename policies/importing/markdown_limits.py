"""Refuses Markdown that its parser would take minutes over, or make into far more than it is. Real texts are not near.

Marks are counted in the text before anything is tried with it. What tables and references stand for is only known when
the text is parsed: cells are counted after each table, and the length of the result before it is written.
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

from policies.text.limits import MAX_DEPTH, TextRefusedError, refuse_length

MAX_CELLS = 50_000  # of all tables, with those that fill up short rows
MAX_LOOKS = 1_500_000  # for the ends of brackets that are not closed
_NESTED = r"(?:[-+*>]|\d[.)])[ \t]*(?=(?:[-+*>]|\d{1,9}[.)])[ \t>])"
# More of these takes the parser minutes.
_MOST = (
    (r"\n", 50_000, gettext_lazy("it has more than %(most)d lines")),
    (r"[\[\]]", 50_000, gettext_lazy("it has more than %(most)d square brackets")),
    (r"\|", 40_000, gettext_lazy("it has more than %(most)d of the bars that part table cells")),
    (r"[*_`&<\\]", 150_000, gettext_lazy("it has more than %(most)d of the marks * _ ` & < \\")),
    (_NESTED, 50_000, gettext_lazy("it has more than %(most)d lists or quotations inside of others")),
)
_BRACKET = re.compile(r"[\[\]]|\n[ \t]*\n")
_SPECIAL = re.compile(r"[\n\[\]*_`&<\\!]")


def refuse_text(body: str) -> None:
    """Refuse what would take minutes, before anything is tried with it."""
    for marks, most, reason in _MOST:
        if next(islice(re.finditer(marks, body), most, None), None):
            raise TextRefusedError(reason, most=most)
    looks = min(_depth_of_brackets(body), MAX_DEPTH) * len(_SPECIAL.findall(body))
    if looks > MAX_LOOKS:
        raise TextRefusedError(_("it has too many square brackets that are not closed"))


def _depth_of_brackets(body: str) -> int:
    """Count how many brackets stand open at once in a paragraph: the parser looks for the end of each of them."""
    depth = deepest = 0
    for match in _BRACKET.finditer(body):
        depth = {"[": depth + 1, "]": max(depth - 1, 0)}.get(match[0], 0)
        deepest = max(deepest, depth)
    return deepest


# --- Tables ----------------------------------------------------------------------------------------------------------


def limit_tables(parser: MarkdownIt) -> None:
    """Count the cells of tables: the parser fills up each short row, so a few bars may become thousands."""
    parser.block.ruler.at("table", _limited_table, {"alt": ["paragraph", "reference"]})


def _limited_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's call
    before = len(state.tokens)
    is_table = table(state, start, end, silent)  # it fills up at most 65,536 cells
    cells = sum(token.type in {"th_open", "td_open"} for token in state.tokens[before:])
    state.env["cells"] = state.env.get("cells", 0) + cells
    if state.env["cells"] > MAX_CELLS:
        raise TextRefusedError(_("its tables have more than %(most)d cells"), most=MAX_CELLS)
    return is_table


# --- The result ------------------------------------------------------------------------------------------------------


def refuse_tokens(tokens: Iterable[Token]) -> None:
    """Refuse what would be written as far more than it is: one reference may be used a thousand times."""
    length = 0
    for token in pieces(tokens):
        attributes = sum(len(name) + len(escape(str(value))) for name, value in token.attrs.items())
        length += len(token.content) + attributes + 2 * len(token.tag)
        refuse_length(length)


def pieces(tokens: Iterable[Token]) -> Iterator[Token]:
    """List tokens, lines of text as the tokens inside of them."""
    for token in tokens:
        yield from (token.children or []) if token.type == "inline" else [token]
