"""Words of a text inside of a sentence of ours: kept apart, so that neither changes how the other reads.

Words that are read from right to left would turn the sentence around them, and quotation marks in them could be taken
for ours. Plain text has characters for it (FSI and PDI), of which HTML makes elements.
"""

import re
from html import escape

from django.utils.safestring import SafeString, mark_safe

# Quotation marks, what is read from right to left, and what turns the direction.
_MIXES = re.compile('[“”"\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufefc\U00010800-\U0001eeff]')


def isolated(words: str) -> str:
    """Return words as they stand in a sentence: as they are, unless they could be read as a part of it."""
    own = re.sub("[\u2066-\u2069]", "", words)  # what they leave open, or close, would count for the sentence
    # What is open ends with its line.
    return re.sub("[^\n]+", "\u2068\\g<0>\u2069", own) if _MIXES.search(words) else words


def as_html(sentence: str) -> SafeString:
    """Return a sentence as markup, an element around each of its isolated words."""
    quoted = escape(sentence).replace("\u2068", '<bdi class="quoted">').replace("\u2069", "</bdi>")
    return mark_safe(quoted)  # noqa: S308 - just escaped
