"""The tests' settings on a site without a shop: `store` is left out, and nothing else."""

from config.settings.test import *  # noqa: F403 - settings modules are layers

INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "store"]  # noqa: F405 - from the tests' settings
