"""Production: every value from the environment, and no start while one that matters is missing."""

from django.core.exceptions import ImproperlyConfigured

from config.env import flag, missing, names, number, text
from config.refusals import payment_refusals, refusals
from config.settings.base import *  # noqa: F403 - settings modules are layers
from config.settings.base import (
    BEHIND_PROXY,
    CACHES,
    DATABASES,
    MEDIA_ROOT,
    POST_OFFICE,
    STORAGES,
    STRIPE_API_URL,
    STRIPE_SECRET_KEY,
    STRIPE_WEBHOOK_SECRETS,
    WAGTAILADMIN_BASE_URL,
)

REQUIRED = (
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "SITE_URL",
    "DATABASE_URL",
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
)
if absent := missing(REQUIRED):
    message = (
        "Production does not start without these variables: " + ", ".join(absent) + ". See .env.example."
    )
    raise ImproperlyConfigured(message)
if "locmem" in CACHES["default"]["BACKEND"] or "dummy" in CACHES["default"]["BACKEND"]:
    message = "CACHE_URL must name a cache that all processes share (redis://…, filecache:///…)."
    raise ImproperlyConfigured(message)

DEBUG = False
SECRET_KEY = text("SECRET_KEY")
ALLOWED_HOSTS = names("ALLOWED_HOSTS")
found = refusals(
    secret_key=SECRET_KEY,
    allowed_hosts=ALLOWED_HOSTS,
    site_url=WAGTAILADMIN_BASE_URL,
    database=DATABASES["default"],
    mail_transport=POST_OFFICE["BACKENDS"]["default"],
    media_folder=MEDIA_ROOT,
    private_folder=STORAGES["private"]["OPTIONS"]["location"],
)
found += payment_refusals(
    key=STRIPE_SECRET_KEY,
    api_url=STRIPE_API_URL,
    secrets=STRIPE_WEBHOOK_SECRETS,
    takes_test_money=flag("STRIPE_TEST_MONEY", default=False),
)
if found:
    raise ImproperlyConfigured("Production does not start like this:\n- " + "\n- ".join(found))

SECURE_SSL_REDIRECT = flag("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = number("SECURE_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=True)
SECURE_HSTS_PRELOAD = flag("SECURE_HSTS_PRELOAD", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz/$", r"^readyz/$"]  # asked from inside, without TLS
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

SERVE_MEDIA = flag("SERVE_MEDIA", default=False)
