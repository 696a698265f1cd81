"""Live facts of the site as a whole: who runs it, and who receives data."""

from django.utils.translation import gettext_lazy as _

from home.csp import providers_in_use
from home.models import BrandSettings
from policies.facts.registry import Fact


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


def recipients() -> list[dict[str, str]]:
    """Return the outside services in use, from the list that the content security policy is computed from."""
    stated = ("name", "purpose", "country", "privacy_url")
    return [{key: getattr(provider, key) for key in stated} for provider in providers_in_use()]


FACTS = (
    Fact("company", _("Who we are"), company, "policies/facts/company.html"),
    Fact("recipients", _("Who receives data"), recipients, "policies/facts/recipients.html"),
)
