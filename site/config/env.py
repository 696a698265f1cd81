"""Reads the environment: the one place that turns variables into typed values and refuses invalid ones.

It never holds a secret or a default for one; which variables production needs is said in `settings.production`,
and what their values must not be in `checks`.
"""

import math
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"
YES = frozenset({"true", "yes", "on", "1"})
NO = frozenset({"false", "no", "off", "0"})
CACHE_ENTRIES = {"redlines": 2_000}  # each some 30 kB
TOLERANT = {
    "django.core.cache.backends.redis.RedisCache": "home.caching.TolerantRedisCache",
    "django.core.cache.backends.filebased.FileBasedCache": "home.caching.TolerantFileCache",
}
# As the database keeps it: at most 200 characters.
_AUTHORITY = re.compile(
    r"(?=.{1,200}$)https?://[A-Za-z0-9.-]+(:([1-9]\d{0,3}|[1-5]\d{4}))?([/?][!-~]*)?", re.ASCII
)

env = environ.Env()
# A variable that is set wins over the file. ENV_FILE names another file.
ENV_FILE = Path(env.str("ENV_FILE", default="") or BASE_DIR / ".env")
environ.Env.read_env(ENV_FILE)

# SQLite waits for its turn instead of failing with "database is locked" when the site, the worker and a
# webhook write at once: write-ahead log, and every transaction takes the write lock when it begins.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}

# For commands; the web server is less patient (home.postgresql).
POSTGRESQL_OPTIONS = {
    "connect_timeout": 10,  # seconds, as the next two
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}


def text(name: str, default: str = "") -> str:
    """Read a variable; one that is set but empty counts as not set. A `$` is a `$`, as in any passphrase."""
    return os.environ.get(name, "").strip() or default


def number(name: str, default: int, *, least: int = 0, most: float = math.inf) -> int:
    """Read a whole number that is not negative, not below `least` and not above `most`.

    Raises ImproperlyConfigured for anything else.
    """
    given = text(name, str(default))
    if not (given.isascii() and given.isdigit()):
        raise ImproperlyConfigured(f"{name} must be a whole number such as {default}, not {given!r}.")
    if int(given) < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}, not {given}.")
    if int(given) > most:
        raise ImproperlyConfigured(f"{name} must be at most {most}, not {given}.")
    return int(given)


def flag(name: str, *, default: bool) -> bool:
    """Read yes or no.

    Raises ImproperlyConfigured for anything that is neither: a misspelt "true" must not mean "no".
    """
    given = text(name, str(default)).lower()
    if given not in YES | NO:
        raise ImproperlyConfigured(f"{name} must be true or false, not {given!r}.")
    return given in YES


def names(name: str, default: str = "") -> list[str]:
    """Read a list separated by commas."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def database(default: str) -> dict[str, Any]:
    """Read DATABASE_URL (postgres://… or sqlite:///…) into Django's form."""
    config = _database_parts(text("DATABASE_URL", default))
    if config["ENGINE"].endswith("sqlite3"):
        if config["NAME"] != ":memory:":
            Path(config["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        config["OPTIONS"] = {**SQLITE_OPTIONS, **config.get("OPTIONS", {})}
        config.setdefault("CONN_MAX_AGE", None)  # to open the file again costs more than a page's queries
    else:
        config["ENGINE"] = "home.postgresql"
        config.setdefault("CONN_MAX_AGE", 60)
        config["CONN_HEALTH_CHECKS"] = True
        config["OPTIONS"] = {**POSTGRESQL_OPTIONS, **config.get("OPTIONS", {})}
    return config


def _database_parts(url: str) -> dict[str, Any]:
    message = (
        "DATABASE_URL must be like postgres://user:password@host:5432/database or sqlite:////folder/file."
    )
    if urlsplit(url).scheme not in {"postgres", "postgresql", "sqlite"}:
        raise ImproperlyConfigured(message)
    try:
        config = dict(env.db_url_config(url))
    except ValueError as error:
        raise ImproperlyConfigured(message) from error
    if not config.get("NAME"):
        raise ImproperlyConfigured(message)
    return config


def caches(default: str) -> dict[str, dict[str, Any]]:
    """Read CACHE_URL (redis://…, filecache:///…) into Django's form: caches for pages, counts, redlines, and tokens.

    Neither many pages nor many redlines, which anybody may ask for, must push out the counts of home.throttling.
    """
    pages = dict(env.cache_url_config(text("CACHE_URL", default)))
    if "redis" in pages["BACKEND"]:
        pages["OPTIONS"] = {**_redis_options(), **pages.get("OPTIONS", {})}
    found = {
        "tokens": pages,  # where an outage must be known (home.page_cache.tokens)
        "default": {**pages, "BACKEND": TOLERANT.get(pages["BACKEND"], pages["BACKEND"])},
    }
    for name in ("counters", "redlines"):
        found[name] = {**found["default"], "KEY_PREFIX": name}
    if "filebased" in pages["BACKEND"]:
        for name, cache in found.items():
            # Django's own limit is 300 files, beyond which it deletes at random.
            cache["OPTIONS"] = {"MAX_ENTRIES": CACHE_ENTRIES.get(name, 20_000)}
            if cache.get("KEY_PREFIX"):
                cache["LOCATION"] = f"{pages['LOCATION']}/{name}"
        found["counters"]["BACKEND"] = "home.throttling.LockedFileCache"
    return found


def _redis_options() -> dict[str, Any]:
    from redis.backoff import NoBackoff  # noqa: PLC0415 - a site of files needs none of it
    from redis.retry import Retry  # noqa: PLC0415 - likewise

    # No page may be slower by more than a fifth of a second because the cache is away.
    return {"socket_connect_timeout": 0.15, "socket_timeout": 0.15, "retry": Retry(NoBackoff(), 0)}


def site_url(default: str = "") -> str:
    """Read SITE_URL: scheme and host of the public site, without a path.

    Raises ImproperlyConfigured when it is not such a URL.
    """
    url = text("SITE_URL", default).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path:
        raise ImproperlyConfigured(f"SITE_URL must be like https://www.example.com, not {url!r}.")
    return url


def timestamp_url() -> str:
    """Read TIMESTAMP_URL: a time-stamp authority of RFC 3161, or none.

    Raises ImproperlyConfigured for what is no such URL. One with a password would be shown with each timestamp.
    """
    url = text("TIMESTAMP_URL")
    if url and not _AUTHORITY.fullmatch(url):
        raise ImproperlyConfigured(
            f"TIMESTAMP_URL must be like https://timestamp.example.com/tsr, not {url!r}."
        )
    return url


def folder(variable: str, default: Path) -> str:
    """Read the URL of a storage (file:///folder) into the path of the folder.

    Raises ImproperlyConfigured for another scheme.
    """
    parts = urlsplit(text(variable, default.as_uri()))
    if parts.scheme != "file" or not parts.path:
        raise ImproperlyConfigured(f"{variable} must be like file:///srv/files.")
    return unquote(parts.path)


def mail(default_folder: Path) -> tuple[str, dict[str, object]]:
    """Read EMAIL_URL (smtp+tls://user:password@host:587): the transport's class and Django's EMAIL_ settings.

    Without it mails are written as files into `default_folder`.
    """
    try:
        config = dict(env.email_url_config(text("EMAIL_URL", "filemail:///")))
    except (ImproperlyConfigured, ValueError) as error:
        raise ImproperlyConfigured(
            "EMAIL_URL must be like smtp+tls://user:password@mail.example.com:587."
        ) from error
    transport = config.pop("EMAIL_BACKEND")
    for theirs, ours in {"smtp": "home.smtp", "filebased": "home.mail_files"}.items():
        transport = transport.replace(f"django.core.mail.backends.{theirs}", ours)
    given = config["EMAIL_FILE_PATH"]  # without the slash it began with
    config["EMAIL_FILE_PATH"] = f"/{given}" if given else str(default_folder)
    return transport, config


def require(names: Iterable[str]) -> None:
    """Raise ImproperlyConfigured, which names them, where variables are not set or empty."""
    if missing := [name for name in names if not text(name)]:
        message = (
            f"Production does not start without these variables: {', '.join(missing)}. See .env.example."
        )
        raise ImproperlyConfigured(message)
