"""Secret tokens for URLs and cookies."""

import secrets


def new_token() -> str:
    """Return a token that cannot be guessed (256 bits, 43 characters)."""
    return secrets.token_urlsafe(32)
