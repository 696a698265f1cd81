"""Verification of the published record: its chain, a list of heads kept elsewhere, consent records."""
