"""A developer's machine and `make run`: everything local, with the demo, real error pages unless DEBUG=1."""

from config.env import VAR_DIR, flag, names, number, text
from config.settings.base import *  # noqa: F403 - settings modules are layers
from config.settings.base import INSTALLED_APPS, STORAGES, STRIPE_SECRET_KEY
from store.sandbox.secret import webhook_secret

IS_PRODUCTION = False
DEBUG = flag("DEBUG", default=False)
# Protects nothing but a developer's own machine; production has no default.
SECRET_KEY = text("SECRET_KEY", "development-only-key-which-protects-nothing-of-value")
ALLOWED_HOSTS = names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")

# Static files straight from their folders: no collectstatic between an edit and a reload.
INSTALLED_APPS = ["demo", "whitenoise.runserver_nostatic", *INSTALLED_APPS]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}

SERVE_MEDIA = True  # no web server in front: Django hands out pictures itself

# Without a key of Stripe's, payments go to the sandbox, which `make run` starts on the next port.
if not STRIPE_SECRET_KEY:
    STRIPE_SECRET_KEY = "sk_test_sandbox"  # noqa: S105 - the sandbox takes any
    STRIPE_SANDBOX_DATABASE = VAR_DIR / "sandbox.sqlite3"
    STRIPE_WEBHOOK_SECRETS = [webhook_secret(STRIPE_SANDBOX_DATABASE)]
    STRIPE_API_URL = text("STRIPE_SANDBOX_URL", f"http://127.0.0.1:{number('PORT', 8000) + 1}")
