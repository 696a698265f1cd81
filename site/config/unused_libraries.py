"""Keeps libraries out of memory that Django REST framework loads wherever they are installed, and we do not use.

Wagtail's admin needs the framework for its lists of pages. What the framework finds optional takes 8 MB and a
twentieth of the start, and no setting says so: `requests` is there for Stripe's SDK, the next two for developers.
"""

import sys
from importlib import import_module

# For its test client, its descriptions of an API, its pages for browsers, and arrays of PostgreSQL in models.
UNUSED = ("requests", "yaml", "pygments", "django.contrib.postgres.fields")


def keep_out() -> None:
    """Load that module as if they were not installed; whoever imports them afterwards gets them.

    To be called while there is one thread, as at the start: no other may import them meanwhile.
    """
    hidden = [name for name in UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: "not found"
    try:
        import_module("rest_framework.compat")
    finally:
        for name in hidden:
            del sys.modules[name]
