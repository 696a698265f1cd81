"""Texts that somebody brings along: read whole or refused by name, as versions or as drafts."""
