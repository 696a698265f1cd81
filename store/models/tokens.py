"""Secrets in addresses and cookies, each long enough to let in whoever has it; and the numbers of orders."""

import secrets

from django.utils import timezone
from django.utils.crypto import get_random_string

# No 0/O, 1/I: numbers are read aloud on the telephone.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_token() -> str:
    """Make a token that cannot be guessed (256 bits, 43 characters)."""
    return secrets.token_urlsafe(32)


def new_number() -> str:
    """Make an order number: the day, and six letters that say nothing of how many orders there are."""
    return f"{timezone.localdate():%y%m%d}-{get_random_string(6, _ALPHABET)}"
