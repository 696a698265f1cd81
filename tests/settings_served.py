"""The tests' settings for servers in processes of their own, which share a database, a cache and files."""

from config.env import caches, names, number, text
from config.settings.base import VAR_DIR
from config.settings.test import *  # noqa: F403 - settings modules are layers
from config.settings.test import STORAGES

LIMIT_DATABASE_WAITS = True
CACHES = caches(default=f"filecache://{VAR_DIR / 'cache'}")
MEDIA_ROOT = folder("MEDIA_STORAGE_URL", VAR_DIR / "media")  # noqa: F405 - from base
STORAGES = {**STORAGES, "private": {**STORAGES["private"], "OPTIONS": {"location": f"{MEDIA_ROOT}-private"}}}
PAGE_CACHE_PAUSE_SECONDS = number("PAUSE_SECONDS", 60)
# The tests that pay start a sandbox beside the servers.
STRIPE_API_URL = text("STRIPE_API_URL", STRIPE_API_URL)  # noqa: F405 - from test
STRIPE_WEBHOOK_SECRETS = names("STRIPE_WEBHOOK_SECRET", "whsec_sandbox")
