"""The tests: like production in what visitors see, fast where nobody looks."""

import atexit
import shutil
import tempfile
from pathlib import Path

from config.settings.base import *  # noqa: F403 - settings modules are layers

INSTALLED_APPS = ["demo", *INSTALLED_APPS]  # noqa: F405 - from base
DEMO_PHOTOGRAPHS = False  # drawings need no renditions
IS_PRODUCTION = False
LIMIT_DATABASE_WAITS = False
SECRET_KEY = "tests-only"  # noqa: S105 - not a secret
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
# Not UTC, so that a confusion of the two shows.
TIME_ZONE = "Europe/Berlin"

CACHES = {
    name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name}
    for name in ("default", "tokens", "counters", "redlines")
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

_scratch = Path(tempfile.mkdtemp(prefix="site-tests-"))
atexit.register(shutil.rmtree, _scratch, ignore_errors=True)
MEDIA_ROOT = str(_scratch / "media")
BUNDLES_ROOT = _scratch / "bundles"
STORAGES = {
    **STORAGES,  # noqa: F405 - from base
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "private": {
        "BACKEND": "home.storage.PrivateFileSystemStorage",
        "OPTIONS": {"location": str(_scratch / "private")},
    },
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
EMAIL_FILE_PATH = str(_scratch / "mail")
POST_OFFICE = {
    **POST_OFFICE,  # noqa: F405 - from base
    "BACKENDS": {"default": "django.core.mail.backends.locmem.EmailBackend"},
}
SERVE_MEDIA = True

# The tests that pay start a sandbox of their own and say where it is.
STRIPE_SECRET_KEY = "sk_test_sandbox"  # noqa: S105 - the sandbox takes any
STRIPE_WEBHOOK_SECRETS = ["whsec_sandbox"]
STRIPE_API_URL = "http://127.0.0.1:9"  # nobody answers there

# The tests that ask an authority start one of their own.
TIMESTAMP_URL = ""
TIMESTAMP_CA_FILE = ""
