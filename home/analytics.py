"""The analytics services: what each needs on a page, and what the policies say of it.

It only describes them. Which one is used, and in which cookie category, is in the settings (home.models.services);
whether its script runs is the visitor's choice (static/js/components/consent.js).
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from home.csp import Provider, origin_of

PLAUSIBLE = "https://plausible.io/"
GOOGLE_ADS = "AW-"


@dataclass(frozen=True)
class AnalyticsService:
    """A service as it is set up: who it is, its script (a static file or a URL) and what that reads."""

    provider: Provider
    script: str
    data: dict[str, str] = field(default_factory=dict)  # attributes data-… of the script


def matomo(*, url: str, site_id: int, country: str) -> AnalyticsService:
    """Matomo on a server of its own. `url` ends with a slash."""
    origin = origin_of(url)
    return AnalyticsService(
        provider=Provider(
            key="matomo",
            name=_("Matomo on %(host)s") % {"host": urlsplit(url).hostname},
            purpose=_counting(),
            country=country,
            sources=dict.fromkeys(("script-src", "connect-src", "img-src"), (origin,)),
        ),
        script="js/analytics/matomo.js",
        data={"url": url, "site": str(site_id)},
    )


def plausible(*, domain: str, url: str, country: str) -> AnalyticsService:
    """Plausible's own service, or an instance at `url`, which ends with a slash."""
    origin = origin_of(url or PLAUSIBLE)
    name, where, privacy = "Plausible", _("European Union"), "https://plausible.io/data-policy"
    if url:
        name, where, privacy = _("Plausible on %(host)s") % {"host": urlsplit(url).hostname}, country, ""
    return AnalyticsService(
        provider=Provider(
            key="plausible",
            name=name,
            purpose=_counting(),
            country=where,
            privacy_url=privacy,
            sources=dict.fromkeys(("script-src", "connect-src"), (origin,)),
        ),
        script=f"{url or PLAUSIBLE}js/script.js",
        data={"domain": domain},
    )


def google(*, tag_id: str) -> AnalyticsService:
    """A Google tag: Analytics (G-, GT-) or Ads (AW-)."""
    is_ads = tag_id.startswith(GOOGLE_ADS)
    return AnalyticsService(
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
        script="js/analytics/google.js",
        data={"id": tag_id},
    )


def _counting() -> str:
    return _("Counts visits: IP address, browser, pages opened")


# As Google's guide on content security policies names them.
_TAG_MANAGER = "https://www.googletagmanager.com"
_GOOGLE_ANALYTICS_SOURCES = {
    "script-src": (_TAG_MANAGER,),
    "connect-src": ("https://*.google-analytics.com", "https://*.analytics.google.com", _TAG_MANAGER),
    "img-src": ("https://*.google-analytics.com", _TAG_MANAGER),
}
_ADS = (
    _TAG_MANAGER,
    "https://www.googleadservices.com",
    "https://googleads.g.doubleclick.net",
    "https://pagead2.googlesyndication.com",
    "https://www.google.com",
)
_GOOGLE_ADS_SOURCES = {
    "script-src": _ADS,
    "connect-src": (*_ADS, "https://google.com"),
    "img-src": (*_ADS, "https://google.com"),
    "frame-src": (_TAG_MANAGER,),
}
