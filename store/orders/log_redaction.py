"""Keeps the secret part of addresses out of the log: whoever reads a log must not be let in to orders by it.

Django writes the path of every request that fails. Which order it was is told by its number, where it matters.
"""

import logging
import re

_SECRET = re.compile(r"(/(?:orders|checkout/return|checkout/cancel)/)[^/\s\"']+(?:/\?[^\s\"']*)?")
_LOGGERS = ("django.request", "django.server")


class SecretsLeftOut(logging.Filter):
    """Writes three dots where an address names its secret."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _without(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_without(value) for value in record.args)
        return True


_secrets_left_out = SecretsLeftOut()


def keep_secrets_out() -> None:
    """Have it look at everything that names addresses; more than once does no harm."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_secrets_left_out)


def _without(value: object) -> object:
    return _SECRET.sub(r"\1…", value) if isinstance(value, str) else value
