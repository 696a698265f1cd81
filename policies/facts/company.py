"""The live fact who runs the site."""

import re
from typing import Any

from django.utils.translation import gettext_lazy as _

from home.models import BrandSettings
from policies.facts.registry import Fact, as_written

_IN_TEXTS = ("street", "town", "email", "phone", "company_number")  # a name or country is part of any text
_POSTAL_CODE = re.compile(r"(?:\S*\d\S*\s+)+")


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
    found = {name: data.get(name) for name in _IN_TEXTS} if isinstance(data, dict) else {}
    # Versions froze the town with its postal code.
    return {**found, "city": _POSTAL_CODE.sub("", str(found.get("town") or ""), count=1)}


def pattern(value: str) -> str:
    """Return how a text writes it: a town (Reading, Nice) with the same capitals, since it may be a common word."""
    written = as_written(value)
    return written if re.search(r"[\d@]", value) else f"(?-i:{written})"


FACT = Fact("company", _("Who we are"), company, "policies/facts/company.html", known_values, pattern)
