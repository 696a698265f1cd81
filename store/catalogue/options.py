"""Options of a product, such as size and colour, and the names of the variants that their combinations make."""

from collections.abc import Iterable, Sequence
from itertools import product
from math import prod

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MOST_OPTIONS = 3
MOST_VARIANTS = 100
MOST_CHARACTERS = 120  # of a variant's name
BY_PERSON = "saved-by-person"  # what a form holds that was not sent by autosave: that has half of a word


def values_of(typed: str) -> list[str]:
    """Return the values, each once: "A5, A4" are two."""
    found = {value.casefold(): value for value in map(str.strip, typed.split(",")) if value}
    return [*found.values()]


def validate_values(typed: str) -> None:
    """Refuse what holds no value."""
    if not values_of(typed):
        raise ValidationError(_("Enter values, with commas between them."))


def combinations(options: Sequence[Sequence[str]], *, made: Iterable[str], others: int) -> list[str]:
    """Return the names of all combinations that were not made yet, beside so many variants. Raises ValidationError."""
    known = {name.casefold() for name in made}
    count = prod(map(len, options))
    every = product(*options) if options and count <= MOST_VARIANTS else ()
    names = [name for name in map(", ".join, every) if name.casefold() not in known]
    if count > MOST_VARIANTS or (names and others + len(names) > MOST_VARIANTS):
        words = _("A product can have at most %(most)s variants. Take values away from its options.")
        raise ValidationError(words % {"most": MOST_VARIANTS})
    if any(len(name) > MOST_CHARACTERS for name in names):
        words = _("The name of a variant can have at most %(most)s characters. Shorten the values.")
        raise ValidationError(words % {"most": MOST_CHARACTERS})
    return names
