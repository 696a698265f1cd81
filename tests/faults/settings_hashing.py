"""Settings of a served site that hashes passwords as production does: the tests' own hash is fast."""

from config.settings import base
from tests.settings_served import *  # noqa: F403 - settings modules are layers

PASSWORD_HASHERS = base.PASSWORD_HASHERS
