"""What production refuses to start with: settings that are complete and would still be a leak or a hole.

Each refusal names the variable and says what to do. What is merely missing or unreadable, `config.env` refuses.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.http.request import validate_host

SHORTEST_KEY = 50  # characters, as Django's own check of a deployment asks
KNOWN_KEYS = ("development-only", "django-insecure-", "tests-only")
LIVE_KEYS = ("sk_live_", "rk_live_")
WEBHOOK_SECRET = "whsec_"  # noqa: S105 - how each of Stripe's begins
SHORTEST_WEBHOOK_SECRET = 16
NO_TRANSPORTS = ("console", "dummy", "locmem")


def refusals(
    *,
    secret_key: str,
    allowed_hosts: Sequence[str],
    site_url: str,
    database: Mapping[str, Any],
    mail_transport: str,
    media_folder: str,
    private_folder: str,
) -> list[str]:
    """Say what is wrong, a sentence each; nothing when production may start."""
    return [
        *_about_key(secret_key),
        *_about_address(allowed_hosts, site_url),
        *_about_storage(database, media_folder, private_folder),
        *_about_mail(mail_transport),
    ]


def _about_key(secret_key: str) -> Iterator[str]:
    if secret_key.startswith(KNOWN_KEYS):
        yield "SECRET_KEY is one that everybody can read in the source: make a new one (.env.example says how)."
    elif len(secret_key) < SHORTEST_KEY:
        yield f"SECRET_KEY must be random and have at least {SHORTEST_KEY} characters (.env.example says how)."


def _about_address(allowed_hosts: Sequence[str], site_url: str) -> Iterator[str]:
    if "*" in allowed_hosts:
        yield "ALLOWED_HOSTS must name the site's own hosts: with * anybody could choose the host in our links."
    parts = urlsplit(site_url)
    if parts.scheme != "https":
        yield "SITE_URL must begin with https://: links in mails would lead to the site unencrypted."
    if "@" in parts.netloc:
        yield "SITE_URL must not hold a name or a password: it is printed in mails and pages."
    if not validate_host(parts.hostname or "", allowed_hosts):
        yield "SITE_URL must name a host of ALLOWED_HOSTS: the site would refuse its own address."


def _about_storage(database: Mapping[str, Any], media_folder: str, private_folder: str) -> Iterator[str]:
    if "memory" in str(database["NAME"]) and database["ENGINE"].endswith("sqlite3"):
        yield "DATABASE_URL must not be a database in memory: everything would be gone at the next start."
    media, private = Path(media_folder).resolve(), Path(private_folder).resolve()
    if private.is_relative_to(media):
        yield "PRIVATE_STORAGE_URL must not lie inside the media folder: the web server hands out what is there."


def _about_mail(transport: str) -> Iterator[str]:
    if any(f".{name}." in transport for name in NO_TRANSPORTS):
        yield "EMAIL_URL must name a mail server (smtp+tls://…): this one sends nothing to anybody."


def payment_refusals(
    *, key: str, api_url: str, secrets: Sequence[str], takes_test_money: bool
) -> Iterator[str]:
    """Return what is wrong with how the shop would take payments, a sentence each."""
    if api_url:
        yield "STRIPE_API_URL must be empty: the sandbox that it names would decide which orders are paid."
    if not key.startswith(LIVE_KEYS) and not takes_test_money:
        yield "STRIPE_SECRET_KEY is no live key: goods would go out for test money. STRIPE_TEST_MONEY=1 allows it."
    weak = [s for s in secrets if not s.startswith(WEBHOOK_SECRET) or len(s) < SHORTEST_WEBHOOK_SECRET]
    if weak:
        yield "STRIPE_WEBHOOK_SECRET is none of Stripe's (whsec_…): anybody could send messages in Stripe's name."
