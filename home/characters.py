"""Characters that text from a form or a file cannot have, and what is done about them."""

import re

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

# Control characters, halves of characters, and those that write others in another direction.
_NEVER = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
UNPRINTABLE = re.compile(f"[{_NEVER}]")
ONE_LINE = RegexValidator(
    f"[{_NEVER}\t\n\r\u2028\u2029]",
    _("Delete the characters that cannot be printed, and type this again."),
    inverse_match=True,
)

MANY_LINES = RegexValidator(UNPRINTABLE, ONE_LINE.message, inverse_match=True)


def without_nul(text: str) -> str:
    """Return what a query can ask for: PostgreSQL refuses NUL."""
    return text.replace("\x00", "")
