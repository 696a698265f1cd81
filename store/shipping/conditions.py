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
from policies.text.headings import contents
from store.models import DeliveryCountry, ShippingOption
from store.models.shipping import Consignment, offered_first
from store.models.withdrawal import Withdrawal
from store.orders import withdrawal
from store.payments import money
from store.shipping import shop_calendar
from store.shipping.promises import Promise


@dataclass(frozen=True)
class Delivery:
    """How goods are delivered, as far as that is known before a country is chosen."""

    price_from: int
    goods: int  # what the first of them costs
    option: ShippingOption  # that the checkout offers first
    promise: Promise | None
    time: str
    is_collected_free: bool

    @property
    def total_from(self) -> int:
        """What the first of them costs with its delivery, unless it can be collected free; minor units."""
        return self.goods + (0 if self.is_collected_free else self.price_from)

    @property
    def price_in_words(self) -> str:
        """What it costs from."""
        if not self.price_from:
            return _("Free delivery")
        return _("Delivery from %(price)s") % {"price": money.display(self.price_from)}

    @property
    def arrives_in_words(self) -> str:
        """When it arrives, and until when to order for that; or how long it takes."""
        if not self.promise:
            return _("Delivery in %(time)s") % {"time": self.time}
        known = {"days": self.promise.arrives, "until": self.promise.order_by}
        return _("Arrives %(days)s if ordered by %(until)s") % known

    @property
    def holds_for(self) -> str:
        """For which country and option that is."""
        known = {"country": self.option.country, "way": self.option.name}
        return _("This is for “%(way)s” to %(country)s.") % known


@dataclass(frozen=True)
class Terms:
    """What the terms in force say of it; the URLs are of their paragraphs, else of the whole, else empty."""

    days: int = 0
    returns_url: str = ""
    delivery_url: str = ""


def delivery(consignments: Sequence[Consignment], make: int) -> Delivery | None:
    """Return how one of these is delivered that first takes so many days to make; None if nothing is sent anywhere."""
    collects = ShippingOption.Kind.COLLECTION
    prices = [
        (option.kind == collects, option.price_of(one)) for option in _options() for one in consignments
    ]
    sent = [price for is_collected, price in prices if not is_collected]
    if not sent or (option := _first_option(consignments[0])) is None:
        return None
    promise = shop_calendar.shown().promise(option, make=make)
    time = option.delivery_time_after(make)
    return Delivery(min(sent), consignments[0].goods, option, promise, time, (True, 0) in prices)


@shared
def _options() -> list[ShippingOption]:
    """Return the options by which something is sent to some country, or collected there."""
    reach = Q(country__isnull=False) | Q(zone__countries__isnull=False)
    return list(ShippingOption.objects.filter(reach).distinct())


@shared
def _options_of_first_country() -> list[ShippingOption]:
    country = DeliveryCountry.objects.deliverable().first()
    return ShippingOption.objects.to(country) if country else []


def _first_option(consignment: Consignment) -> ShippingOption | None:
    return offered_first(_options_of_first_country(), lambda option: option.price_of(consignment))


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
    above = contents(html[: said.start()])[-1:] if said else []
    about = [one for one in contents(html) if one.id == slugify(_("Delivery"))]
    return Terms(days, *(f"{url}#{one[0].id}" if one else url for one in (above, about)))
