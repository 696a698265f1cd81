"""What the running system states of cookies and outside services, for policies to print.

What a version froze of the facts is read back by `policies.consent.notices`.
"""

import re
from typing import Any

from cookie_consent.models import Cookie, CookieGroup
from django.utils.translation import gettext_lazy as _

from home.csp import providers_in_use
from home.models import ServiceSettings
from policies.facts import registry
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


def known_cookies(data: Any) -> dict[str, Any]:
    """Return the names of the cookies."""
    declared = (
        cookie for group in registry.entries(data) for cookie in registry.entries(group.get("cookies"))
    )
    return {str(cookie.get("name")): cookie.get("name") for cookie in declared}


def cookie_pattern(name: str) -> str:
    """Return how a text writes the name: one that is a plain word ("order") means a cookie only in quotation marks."""
    # Between two stars the first that fits: to try all others would take for ever.
    written = re.sub(r"\\\*(.*?)(?=\\\*)", r"(?>\\*?\1)", re.escape(name)).replace(r"\*", r"[\w.*-]{0,64}")
    return rf"[“”„‘'\"«<]{written}[“”’'\"»>]" if name.isalpha() else rf"(?<![\w.-]){written}(?!\w)"


def services() -> list[dict[str, Any]]:
    """Return the outside services that are switched on, each with the category under which visitors are asked."""
    asked = [(one, category.varname) for one, category in ServiceSettings.current().optional_providers()]
    asked += [(one, one.category) for one in providers_in_use() if one.category]
    return [
        {"key": one.key, "name": one.name, "category": category, "origins": sorted(one.origins)}
        for one, category in asked
    ]


FACTS = (
    Fact(
        "cookies",
        _("Cookies in use"),
        cookies,
        "policies/facts/cookies.html",
        known_values=known_cookies,
        pattern=cookie_pattern,
    ),
    Fact("services", _("Outside services by category"), services, "policies/facts/services.html"),
)
