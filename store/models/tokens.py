"""Random values: secret tokens for URLs and cookies, and order numbers."""

import secrets

from django.utils import timezone
from django.utils.crypto import get_random_string

# No 0/O, 1/I: numbers are read aloud on the telephone.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_token() -> str:
    """Return a token that cannot be guessed (256 bits, 43 characters)."""
    return secrets.token_urlsafe(32)


def new_number() -> str:
    """Return an order number: the day and six random characters, which do not tell how many orders there are."""
    return f"{timezone.localdate():%y%m%d}-{get_random_string(6, _ALPHABET)}"
