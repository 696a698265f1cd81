"""Finds how an order is taxed: by which country's rates of which day, or not at all, and why.

The order keeps what was found here; later changes of settings and rates do not touch it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from store.models import DeliveryCountry, ShopSettings, VatRate, VatScheme
from store.vat import percent


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
    return by_entered_rates(to=to, on=on)


def by_entered_rates(*, to: DeliveryCountry, on: date) -> Treatment:
    """Return how it is taxed by the rates that are entered, whatever the scheme."""
    if to.vat == DeliveryCountry.Vat.NONE:
        return Treatment(scheme=VatScheme.RATES, note=to.vat_note, percents={None: Decimal(0)})
    country = country_of_rates(to, ShopSettings.current())
    percents = VatRate.objects.in_force(country, on)
    problem = "" if None in percents else _("We cannot take orders to this country at the moment.")
    return Treatment(scheme=VatScheme.RATES, country=country, percents=percents, problem=problem)


def country_of_rates(to: DeliveryCountry, shop: ShopSettings) -> str:
    """Return whose rates hold for what is sent to a country, where VAT is charged."""
    return to.code if to.vat == DeliveryCountry.Vat.THERE else shop.country


def is_needed(rate: VatRate) -> bool:
    """Return whether nothing could be ordered somewhere without this rate."""
    today, shop = timezone.localdate(), ShopSettings.current()
    if shop.vat_scheme != VatScheme.RATES or rate.vat_class_id is not None or rate.valid_from > today:
        return False
    standard = VatRate.objects.filter(country=rate.country, vat_class=None, valid_from__lte=today)
    taxed = DeliveryCountry.objects.exclude(vat=DeliveryCountry.Vat.NONE)
    is_used = any(country_of_rates(to, shop) == rate.country for to in taxed)
    return is_used and not standard.exclude(pk=rate.pk).exists()


def in_words() -> Callable[[DeliveryCountry], str]:
    """Return what says how goods are taxed that are sent to a country today, whichever country."""
    shop = ShopSettings.current()
    known = VatRate.objects.filter(vat_class=None, valid_from__lte=timezone.localdate()).order_by(
        "valid_from"
    )
    standard_rate = dict(known.values_list("country", "percent"))

    def words(to: DeliveryCountry) -> str:
        if shop.vat_scheme != VatScheme.RATES:
            return shop.get_vat_scheme_display() if shop.vat_scheme else _("not stated")
        if to.vat == DeliveryCountry.Vat.NONE:
            return to.get_vat_display()
        country = country_of_rates(to, shop)
        if country not in standard_rate:
            return _("No orders: %(country)s has no standard rate.") % {"country": country}
        values = {
            "how": to.get_vat_display(),
            "country": country,
            "percent": percent.shown(standard_rate[country]),
        }
        return _("%(how)s (%(country)s: %(percent)s %%)") % values

    return words
