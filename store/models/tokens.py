"""Secrets in addresses and cookies. Whoever has one is let in, so none is ever shorter than this."""

import secrets


def new_token() -> str:
    """Make a token that cannot be guessed (256 bits, 43 characters)."""
    return secrets.token_urlsafe(32)
