"""One token in every cache key: a new token makes every stored page unreachable, the old ones age out.

A page is stored under the token that was read before it was rendered, so a page rendered while an editor
publishes can never outlive that publication.
"""

import uuid

from django.core.cache import cache
from django.db import transaction

KEY = "page-generation"


def current() -> str:
    """Return the token; make one where the cache has none."""
    token = cache.get(KEY)
    if token is None:
        cache.add(KEY, uuid.uuid4().hex, timeout=None)
        token = cache.get(KEY) or uuid.uuid4().hex
    return token


def bump() -> None:
    """Forget every stored page, now."""
    cache.set(KEY, uuid.uuid4().hex, timeout=None)


def bump_on_commit() -> None:
    """Forget every stored page when the running transaction commits (at once outside of one)."""
    transaction.on_commit(bump, robust=True)
