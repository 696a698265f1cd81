"""The WSGI application, for granian or any other server (ASGI costs several times more here)."""

import gc
import os

import django

gc.disable()  # while all this is loaded, which stays: to search it for garbage takes an eighth of the start

# Before anything reads .env, which names the settings of manage.py alone.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402 - likewise
from django.core.management.base import BaseCommand  # noqa: E402 - the settings must be known first
from django.db import connection  # noqa: E402 - likewise

from config.backup import in_use  # noqa: E402 - likewise
from home.page_cache.layer import PageCache  # noqa: E402 - likewise
from home.request_validation import StrictWSGIHandler  # noqa: E402 - likewise

if settings.LIMIT_DATABASE_WAITS and connection.vendor == "postgresql":
    from home.postgresql import waiting

    waiting.limit()

# As before each command: what the system checks refuse, does not start. Models are code, and `migrate` checks them.
BaseCommand().check(app_configs=[])
in_use.keep()

application = PageCache(StrictWSGIHandler())
gc.freeze()  # nor is it searched later
gc.enable()
