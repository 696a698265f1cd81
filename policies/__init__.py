"""Promises: policies and their frozen versions, cookies and consent, and the register of personal data."""
