"""Secret tokens for URLs and cookies."""

import re
import secrets

_TOKEN = re.compile(r"[\w-]{43}", re.ASCII)


def new_token() -> str:
    """Return a token that cannot be guessed (256 bits, 43 characters)."""
    return secrets.token_urlsafe(32)


def may_be_token(text: str) -> bool:
    """Return whether a text has the form of a token: only then the database is asked about it."""
    return bool(_TOKEN.fullmatch(text))
