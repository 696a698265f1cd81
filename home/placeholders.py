"""Places in a text that are filled in later: `{name}`. What stands in other braces would be sent as it is."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def validate_places(text: str, *known: str) -> None:
    """Refuse braces around anything but what can be filled in: the `known` names, such as "name"."""
    rest = re.sub(r"\{(?:" + "|".join(known) + r")\}", "", text)
    if found := re.search(r"\{[^{}]{0,30}\}?|\}", rest):
        places = " ".join(f"{{{name}}}" for name in known)
        words = _("“%(found)s” cannot be filled in. Braces stand only here: %(places)s.")
        raise ValidationError(words % {"found": found[0], "places": places})
