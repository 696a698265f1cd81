"""The live fact who receives data."""

import re
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from home.csp import providers_in_use
from policies.facts import registry
from policies.facts.registry import Fact
from policies.models.facts import Recipient


def recipients() -> list[dict[str, Any]]:
    """Return the declared recipients, then the outside services in use, which the security policy is computed from."""
    declared = [{**row, "is_declared": True} for row in Recipient.objects.values(*Recipient.FIELDS)]
    stated = ("name", "purpose", "country", "privacy_url")
    return declared + [{key: getattr(provider, key) for key in stated} for provider in providers_in_use()]


def known_values(data: Any) -> dict[str, Any]:
    """Return the names of the recipients; none that is a short word without a capital ("the")."""
    names = (str(entry.get("name", "")) for entry in registry.entries(data))
    return {name: name for name in names if not re.fullmatch("[a-z]{1,4}", name)}


def gap(data: Any) -> str:
    """Return what is not stated where nobody is declared: every site has a host, and somebody who sends its mail."""
    if any(entry.get("is_declared") for entry in registry.entries(data)):
        return ""
    return gettext(
        "Not yet stated: who else receives data, such as carrier, host, mail provider and bookkeeper."
    )


FACT = Fact(
    "recipients",
    _("Who receives data"),
    recipients,
    "policies/facts/recipients.html",
    known_values=known_values,
    gap=gap,
    remedy=_("Declare them under Settings → Recipients of data."),
)
