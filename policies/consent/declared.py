"""What the running system states of cookies and outside services, for policies to print.

What a version froze of the facts is read back by `policies.consent.notices`.
"""

from typing import Any

from cookie_consent.models import Cookie, CookieGroup
from django.utils.translation import gettext_lazy as _

from home.models import ServiceSettings
from policies.facts.registry import Fact
from policies.models import CookieDetails


def cookies() -> list[dict[str, Any]]:
    """Return all declared categories with their cookies, required ones first."""
    groups = CookieGroup.objects.order_by("-is_required", "ordering", "pk")
    return [
        {
            "varname": group.varname,
            "name": group.name,
            "description": group.description,
            "is_required": group.is_required,
            "cookies": [_cookie(cookie) for cookie in sorted(group.cookie_set.all(), key=lambda c: c.name)],
        }
        for group in groups.prefetch_related("cookie_set__details")
    ]


def _cookie(cookie: Cookie) -> dict[str, str]:
    details = getattr(cookie, "details", None) or CookieDetails()
    return {
        "name": cookie.name,
        "purpose": cookie.description,
        **{name: getattr(details, name) for name in CookieDetails.FIELDS},
    }


def services() -> list[dict[str, Any]]:
    """Return the outside services that are switched on, each with the category under which visitors are asked."""
    return [
        {
            "key": provider.key,
            "name": provider.name,
            "category": category.varname,
            "origins": sorted(provider.origins),
        }
        for provider, category in ServiceSettings.current().optional_providers()
    ]


FACTS = (
    Fact("cookies", _("Cookies in use"), cookies, "policies/facts/cookies.html"),
    Fact("services", _("Outside services by category"), services, "policies/facts/services.html"),
)
