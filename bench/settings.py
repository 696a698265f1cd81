"""Production's settings for the benchmarks, with collected static files in a folder of their own."""

import os

from config.settings.production import *  # noqa: F403 - settings modules are layers

STATIC_ROOT = os.environ["BENCH_STATIC"]
