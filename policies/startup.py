"""What the policies app registers when the site starts: its facts, its personal data, its say in the page cache."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import cookie_consent.conf  # noqa: F401 - sets its defaults when first imported: now, not inside a test's settings
from cookie_consent.models import Cookie, CookieGroup
from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from home import navigation
from home.csp import providers_in_use
from home.models import BrandSettings, ServiceSettings
from home.page_cache import schedule
from home.page_cache.invalidation import invalidate_pages_when_changed
from policies.cookie_audit import rules
from policies.facts import registry
from policies.models import ConsentRecord, CookieDetails, Policy, PolicyVersion, VersionWithdrawal
from policies.models.consents import time_of_keeping
from policies.personal_data import register as personal_data


def register() -> None:
    """Register everything; called once by the app's configuration."""
    registry.register(registry.Fact("company", _("Who we are"), company_fact, "policies/facts/company.html"))
    registry.register(
        registry.Fact("cookies", _("Cookies in use"), cookies_fact, "policies/facts/cookies.html")
    )
    registry.register(
        registry.Fact(
            "personal_data",
            _("Personal data held, and how long"),
            personal_data.as_fact,
            "policies/facts/personal_data.html",
        )
    )
    registry.register(
        registry.Fact("recipients", _("Who receives data"), recipients_fact, "policies/facts/recipients.html")
    )
    registry.register(
        registry.Fact(
            "services", _("Outside services by category"), services_fact, "policies/facts/services.html"
        )
    )
    personal_data.register(_consent_records())
    schedule.register(next_effective_time)
    navigation.register_footer_links(footer_links)
    rules.register_paths(lambda: [reverse("policies:cookies")])
    for model in (Policy, PolicyVersion, VersionWithdrawal, CookieGroup, Cookie, CookieDetails):
        invalidate_pages_when_changed(model)


def next_effective_time(now: datetime) -> datetime | None:
    """Say when the next pending version takes effect."""
    pending = PolicyVersion.objects.pending(now)
    return pending.values_list("effective_at", flat=True).first()


def footer_links() -> Iterator[navigation.Link]:
    """Link every policy that is in force to the foot of every page; the site's own kinds first."""
    # By the title in force: a new one that is announced waits for its hour.
    in_force = PolicyVersion.objects.begun(timezone.now()).filter(policy=OuterRef("pk"))
    policies = Policy.objects.annotate(title_now=Subquery(in_force.values("title")[:1]))
    shown = policies.filter(title_now__isnull=False).exclude(kind=Policy.Kind.OTHER).order_by("pk")
    return (navigation.Link(policy.title_now, policy.get_absolute_url()) for policy in shown)


def company_fact() -> dict[str, str]:
    """Who runs the site, from the brand settings of the default site."""
    brand = BrandSettings.current()
    return {
        "name": brand.legal_name or brand.name,
        "street": brand.street,
        "town": f"{brand.postal_code} {brand.city}".strip(),
        "country": brand.country,
        "email": brand.email,
        "phone": brand.phone,
        "company_number": brand.company_number,
    }


def cookies_fact() -> list[dict[str, Any]]:
    """All declared categories with their cookies, required ones first."""
    groups = CookieGroup.objects.prefetch_related("cookie_set__details").order_by(
        "-is_required", "ordering", "pk"
    )
    return [
        {
            "varname": group.varname,
            "name": group.name,
            "description": group.description,
            "is_required": group.is_required,
            "cookies": [_cookie(cookie) for cookie in sorted(group.cookie_set.all(), key=lambda c: c.name)],
        }
        for group in groups
    ]


def _cookie(cookie: Cookie) -> dict[str, str]:
    details = getattr(cookie, "details", None) or CookieDetails()
    return {
        "name": cookie.name,
        "purpose": cookie.description,
        "provider": details.provider,
        "duration": details.duration,
        "party": details.party,
        "storage": details.storage,
        "policy_url": details.policy_url,
    }


def services_fact() -> list[dict[str, Any]]:
    """The outside services that are switched on, each with the category under which visitors are asked about it."""
    return [
        {
            "key": provider.key,
            "name": provider.name,
            "category": category.varname,
            "origins": sorted(provider.origins),
        }
        for provider, category in ServiceSettings.current().optional_providers()
    ]


def recipients_fact() -> list[dict[str, str]]:
    """The outside services in use, from the registry that the content security policy is computed from."""
    return [
        {
            "name": provider.name,
            "purpose": provider.purpose,
            "country": provider.country,
            "privacy_url": provider.privacy_url,
        }
        for provider in providers_in_use()
    ]


def _consent_records() -> personal_data.PersonalData:
    return personal_data.PersonalData(
        key="policies.consent",
        label=_("Cookie choices"),
        what=_("What was chosen, when, and which text was shown. No name, no address, no IP."),
        purpose=_("To be able to show that a choice was made, and which one"),
        keep=time_of_keeping,
        expire=ConsentRecord.objects.remove_kept_long_enough,
        note=_("Nothing links a record to a person; only someone with the record id can find it."),
    )
