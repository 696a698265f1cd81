"""The redline of two published versions, kept in a cache: neither of them can change."""

from django.core.cache import caches
from django.utils.translation import get_language

from policies.ledger.encoding import sha256
from policies.models import PolicyVersion
from policies.redline.comparison import ALGORITHM, Redline, compare


def compare_versions(old: PolicyVersion, new: PolicyVersion) -> Redline:
    """Compare two versions, or return the comparison made before."""
    cache = caches["redlines"]  # its own cache: requests for every pair do not push out pages
    # Of what was compared, not of what the versions say they are: a record may have been changed past the site.
    key = f"{ALGORITHM}:{get_language()}:{sha256(old.html)}:{sha256(new.html)}"
    found = cache.get(key)
    if found is None:
        found = compare(old.safe_html, new.safe_html)
        cache.set(key, found, timeout=None)
    return found
