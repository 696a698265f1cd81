"""Live facts of the site as a whole: who runs it, and who receives data."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from home.csp import providers_in_use
from home.models import BrandSettings
from policies.facts import registry
from policies.facts.registry import Fact
from policies.models.facts import Recipient

_IN_TEXTS = ("street", "town", "email", "phone", "company_number")  # a name or country is part of any text


def company() -> dict[str, str]:
    """Return who runs the site, from the brand settings of the default site."""
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


def known_of_company(data: Any) -> dict[str, Any]:
    """Return what of it a text might repeat."""
    return {name: data.get(name) for name in _IN_TEXTS} if isinstance(data, dict) else {}


def recipients() -> list[dict[str, Any]]:
    """Return the declared recipients, then the outside services in use, which the security policy is computed from."""
    declared = [{**row, "is_declared": True} for row in Recipient.objects.values(*Recipient.FIELDS)]
    stated = ("name", "purpose", "country", "privacy_url")
    return declared + [{key: getattr(provider, key) for key in stated} for provider in providers_in_use()]


def known_recipients(data: Any) -> dict[str, Any]:
    """Return the names of the recipients."""
    return {str(entry.get("name")): entry.get("name") for entry in registry.entries(data)}


def missing_recipients(data: Any) -> str:
    """Return what is not stated where nobody is declared: every site has a host, and somebody who sends its mail."""
    if any(entry.get("is_declared") for entry in registry.entries(data)):
        return ""
    return gettext(
        "Not yet stated: who else receives data, such as carrier, host, mail provider and bookkeeper."
    )


FACTS = (
    Fact("company", _("Who we are"), company, "policies/facts/company.html", known_values=known_of_company),
    Fact(
        "recipients",
        _("Who receives data"),
        recipients,
        "policies/facts/recipients.html",
        known_values=known_recipients,
        gap=missing_recipients,
    ),
)
