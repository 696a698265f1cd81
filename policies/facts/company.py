"""The live fact who runs the site."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from home.models import BrandSettings
from policies.facts.registry import Fact

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


def known_values(data: Any) -> dict[str, Any]:
    """Return what of it a text might repeat."""
    return {name: data.get(name) for name in _IN_TEXTS} if isinstance(data, dict) else {}


FACT = Fact("company", _("Who we are"), company, "policies/facts/company.html", known_values=known_values)
