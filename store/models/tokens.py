"""Secret tokens for URLs and cookies."""

import hashlib
import re
import secrets

TOKEN_LENGTH = 43
TOKEN = re.compile(rf"\A[\w-]{{{TOKEN_LENGTH}}}\Z", re.ASCII)


def new_token() -> str:
    """Return a token that cannot be guessed (256 bits, TOKEN_LENGTH characters)."""
    return secrets.token_urlsafe(32)


def may_be_token(text: str) -> bool:
    """Return whether a text has the form of a token: only then the database is asked about it."""
    return bool(TOKEN.match(text))


def digest(token: str) -> str:
    """Return what is kept of a token that stands in an e-mail only."""
    return hashlib.sha256(token.encode()).hexdigest()
