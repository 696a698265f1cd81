"""What should not change where a version changes wording only: facts, figures, periods and links.

It finds, people judge: a typing error in a street number is wording. Declared cookies and recipients never are.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from policies.facts import registry
from policies.text import markup

# Who changes these changes what visitors agreed to.
NEVER_WORDING = frozenset({"cookies", "recipients", "services"})
# A figure with its sign and currency; a figure or word with the unit after it ("two working days", "(2) months", "5
# euros"); a number in words. English and German.
_CURRENCY = r"(?:[€$£]|\b[A-Z]{3}\b)"
_FIGURE = rf"(?:{_CURRENCY}\s?)?[-+]?\d(?:[\d.,:/-]*\d)?(?:\s?(?:[%‰]|{_CURRENCY}))?"
_UNITS = (
    "seconds?|minutes?|hours?|days?|weeks?|fortnights?|months?|quarters?|years?|sessions?|"
    "sekunden?|minuten?|stunden?|tage?n?|wochen?|monate?n?|quartale?n?|jahre?n?|"
    "per cent|percent|prozent|euros?|cents?|dollars?|pounds?|k?g|k?m|t"
)
_NUMBERS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    "(?:twen|thir|for|fif|six|seven|eigh|nine)ty|hundred|thousand|million|half|"
    "zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|\\w+zehn|\\w+(?:zig|ßig)|\\w*hundert|\\w*tausend|"
    "once|twice|daily|weekly|monthly|annually|einmal|zweimal|täglich|wöchentlich|monatlich|jährlich"
)
_WORD = r"[\w.,½¼¾]{1,30}"
_PERIOD = rf"(?:(?:\d{{1,9}}|\b(?i:{_NUMBERS}))\s+)?{_WORD}(?:-{_WORD})?[\s)-]{{1,3}}(?i:{_UNITS})\b"
_SAID = re.compile(rf"{_PERIOD}|{_FIGURE}|\b(?i:{_NUMBERS})\b|[½¼¾]")


def doubts(*, before: tuple[str, dict[str, Any]], after: tuple[str, dict[str, Any]]) -> list[str]:
    """Describe what changed from one text (HTML, facts) to another that is more than wording, a sentence each."""
    (old_html, old_facts), (new_html, new_facts) = before, after
    changed = [registry.label(key) for key in registry.changed_keys(old_facts, new_facts)]
    found = [_("The fact “%(name)s” changes.") % {"name": name} for name in changed]
    old, new = (markup.parse(html) for html in (old_html, new_html))
    labels = [[markup.text_of(element) for element in root.iter("td", "th", "a")] for root in (old, new)]
    figures, links = ([read(root) for root in (old, new)] for read in (_figures, _links))
    found += [*_difference(_("Figures and periods"), *figures), *_difference(_("Links"), *links)]
    if sorted(labels[0]) == sorted(labels[1]):  # other words in them are wording
        found += _difference(_("Cells of tables or words of links"), *labels)
    return found


def forbidden(old_facts: dict[str, Any], new_facts: dict[str, Any]) -> list[str]:
    """Return the labels of the changed facts that no change of wording may touch."""
    changed = registry.changed_keys(old_facts, new_facts)
    return [registry.label(key) for key in changed if key in NEVER_WORDING]


def _links(root: etree._Element) -> list[str]:
    return [link for _element, _attribute, link, _position in root.iterlinks()]


def _figures(root: etree._Element) -> list[str]:
    text = markup.text_of(root)
    return _SAID.findall(text)


def _difference(name: str, old: list[str], new: list[str]) -> Iterator[str]:
    gone, added = Counter(old) - Counter(new), Counter(new) - Counter(old)
    if old != new and not (gone or added):
        yield _("%(name)s stand in another order.") % {"name": name}
    elif old != new:
        became = _("%(name)s: %(old)s became %(new)s.") if gone and added else ""
        words = became or (_("%(name)s: %(old)s removed.") if gone else _("%(name)s: %(new)s added."))
        yield words % {"name": name, "old": ", ".join(gone), "new": ", ".join(added)}
