"""What should not change where a version changes wording only: facts, figures, periods and links.

It finds, people judge: a typing error in a street number is wording. Declared cookies and recipients never are.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from policies.facts import registry
from policies.text import markup

# Who changes these changes what visitors agreed to.
NEVER_WORDING = frozenset({"cookies", "recipients", "services"})
# A figure with its currency or unit beside it; and a period whose number is a word ("two months").
_FIGURE = re.compile(r"(?:[€$£]\s?)?\d[\d.,:/-]*\d|\d(?:\s?(?:%|€|\$|£))?")
_PERIOD = re.compile(
    r"\b\w+\s+(?:hours?|days?|weeks?|months?|years?|stunden?|tage?n?|wochen?|monate?n?|jahre?n?)\b",
    re.IGNORECASE,
)


def doubts(*, before: tuple[str, dict[str, Any]], after: tuple[str, dict[str, Any]]) -> list[str]:
    """Describe what changed from one text (HTML, facts) to another that is more than wording, a sentence each."""
    (old_html, old_facts), (new_html, new_facts) = before, after
    changed = [registry.label(key) for key in registry.changed_keys(old_facts, new_facts)]
    found = [_("The fact “%(name)s” changes.") % {"name": name} for name in changed]
    old, new = (markup.parse(html) for html in (old_html, new_html))
    words = _figures(markup.text_of(old)), _figures(markup.text_of(new))
    found += _difference(_("Figures and periods"), *words)
    return found + list(
        _difference(_("Links"), *([link[2] for link in root.iterlinks()] for root in (old, new)))
    )


def forbidden(old_facts: dict[str, Any], new_facts: dict[str, Any]) -> list[str]:
    """Return the labels of the changed facts that no change of wording may touch."""
    changed = registry.changed_keys(old_facts, new_facts)
    return [registry.label(key) for key in changed if key in NEVER_WORDING]


def _figures(text: str) -> list[str]:
    return [*_PERIOD.findall(text), *_FIGURE.findall(text)]


def _difference(name: str, old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    gone, added = Counter(old) - Counter(new), Counter(new) - Counter(old)
    if gone or added:
        words = _("%(name)s change: %(old)s → %(new)s.")
        yield words % {"name": name, "old": ", ".join(gone) or "–", "new": ", ".join(added) or "–"}
