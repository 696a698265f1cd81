"""Production's settings for the benchmarks: static files in a folder of their own, every page rendered each time."""

import os

from config.settings.production import *  # noqa: F403 - settings modules are layers
from config.settings.production import MIDDLEWARE

STATIC_ROOT = os.environ["BENCH_STATIC"]
PAGE_CACHE = "home.page_cache.middleware.PageCacheMiddleware"
if not os.environ.get("BENCH_PAGE_CACHE"):
    MIDDLEWARE = [name for name in MIDDLEWARE if name != PAGE_CACHE]
