"""Says what a text would lose on its way into a policy, so that it can be refused instead.

Cleaning may take away what can run or load, never a word. Markup that no parser reads whole, or only in a very long
time, is refused before anything is tried with it. It changes and stores nothing.
"""

import re
from collections import Counter

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from lxml import etree

from policies.importing.limits import RefusedError, refuse_nesting
from policies.markup import cleaning

# Readers take far too long over a tag with very many attributes. Read as browsers do, in one pass (possessive).
_LONG_TAG = re.compile(
    r"""<[a-zA-Z][^\s/>]*+(?:[\s/]*+(?:[^\s/>=][^\s/>=]*+|=[^\s/>=]*+)"""
    r"""(?:\s*+=\s*+(?:"[^"]*+"?+|'[^']*+'?+|[^\s>"'][^\s>]*+)?+)?+){101}"""
)
_WORD = re.compile(r"[^\W_]+")
# Letters that show in another order than they are written let people read what the record does not say (“Trojan
# Source”). Right-to-left text needs no overrides: it has its own direction, marks and isolates, which are welcome.
_OVERRIDE = re.compile("[\u202d\u202e]")


def count_words(text: str) -> Counter[str]:
    """Count the words of a text."""
    return Counter(_WORD.findall(text.casefold()))


def words_of_markup(html: str) -> Counter[str]:
    """Count the words that markup shows before it is cleaned. Refuses what cannot be read whole."""
    if _LONG_TAG.search(html):
        raise RefusedError(_("it has a tag with more than 100 attributes"))
    _refuse_unclosed(html.lower())
    root = cleaning.parse_untrusted(html)
    refuse_nesting(_depth(root))
    etree.strip_elements(root, etree.Comment, *cleaning.DROPPED_WITH_CONTENT, with_tail=False)
    return count_words(cleaning.text_of(root))


def refuse_losses(before: Counter[str], after: Counter[str]) -> None:
    """Refuse a text of which a word is missing."""
    lost = before - after
    if lost:
        sentence = ngettext(
            "%(number)d word would be lost: “%(word)s”",
            "%(number)d words would be lost, “%(word)s” among them",
            lost.total(),
        )
        raise RefusedError(sentence % {"number": lost.total(), "word": next(iter(lost))[:40]})


def refuse_characters(text: str) -> None:
    """Refuse characters that are no part of a text, or that let it read as another."""
    if found := cleaning.CONTROL_CHARACTERS.search(text):
        raise RefusedError(_("it holds the control character %(name)s") % {"name": _name(found[0])})
    if found := _OVERRIDE.search(text):
        raise RefusedError(
            _("it holds the character %(name)s, which shows letters in another order than they are written")
            % {"name": _name(found[0])}
        )


def _name(character: str) -> str:
    return f"U+{ord(character):04X}"


def _refuse_unclosed(html: str) -> None:
    if (start := html.rfind("<!--")) >= 0 and html.find("-->", start) < 0:
        raise RefusedError(_("its comment is never closed and would swallow the rest"))
    for tag in cleaning.DROPPED_WITH_CONTENT:
        start = html.rfind(f"<{tag}")
        if tag != "embed" and start >= 0 and html.find(f"</{tag}", start) < 0:
            raise RefusedError(_("its <%(tag)s> is never closed and would swallow the rest") % {"tag": tag})


def _depth(root: etree._Element) -> int:
    depth = deepest = 0
    for event, _element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest
