"""The redline of two published versions, kept in a cache: neither of them can change."""

from django.core.cache import caches
from django.utils.translation import get_language

from policies.models import PolicyVersion
from policies.redline.comparison import ALGORITHM, Redline, compare


def compare_versions(old: PolicyVersion, new: PolicyVersion) -> Redline:
    """Compare two versions, or return the comparison made before."""
    cache = caches["redlines"]  # its own cache: requests for every pair do not push out pages
    key = f"{ALGORITHM}:{get_language()}:{old.sha256}:{new.sha256}"
    found = cache.get(key)
    if found is None:
        found = compare(old.safe_html, new.safe_html)
        cache.set(key, found, timeout=None)
    return found
