"""Whether two e-mail addresses are one: the one rule for it, in Python and in the database.

In any case, but with other letters than ASCII only as they are written. Some of these share a case with an ASCII letter
(the Kelvin sign with k, the dotless i with I), and PostgreSQL knows that: an address that only looks like somebody's
would reach that person's data and mail.
"""

from django.db.models import Q
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

_BEYOND_ASCII = "[^\x01-\x7f]"


def folded(email: str) -> str:
    """Return an address as it is compared and counted."""
    email = email.strip()
    return email.lower() if email.isascii() else email


def counted(email: str) -> str:
    """Return an address as copies to it are counted: some providers leave out a tag after a plus, and dots."""
    name, _at, domain = folded(email).rpartition("@")
    return f"{name.partition('+')[0].replace('.', '')}@{domain}"


def is_same_address(one: str, other: str) -> bool:
    """Return whether two addresses are one."""
    return folded(one) == folded(other)


def same_address(email: str, field: str = "email") -> Q:
    """Return the condition that a column has an address; an index of its lower case helps."""
    email = folded(email)
    if not email.isascii():
        return Q(**{field: email})
    return Q(Exact(Lower(field), email)) & ~Q(**{f"{field}__regex": _BEYOND_ASCII})
