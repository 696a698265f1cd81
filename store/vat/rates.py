"""Finds how an order is taxed: by which country's rates of which day, or not at all, and why.

The order keeps what was found here; later changes of settings and rates do not touch it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from store.models import DeliveryCountry, ShopSettings, VatRate, VatScheme


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """How what is sent to a country is taxed."""

    scheme: str
    country: str = ""  # whose rates hold
    note: str = ""  # why there is no VAT, for the invoice
    percents: Mapping[int | None, Decimal] = field(default_factory=dict)
    problem: str = ""  # why nothing can be ordered there

    def percent_of(self, vat_class: int | None) -> Decimal | None:
        """Return the rate of a class; None where the shop states none."""
        return self.percents.get(vat_class, self.percents.get(None))


def treatment(*, to: DeliveryCountry, on: date) -> Treatment:
    """Return how goods that are sent to a country on a day are taxed."""
    shop = ShopSettings.current()
    if shop.vat_scheme == VatScheme.NOT_REGISTERED:
        return Treatment(scheme=shop.vat_scheme, note=shop.not_registered_note)
    if shop.vat_scheme != VatScheme.RATES:
        return Treatment(scheme=shop.vat_scheme)
    if to.vat == DeliveryCountry.Vat.NONE:
        return Treatment(scheme=shop.vat_scheme, note=to.vat_note, percents={None: Decimal(0)})
    country = to.code if to.vat == DeliveryCountry.Vat.THERE else shop.country
    percents = VatRate.objects.in_force(country, on)
    problem = "" if None in percents else _("We cannot take orders to this country at the moment.")
    return Treatment(scheme=shop.vat_scheme, country=country, percents=percents, problem=problem)
