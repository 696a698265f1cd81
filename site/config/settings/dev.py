"""A developer's machine and `make run`: everything local, with the demo, real error pages unless DEBUG=1."""

from config.env import flag, names, text
from config.settings.base import *  # noqa: F403 - settings modules are layers
from config.settings.base import INSTALLED_APPS, STORAGES

IS_PRODUCTION = False
DEBUG = flag("DEBUG", default=False)
# Protects nothing but a developer's own machine; production has no default.
SECRET_KEY = text("SECRET_KEY", "development-only-key-which-protects-nothing-of-value")
ALLOWED_HOSTS = names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")

# Static files straight from their folders: no collectstatic between an edit and a reload.
INSTALLED_APPS = ["demo", "whitenoise.runserver_nostatic", *INSTALLED_APPS]
DEMO_PHOTOGRAPHS = True  # of its products, not drawings
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}

SERVE_MEDIA = True  # no web server in front: Django hands out pictures itself
