"""What every environment shares. Values that differ between machines come from the environment (config.env)."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import django.forms
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config.env import (
    BASE_DIR,
    VAR_DIR,
    caches,
    database,
    flag,
    folder,
    mail,
    names,
    number,
    site_url,
    text,
    timestamp_url,
)

# --- Apps, highest layer first: config -> store | forms -> policies -> home -------------------------------
INSTALLED_APPS = [
    "config",
    "store",
    "forms",
    "policies",
    "home",
    "wagtail.contrib.forms",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.contrib.routable_page",
    "wagtail.contrib.typed_table_block",
    "wagtail.embeds",
    "wagtail.sites",
    "wagtail.users",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail.snippets",
    "wagtail",
    "modelcluster",
    "taggit",
    "axes",
    "cookie_consent",
    "post_office",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
]

MIDDLEWARE = [
    # First: it says whether what is sent may be kept (docs/decisions/0023-pages-in-the-process.md).
    "home.page_cache.middleware.PageCacheMiddleware",
    # Before anything reads a query or a form; the page cache reads neither.
    "home.request_validation.RequestValidationMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "home.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "home.csrf.OriginOrTokenCsrfMiddleware",
    "home.routing.DefaultSiteMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
    "policies.versions.middleware.RefusedContentMiddleware",
    "policies.versions.middleware.DamagedRecordMiddleware",
    "home.password_hashing.HashingBusyMiddleware",
    # Last, as axes asks: it turns a lockout raised below into its answer.
    "axes.middleware.AxesMiddleware",
]

ADMIN_PATH = "/admin/"
PRIVATE_PATHS = (ADMIN_PATH,)  # never in the page cache
NOT_FOR_CRAWLERS = (*PRIVATE_PATHS, "/cookies/")
ROOT_URLCONF = "config.urls"
# Development and tests say False: only there nothing is demanded of the settings that a site in public needs.
IS_PRODUCTION = True
# A copy of the site to try things on (manage.py staging_copy): it says so, writes mails into files, takes no money.
STAGING = flag("STAGING", default=False)
if STAGING:
    MIDDLEWARE.insert(1, "home.staging.no_index")  # after the page cache, which must be first
WSGI_APPLICATION = "config.wsgi.application"
SITE_URL = site_url("http://127.0.0.1:8000")  # scheme and host of the public site
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Instead of "django.forms" in INSTALLED_APPS, whose label is that of our own app.
DJANGO_FORM_TEMPLATES = Path(django.forms.__file__).parent / "templates"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates", DJANGO_FORM_TEMPLATES],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "home.context_processors.site",
            ],
        },
    },
]

# --- Database, cache -------------------------------------------------------------------------------------
DATABASES = {"default": database(default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
LIMIT_DATABASE_WAITS = True  # in the web server; in tests it would hold for all that shares their process
CACHES = caches(default=f"filecache://{VAR_DIR / 'cache'}")

# --- People ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "home.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = ["home.password_hashing.BoundedPBKDF2PasswordHasher"]
LOGIN_URL = "wagtailadmin_login"
WAGTAILADMIN_USER_LOGIN_FORM = "config.sign_in.SignInForm"
AXES_HANDLER = "config.sign_in.SignInHandler"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # who waits as told gets in
AXES_LOCKOUT_CALLABLE = "config.sign_in.locked_out"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
SIGN_IN_KEEP_DAYS = number("SIGN_IN_KEEP_DAYS", 30)
# Whatever the model calls it: Wagtail's form and Django's backends say so.
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "config.sign_in.account_name"
AXES_CLIENT_IP_CALLABLE = "home.throttling.client_network"

# --- Language and time -----------------------------------------------------------------------------------
# The site's own words are English; for another language, add translations (makemessages) before setting it.
LANGUAGE_CODE = text("LANGUAGE_CODE", "en-gb")
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = text("TIME_ZONE", "Europe/London")
WAGTAIL_USER_TIME_ZONES: list[str] = []  # to choose from: days are the site's, whoever publishes or looks

# --- Files -----------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
BUNDLES_ROOT = VAR_DIR / "bundles"  # for collectstatic and development (home/bundles.py)
STATICFILES_FINDERS = [
    "home.bundles.BundlesFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
# Which links browsers may follow ahead of a click: a file, so that the security policy allows it.
WHITENOISE_MIMETYPES = {".speculationrules": "application/speculationrules+json"}
MEDIA_URL = "/media/"
MEDIA_ROOT = folder("MEDIA_STORAGE_URL", VAR_DIR / "media")
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    # Uploads and exports with personal data: no address of its own leads here.
    "private": {
        "BACKEND": "home.storage.PrivateFileSystemStorage",
        "OPTIONS": {"location": folder("PRIVATE_STORAGE_URL", VAR_DIR / "private")},
    },
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # Wagtail's page forms are long

# --- Mail: queued in the database, sent by the worker ---------------------------------------------------
EMAIL_BACKEND = "home.mail_queue.EmailBackend"
_transport, _mail_settings = mail(default_folder=VAR_DIR / "mail")
if STAGING:
    _transport = "home.mail_files.EmailBackend"
globals().update(_mail_settings)
EMAIL_TIMEOUT = 20  # seconds
DEFAULT_FROM_EMAIL = text("DEFAULT_FROM_EMAIL", "shop@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
POST_OFFICE: dict[str, Any] = {
    "BACKENDS": {"default": _transport},
    "DEFAULT_PRIORITY": "medium",  # queued; "now" would send inside the request
    "MAX_RETRIES": 12,  # with waits that double up to LONGEST_WAIT in home/mail_queue.py
    "RETRY_INTERVAL": timedelta(minutes=10),
    "MESSAGE_ID_ENABLED": True,
}
MAIL_KEEP_DAYS = number("MAIL_KEEP_DAYS", 90)

# --- Sessions and cookies: none until somebody signs in (the basket has cookies of its own) -----------------
CSRF_COOKIE_HTTPONLY = True
# Here forms carry a token; everywhere else a POST must come from our own origin (home/csrf.py).
CSRF_TOKEN_PATHS: Sequence[str] = (ADMIN_PATH,)

# Whether our own proxy adds X-Forwarded-For; without one, anybody could write it.
BEHIND_PROXY = flag("BEHIND_PROXY", default=False)

# --- Security headers ------------------------------------------------------------------------------------
# With "no-referrer" browsers send "Origin: null" and our own POSTs fail. nginx repeats both (deploy/nginx/).
SECURE_REFERRER_POLICY = "same-origin"
# What no page of ours asks a browser for, nor may a script of others.
PERMISSIONS_POLICY = (
    "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), "
    "usb=()"
)
X_FRAME_OPTIONS = "SAMEORIGIN"  # the editor's preview is a frame of the same origin
SILENCED_SYSTEM_CHECKS = [
    # HSTS is the trader's choice, and starts with minutes (.env.example): browsers remember it.
    "security.W004",
    "security.W005",
    "security.W021",
    "security.W003",  # CSRF: home.csrf.OriginOrTokenCsrfMiddleware is a subclass, which the check does not see
    "security.W019",  # X-Frame-Options SAMEORIGIN is meant, for the preview
]
# What holds everywhere; home/csp.py adds what the registered providers need.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF],
        "manifest-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [SELF],
        "frame-ancestors": [SELF],
    }
}

# --- Page cache (home/page_cache) ---------------------------------------------------------------------------
PAGE_CACHE_SECONDS = number("PAGE_CACHE_SECONDS", 300)
# How long nothing is kept while a change is on its way, if its process dies before it can say that it is done.
PAGE_CACHE_PAUSE_SECONDS = 60
PAGE_CACHE_BYTES = 16_000_000  # in each process

# --- Consent ------------------------------------------------------------------------------------------------
CONSENT_DAYS = 183  # six months, for yes and no alike (CNIL)
# Proof is kept three years; never shorter than the choice itself stands.
CONSENT_RECORD_DAYS = number("CONSENT_RECORD_DAYS", 1095, least=CONSENT_DAYS)

# --- The ledger (policies/ledger) ---------------------------------------------------------------------------
TIMESTAMP_URL = timestamp_url()  # the authority outside that vouches for its heads; empty: none
# The roots that may sign for it, PEM; empty: signatures are not checked.
TIMESTAMP_CA_FILE = text("TIMESTAMP_CA_FILE")

# --- Backups (config/backup) --------------------------------------------------------------------------------
BACKUP_PASSPHRASE = text("BACKUP_PASSPHRASE")
BACKUP_WARN_DAYS = number("BACKUP_WARN_DAYS", 2, least=1)  # after which the dashboard asks for one

# --- The shop ------------------------------------------------------------------------------------------------
CURRENCY = text("CURRENCY", "GBP")  # ISO 4217; prices are kept in its smallest unit
ORDER_KEEP_DAYS = number("ORDER_KEEP_DAYS", 3653)  # ten years, as tax law in several countries asks
BASKET_KEEP_DAYS = 30
STRIPE_EVENT_KEEP_DAYS = number("STRIPE_EVENT_KEEP_DAYS", 90, least=30)  # Stripe lists one for 30 days
# Limits of what is held without being paid, so that nobody empties a shelf (store/checkout/limits.py). Of one item, an
# order has no more than 99 (store.models.baskets).
MOST_OF_ONE_ITEM = number("MOST_OF_ONE_ITEM", 10, least=1, most=99)  # where a product does not say otherwise
MOST_UNPAID_ORDERS = number("MOST_UNPAID_ORDERS", 3, least=1)  # of one client at one time, as the next
MOST_UNPAID_ITEMS = number("MOST_UNPAID_ITEMS", 20, least=1)
# How long a payment page stays open, and so holds its goods: Stripe takes half an hour to a day from its own clock.
HOLD_MINUTES = number("HOLD_MINUTES", 40, least=35, most=1430)
# Hours after which an order that was paid when its goods were gone is cancelled and refunded; 0: staff alone decide.
REFUND_SOLD_OUT_AFTER_HOURS = number("REFUND_SOLD_OUT_AFTER_HOURS", 48, most=24 * 30)
STRIPE_SECRET_KEY = text("STRIPE_SECRET_KEY")
# One or two, divided by a comma: while a secret is changed, both hold.
STRIPE_WEBHOOK_SECRETS = names("STRIPE_WEBHOOK_SECRET")
STRIPE_API_URL = text("STRIPE_API_URL")  # of the sandbox; empty: Stripe itself
# Where payment pages are; another one is a domain of your own at Stripe.
STRIPE_CHECKOUT_ORIGIN = text("STRIPE_CHECKOUT_ORIGIN", "https://checkout.stripe.com")
STRIPE_TEST_MONEY = flag("STRIPE_TEST_MONEY", default=STAGING)  # production takes a key that moves no money

# --- Wagtail ------------------------------------------------------------------------------------------------
WAGTAIL_SITE_NAME = _("Shop")
WAGTAILADMIN_BASE_URL = SITE_URL
# One language for all: what staff do is written down in words, and e-mailed to customers.
WAGTAILADMIN_PERMITTED_LANGUAGES = [(LANGUAGE_CODE, LANGUAGE_CODE)]
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAILIMAGES_IMAGE_MODEL = "home.SiteImage"
WAGTAILIMAGES_IMAGE_FORM_BASE = "home.photographs.SiteImageForm"
WAGTAILIMAGES_MAX_IMAGE_PIXELS = 64_000_000  # decoded, four bytes each
WAGTAILIMAGES_EXTENSIONS = ["avif", "gif", "jpg", "jpeg", "png", "webp", "svg"]
# Willow loads the decoder of HEIC (5 MB) wherever it is installed; none is taken here.
sys.modules.setdefault("pillow_heif", None)  # type: ignore[arg-type]
WAGTAILDOCS_DOCUMENT_MODEL = "home.SiteDocument"
WAGTAILDOCS_DOCUMENT_FORM_BASE = "home.documents.SiteDocumentForm"
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAILDOCS_EXTENSIONS = ["csv", "docx", "odt", "pdf", "rtf", "txt", "xlsx", "zip"]
WAGTAILEMBEDS_FINDERS: list[dict[str, str]] = []  # no third party is asked for anything by default
# Wagtail's own (80) makes AVIF larger than WebP: docs/decisions/0024-bundles-and-typefaces.md.
WAGTAILIMAGES_AVIF_QUALITY = 50
WAGTAILIMAGES_WEBP_QUALITY = 70
WAGTAILIMAGES_FORMAT_CONVERSIONS = {"avif": "avif", "webp": "webp"}
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "home.search.backend"}}
TAGGIT_CASE_INSENSITIVE = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"one_line": {"()": "config.log_lines.OneLine"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["one_line"]},
    },
    "root": {"handlers": ["console"], "level": text("LOG_LEVEL", "WARNING")},
    # It warns of each part of a drawing that papers are printed without.
    "loggers": {"fpdf": {"level": "ERROR"}},
}
