"""The services for visitor statistics: what each needs on a page, and what the policies say of it.

It only describes. Which one is used, and the category it belongs to, is in the settings (home.models.services); when
its script may run is decided by the visitor (static/js/components/consent.js).
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from home.csp import Provider

PLAUSIBLE = "https://plausible.io/"
GOOGLE_ADS = "AW-"


@dataclass(frozen=True)
class Statistics:
    """A service as it is set up: who it is, its script (a static file or a full address) and what that reads."""

    provider: Provider
    script: str
    data: dict[str, str] = field(default_factory=dict)  # attributes data-… of the script


def matomo(*, address: str, site_id: int, country: str) -> Statistics:
    """Matomo on a server of its own. `address` ends with a slash."""
    origin = origin_of(address)
    return Statistics(
        provider=Provider(
            key="matomo",
            name=_("Matomo on %(host)s") % {"host": urlsplit(address).hostname},
            purpose=_counting(),
            country=country,
            sources={"script-src": (origin,), "connect-src": (origin,), "img-src": (origin,)},
        ),
        script="js/statistics/matomo.js",
        data={"address": address, "site": str(site_id)},
    )


def plausible(*, domain: str, address: str, country: str) -> Statistics:
    """Plausible's own service, or an instance at `address`, which ends with a slash."""
    origin = origin_of(address or PLAUSIBLE)
    name, where, privacy = "Plausible", _("European Union"), "https://plausible.io/data-policy"
    if address:
        name, where, privacy = _("Plausible on %(host)s") % {"host": urlsplit(address).hostname}, country, ""
    return Statistics(
        provider=Provider(
            key="plausible",
            name=name,
            purpose=_counting(),
            country=where,
            privacy_url=privacy,
            sources={"script-src": (origin,), "connect-src": (origin,)},
        ),
        script=f"{address or PLAUSIBLE}js/script.js",
        data={"domain": domain},
    )


def google(*, tag_id: str) -> Statistics:
    """A Google tag: Analytics (G-, GT-) or Ads (AW-)."""
    is_ads = tag_id.startswith(GOOGLE_ADS)
    return Statistics(
        provider=Provider(
            key="google",
            name="Google Ads" if is_ads else "Google Analytics",
            purpose=_("Measures which advertisements lead to our pages: IP address, browser, pages opened")
            if is_ads
            else _counting(),
            country=_("Ireland and the United States"),
            privacy_url="https://policies.google.com/privacy",
            sources=_GOOGLE_ADS_SOURCES if is_ads else _GOOGLE_ANALYTICS_SOURCES,
        ),
        script="js/statistics/google.js",
        data={"id": tag_id},
    )


def origin_of(address: str) -> str:
    """Return scheme, host and port of an address, as a security policy names them."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _counting() -> str:
    return _("Counts visits: IP address, browser, pages opened")


# As Google's guide on content security policies names them.
_GOOGLE_ANALYTICS_SOURCES = {
    "script-src": ("https://www.googletagmanager.com",),
    "connect-src": (
        "https://*.google-analytics.com",
        "https://*.analytics.google.com",
        "https://www.googletagmanager.com",
    ),
    "img-src": ("https://*.google-analytics.com", "https://www.googletagmanager.com"),
}
_GOOGLE_ADS_SOURCES = {
    "script-src": (
        "https://www.googletagmanager.com",
        "https://www.googleadservices.com",
        "https://googleads.g.doubleclick.net",
        "https://pagead2.googlesyndication.com",
        "https://www.google.com",
    ),
    "connect-src": (
        "https://www.googletagmanager.com",
        "https://www.googleadservices.com",
        "https://googleads.g.doubleclick.net",
        "https://pagead2.googlesyndication.com",
        "https://www.google.com",
        "https://google.com",
    ),
    "img-src": (
        "https://www.googletagmanager.com",
        "https://www.googleadservices.com",
        "https://googleads.g.doubleclick.net",
        "https://pagead2.googlesyndication.com",
        "https://www.google.com",
        "https://google.com",
    ),
    "frame-src": ("https://www.googletagmanager.com",),
}
