"""Finds the words that a text would lose on its way into a policy, so that it can be refused instead.

Cleaning may take away what can run or load, never a word.
"""

import re
from collections import Counter

from django.utils.translation import ngettext
from lxml import etree

from policies.text import limits, markup, parsing
from policies.text.limits import TextRefusedError

_WORD = re.compile(r"[^\W_]+")


def count_words(text: str) -> Counter[str]:
    """Count the words of a text."""
    return Counter(_WORD.findall(text.casefold()))


def words_of_markup(html: str) -> Counter[str]:
    """Count the words that markup shows before it is cleaned. Refuses what cannot be read whole."""
    limits.refuse_unreadable(html)
    root = parsing.parse_untrusted(html)
    limits.refuse_depth(root)
    etree.strip_elements(root, etree.Comment, *markup.DROPPED_WITH_CONTENT, with_tail=False)
    limits.refuse_repetition(root)
    return count_words(markup.text_of(root))


def refuse_losses(before: Counter[str], after: Counter[str]) -> None:
    """Refuse a text of which a word is missing."""
    lost = before - after
    if lost:
        sentence = ngettext(
            "%(number)d word would be lost: “%(word)s”",
            "%(number)d words would be lost, “%(word)s” among them",
            lost.total(),
        )
        raise TextRefusedError(sentence, number=lost.total(), word=next(iter(lost))[:40])
