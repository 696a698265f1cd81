"""Production: every value from the environment, and no start while one is missing, or refused by a system check."""

from config.env import flag, names, number, require, text
from config.settings.base import *  # noqa: F403 - settings modules are layers
from config.settings.base import BEHIND_PROXY, INSTALLED_APPS

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
require(name for name in REQUIRED if "store" in INSTALLED_APPS or not name.startswith("STRIPE_"))

DEBUG = False
SECRET_KEY = text("SECRET_KEY")
ALLOWED_HOSTS = names("ALLOWED_HOSTS")

SECURE_SSL_REDIRECT = flag("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = number("SECURE_HSTS_SECONDS", 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = flag("SECURE_HSTS_PRELOAD", default=False)
SECURE_REDIRECT_EXEMPT = [r"^healthz/$", r"^readyz/$"]  # asked from inside, without TLS
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True

SERVE_MEDIA = flag("SERVE_MEDIA", default=False)
