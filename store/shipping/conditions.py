"""What delivery costs from, when it arrives, and for how long goods can be returned, as pages say it before the review.

Which option is the cheapest and which is offered first is decided here alone. What pages share is read once a snapshot.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from home.snapshot import shared
from policies.models import Policy
from store.models import DeliveryCountry, ShippingOption
from store.models.shipping import Consignment, offered_first
from store.models.withdrawal import Withdrawal
from store.orders import withdrawal
from store.shipping import shop_calendar
from store.shipping.promises import Promise


@dataclass(frozen=True)
class Delivery:
    """How goods are delivered, as far as that is known before a country is chosen."""

    price_from: int
    option: ShippingOption  # that the checkout offers first
    promise: Promise | None
    time: str


@dataclass(frozen=True)
class Terms:
    """What the terms in force say of it; the URLs are of their paragraphs, else of the whole, else empty."""

    days: int = 0
    returns_url: str = ""
    delivery_url: str = ""


def delivery(consignments: Sequence[Consignment], make: int) -> Delivery | None:
    """Return how one of these is delivered that first takes so many days to make; None if nothing is sent anywhere."""
    prices = [option.price_of(one) for option in _sent() for one in consignments]
    if not prices or (option := _first_option(consignments[0])) is None:
        return None
    promise = shop_calendar.shown().promise(option, make=make)
    return Delivery(min(prices), option, promise, option.delivery_time_after(make))


@shared
def _sent() -> list[ShippingOption]:
    """Return the options by which something is sent to some country."""
    reach = Q(country__isnull=False) | Q(zone__countries__isnull=False)
    return list(ShippingOption.objects.exclude(kind=ShippingOption.Kind.COLLECTION).filter(reach).distinct())


@shared
def _of_first_country() -> list[ShippingOption]:
    country = DeliveryCountry.objects.deliverable().first()
    return ShippingOption.objects.to(country) if country else []


def _first_option(consignment: Consignment) -> ShippingOption | None:
    return offered_first(_of_first_country(), lambda option: option.price_of(consignment))


def returns(kind: str) -> Terms:
    """Return the days to return what has this right of withdrawal, none where it is exempt or nobody stated them."""
    found = _terms()
    return found if kind in {Withdrawal.APPLIES, Withdrawal.SEALED} else Terms(0, "", found.delivery_url)


@shared
def _terms() -> Terms:
    country, terms = (
        DeliveryCountry.objects.deliverable().first(),
        Policy.objects.in_force_of(Policy.Kind.TERMS),
    )
    days = (country and withdrawal.days_for(country, terms)) or 0
    if terms is None:
        return Terms(days)
    url, html = terms.policy.get_absolute_url(), terms.html
    said = re.search(withdrawal.pattern(str(days)), html)
    above = _anchors(html[: said.start()])[-1:] if said else []
    about = [one for one in _anchors(html) if one == slugify(_("Delivery"))]
    return Terms(days, *(f"{url}#{one[0]}" if one else url for one in (above, about)))


def _anchors(html: str) -> list[str]:
    """Return the anchors of the headings of a text."""
    return re.findall(r'<h[1-6][^>]* id="([^"]+)"', html)
