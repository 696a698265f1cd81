"""The content security policy, computed from the settings and from the providers that are in use.

A provider is an outside service that pages talk to (analytics, embedded media, payment). Apps contribute
theirs by hook; the policy's live fact "who receives data" reads the same list, so neither can forget one. Public pages
get no inline code at all. The admin needs inline code (Wagtail writes some) and says so only under its own path.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from csp.constants import UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from home.hooks import collect
from home.snapshot import shared


@dataclass(frozen=True)
class Provider:
    """An outside service: who it is, what it receives and why, and which sources its pages need."""

    key: str
    name: str
    purpose: str
    country: str = ""
    privacy_url: str = ""
    category: str = ""  # of cookies, by its short name, where the service is not one of the settings
    # directive ("script-src") → origins ("https://stats.example.com")
    sources: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def origins(self) -> frozenset[str]:
        """All origins that its pages load from."""
        return frozenset(origin for origins in self.sources.values() for origin in origins)


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, as a security policy names them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def providers_in_use() -> list[Provider]:
    """Return the providers in use, by name."""
    found: list[Provider] = collect("register_service_providers", key=lambda provider: provider.key)
    return sorted(found, key=lambda provider: provider.name.lower())


@shared
def public_directives() -> dict[str, list[str]]:
    """Return what public pages need beyond the settings: directive → origins of the providers in use."""
    extra: dict[str, list[str]] = {}
    for provider in providers_in_use():
        for directive, origins in provider.sources.items():
            extra.setdefault(directive, []).extend(origins)
    return extra


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp's middleware with the providers' sources, and the admin's exception."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002 - the library's signature
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if report_only:
            return parts
        if request.path_info.startswith(settings.ADMIN_PATH):
            # A nonce would cancel 'unsafe-inline', so the admin has none.
            parts.update = {
                "script-src": [UNSAFE_INLINE],
                "style-src": [UNSAFE_INLINE],
                "img-src": ["blob:"],
            }
        elif response.headers.get("Content-Type", "").startswith("text/html"):  # nothing else loads anything
            with suppress(DatabaseError):  # the page that says so needs none of them
                parts.update = public_directives()
        return parts
