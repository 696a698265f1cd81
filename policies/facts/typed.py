"""Values that a text repeats by hand although a live fact states them: which, where they stand, and who says them.

It reads markup and the values of facts. Whether a value still holds is for `drift` to say.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html_join
from django.utils.text import Truncator

from policies.facts import registry
from policies.facts.registry import KnownValue
from policies.text import headings, markup
from policies.text.parsing import CONTROL_CHARACTERS

_LONGEST_PASSAGE = 160
_CONTACTS = ("mailto:", "tel:")


@dataclass(frozen=True)
class TypedValue:
    """A value that stands in a text by hand. `now` is what the fact says instead; empty where it says it no more."""

    known: KnownValue
    section: str
    passage: str
    now: str = ""

    @property
    def value(self) -> str:
        return self.known.value

    @property
    def label(self) -> str:
        """The live fact that says it, as the editor knows it."""
        return registry.label(self.known.fact)

    @property
    def holds(self) -> bool:
        """Whether it is what the fact says now."""
        return self.now == self.value


def find(html: str, values: Iterable[KnownValue], *, now: Iterable[KnownValue]) -> list[TypedValue]:
    """Find values in a text outside its live facts, each once a passage. `now`: what the facts say now.

    A value is not found as a part of a longer one: a town not after its postal code.
    """
    lines, facts = list(_lines(html)), registry.facts()
    current = {(known.fact, known.name): known.value for known in now}
    each = {(known.fact, known.value.casefold()): known for known in values}
    found: list[TypedValue] = []
    for known in each.values():
        pattern = re.compile(facts[known.fact].pattern(known.value), re.IGNORECASE)
        longer = [re.escape(one.value) for one in each.values() if _is_part(known, one)]
        whole = re.compile("|".join(longer) or "(?!)", re.IGNORECASE)
        for section, line in lines:
            if match := pattern.search(whole.sub(lambda words: " " * len(words[0]), line)):
                said = current.get((known.fact, known.name), "")
                found.append(TypedValue(known, section, _around(line, match), said))
    return found


def _is_part(known: KnownValue, longer: KnownValue) -> bool:
    return longer.fact == known.fact and longer.value != known.value and known.value in longer.value


def with_notice(html: str, facts: dict[str, Any]) -> str:
    """Return a text with the words of the consent bar, which are typed as well."""
    notice, label = facts.get("notice"), registry.label("notice")
    said = notice.values() if isinstance(notice, dict) else ()
    return html + format_html_join("", "<h2>{}</h2><p>{}</p>", ((label, words) for words in said))


def _lines(html: str) -> Iterator[tuple[str, str]]:
    """Yield each line of a text outside its live facts with the heading above it; links to a person as lines."""
    root, section = markup.parse(CONTROL_CHARACTERS.sub(" ", html)), ""
    for fact in root.find_class("live-fact"):
        fact.drop_tree()
    for element in root:
        if element.tag in headings.HEADINGS:
            section = " ".join(element.text_content().split())
        for code in element.iter("code"):
            code.text = f"“{code.text or ''}”"
        links = (link.get("href", "") for link in element.iter("a"))
        contacts = [link.partition(":")[2] for link in links if link.startswith(_CONTACTS)]
        yield from ((section, line) for line in (*markup.text_of(element).split("\n"), *contacts) if line)


def _around(line: str, match: re.Match[str]) -> str:
    start = line.rfind(" ", 0, max(0, match.start() - _LONGEST_PASSAGE // 3)) + 1
    return ("… " if start else "") + Truncator(line[start:]).chars(_LONGEST_PASSAGE)
