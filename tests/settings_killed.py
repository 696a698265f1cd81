"""The settings of a served site whose workers die when a request says so."""

from tests.settings_served import *  # noqa: F403 - settings modules are layers

MIDDLEWARE.insert(1, "tests.faults.killing.middleware")  # noqa: F405 - from base; the page cache is the first
