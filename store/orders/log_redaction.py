"""Log redaction: removes the secret part of order URLs, so that nobody who reads a log can open an order.

Django logs the path of every failing request. Where it matters, the order's number is logged instead.
"""

import logging
import re
from functools import cache

from store.models.tokens import TOKEN_LENGTH

_TOKEN = re.compile(rf"[\w-]{{{TOKEN_LENGTH},}}", re.ASCII)
_LOGGERS = ("django.request", "django.server", "django.security.csrf")


class SecretsLeftOut(logging.Filter):
    """Replaces the secret in a URL by an ellipsis."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _without(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_without(value) for value in record.args)
        return True


_secrets_left_out = SecretsLeftOut()


def keep_secrets_out() -> None:
    """Add the filter to each logger of URLs; calling it again changes nothing."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_secrets_left_out)


def _without(value: object) -> object:
    """Leave out what stands where a token does, and what has the form of one, also where no URL of ours has any."""
    return _TOKEN.sub("…", _secret().sub(r"\1…", value)) if isinstance(value, str) else value


@cache
def _secret() -> re.Pattern[str]:
    """Return the pattern of a token in a URL, with the query after it."""
    from store.urls import urlpatterns  # noqa: PLC0415 - the filter is added before the models are loaded

    routes = (str(url.pattern).partition("<slug:token>") for url in urlpatterns)
    before = "|".join(re.escape(start) for start, token, _rest in routes if token)
    return re.compile(rf"(/(?:{before}))[^/\s\"']+(?:/[^\s\"'?]*\?[^\s\"']*)?")
