"""System checks of the whole site: mistakes in the settings that would otherwise leak data or let an attacker in.

What is missing or unreadable, `config.env` refuses.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name
from django.http.request import validate_host

PAGE_CACHE = "home.page_cache.middleware.PageCacheMiddleware"
CSRF = "home.csrf.OriginOrTokenCsrfMiddleware"
SHORTEST_KEY = 50  # characters, as Django's own check of a deployment asks
KNOWN_KEYS = ("development-only", "django-insecure-", "tests-only")
PER_PROCESS_CACHES = (".locmem.", ".dummy.")
DISCARDING_MAIL_BACKENDS = (".console.", ".dummy.", ".locmem.")


@register
def page_cache_is_first(**_kwargs: object) -> Iterator[CheckMessage]:
    """config.E001: whatever stands before the page cache changes what it has already said may be kept."""
    if settings.MIDDLEWARE[:1] != [PAGE_CACHE]:
        text = "The page cache is not the first middleware."
        yield Error(text, hint=f"Put {PAGE_CACHE} first.", id="config.E001")


@register
def csrf_protection_is_on(**_kwargs: object) -> Iterator[CheckMessage]:
    """config.E002: Django's own check (security.W003) does not know our subclass and is silenced."""
    if CSRF not in settings.MIDDLEWARE:
        yield Error("Nothing protects POSTs from other sites.", hint=f"Add {CSRF}.", id="config.E002")


@register(deploy=True)
def settings_are_those_of_production(**_kwargs: object) -> Iterator[CheckMessage]:
    """config.E003: development's settings have known keys, a demo and no encryption."""
    if not settings.IS_PRODUCTION:
        hint = "Remove DJANGO_SETTINGS_MODULE from .env and the environment: production's are the default."
        yield Error("The settings are those of development.", hint=hint, id="config.E003")


def in_production(check: Callable[..., Iterator[CheckMessage]]) -> Callable[..., Iterator[CheckMessage]]:
    """Register a check that development and tests need not pass."""
    return register(check) if settings.IS_PRODUCTION else check


@in_production
def secret_key_is_secret(**_kwargs: object) -> Iterator[CheckMessage]:
    hint = "Make a new one: .env.example says how."
    if settings.SECRET_KEY.startswith(KNOWN_KEYS):
        yield Error("SECRET_KEY is one that everybody can read in the source.", hint=hint, id="config.E004")
    elif len(settings.SECRET_KEY) < SHORTEST_KEY:
        text = f"SECRET_KEY must be random and have at least {SHORTEST_KEY} characters."
        yield Error(text, hint=hint, id="config.E005")


@in_production
def links_lead_to_the_site(**_kwargs: object) -> Iterator[CheckMessage]:
    parts = urlsplit(settings.SITE_URL)
    if "*" in settings.ALLOWED_HOSTS:
        hint = "Remove the *: with it anybody could choose the host in our links."
        yield Error("ALLOWED_HOSTS must name the site's own hosts.", hint=hint, id="config.E006")
    if parts.scheme != "https":
        hint = "Use https://, else links in mails would lead to the site unencrypted."
        yield Error("SITE_URL must begin with https://.", hint=hint, id="config.E007")
    if "@" in parts.netloc:
        hint = "Remove what stands before the @: the URL is printed in mails and pages."
        yield Error("SITE_URL must not hold a name or a password.", hint=hint, id="config.E008")
    if not validate_host(parts.hostname or "", settings.ALLOWED_HOSTS):
        hint = "Add it to ALLOWED_HOSTS, else the site would refuse its own URLs."
        yield Error("SITE_URL must name a host of ALLOWED_HOSTS.", hint=hint, id="config.E009")


@in_production
def database_is_kept(**_kwargs: object) -> Iterator[CheckMessage]:
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3") and "memory" in str(database["NAME"]):
        hint = "Name a file or a server: everything would be gone at the next start."
        yield Error("DATABASE_URL must not be a database in memory.", hint=hint, id="config.E010")


@in_production
def private_files_are_not_served(**_kwargs: object) -> Iterator[CheckMessage]:
    private = Path(settings.STORAGES["private"]["OPTIONS"]["location"]).resolve()
    if private.is_relative_to(Path(settings.MEDIA_ROOT).resolve()):
        hint = "Name a folder elsewhere: the web server hands out what is in this one."
        yield Error("PRIVATE_STORAGE_URL must not lie inside the media folder.", hint=hint, id="config.E011")


@in_production
def cache_is_shared(**_kwargs: object) -> Iterator[CheckMessage]:
    if any(name in settings.CACHES["default"]["BACKEND"] for name in PER_PROCESS_CACHES):
        hint = "Use one such as redis://… or filecache:///…"
        yield Error("CACHE_URL must name a cache that all processes share.", hint=hint, id="config.E012")


@in_production
def mail_is_sent(**_kwargs: object) -> Iterator[CheckMessage]:
    if any(name in settings.POST_OFFICE["BACKENDS"]["default"] for name in DISCARDING_MAIL_BACKENDS):
        text = "EMAIL_URL must name a mail server: this one sends nothing to anybody."
        yield Error(text, hint="Use one such as smtp+tls://…", id="config.E013")


@register
def timestamps_can_be_checked(**_kwargs: object) -> Iterator[CheckMessage]:
    """config.E014: with roots that nobody can read no timestamp is taken. W001, W002: one setting without the other."""
    if settings.TIMESTAMP_URL and not settings.TIMESTAMP_CA_FILE:
        hint = "Name its roots. The URL may be plain http, as is usual: answers are signed, and then that is checked."
        yield Warning("TIMESTAMP_URL without TIMESTAMP_CA_FILE trusts anybody.", hint=hint, id="config.W001")
    if not settings.TIMESTAMP_CA_FILE:
        return
    if not settings.TIMESTAMP_URL:
        yield Warning("TIMESTAMP_CA_FILE has no TIMESTAMP_URL.", hint="Set it, or neither.", id="config.W002")
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - large, and few sites have roots

    try:
        load_pem_x509_certificates(Path(settings.TIMESTAMP_CA_FILE).read_bytes())
    except (OSError, ValueError) as error:
        hint = "Name a file of certificates in PEM, or remove it."
        yield Error(f"TIMESTAMP_CA_FILE cannot be read: {error}", hint=hint, id="config.E014")
