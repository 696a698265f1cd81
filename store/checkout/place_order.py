"""Turns a basket into an order: saves what was agreed, with everything that Stripe will be asked for, and holds stock.

Order and hold are committed before Stripe is called, with the exact parameters, so that a lost answer can be asked
for again under the same key. Stripe's answers are handled in `store.payments.fulfilment`.
"""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from home import locks
from home.models import User
from policies.models import PolicyVersion
from store.basket import seen
from store.basket.contents import Contents, priced
from store.catalogue.pictures import photo_urls
from store.checkout import limits
from store.models import Basket, DeliveryCountry, Order, OrderEvent, OrderLine, ShippingOption
from store.models.catalogue import images_of
from store.models.orders import new_number
from store.orders import lifecycle, withdrawal
from store.payments import fulfilment, gateway, money, stripe_amounts, stripe_client, stripe_clock
from store.shipping import promises, shop_calendar
from store.stock import movements
from store.vat import rates, sums


class CheckoutError(Exception):
    """What was agreed to is not what would be ordered now, or cannot be paid; nothing was held or charged.

    The message, if there is one, is for staff.
    """


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What the shopper accepted and what they were shown."""

    shown_digest: str  # of what the review page showed
    terms: PolicyVersion | None
    privacy: PolicyVersion | None
    point: dict[str, str] = field(default_factory=dict)  # the address of a pick-up point
    gift_message: str = ""
    shopper_note: str = ""


@dataclass(frozen=True)
class Quote:
    """Goods and delivery at today's prices, as the review page shows them and an order copies them."""

    contents: Contents
    option: ShippingOption

    @cached_property
    def vat(self) -> rates.Treatment:
        """How it is taxed if it is ordered today."""
        return rates.treatment(to=self.country, on=timezone.localdate())

    @cached_property
    def calendar(self) -> shop_calendar.ShopCalendar:
        """Whether orders are taken, and when they leave."""
        return shop_calendar.current()

    @cached_property
    def promise(self) -> promises.Promise | None:
        """By when it arrives if it is ordered now."""
        return self.calendar.promise(self.option, make=self.contents.days_to_make)

    @property
    def country(self) -> DeliveryCountry:
        """Where it goes: an option of a zone was set to one of its countries."""
        assert self.option.country is not None
        return self.option.country

    @property
    def shipping(self) -> int:
        """What the delivery of these goods costs, minor units."""
        return self.contents.price_of(self.option)

    @property
    def total(self) -> int:
        """The final total, minor units."""
        return self.contents.subtotal + self.shipping

    @property
    def delivery_time(self) -> str:
        """When it arrives, in words: what is made to order is made first."""
        return self.option.delivery_time_after(self.contents.days_to_make)

    @property
    def problem(self) -> str:
        """Why it cannot be ordered or paid, though each price can; empty when it can."""
        if self.vat.problem:
            return self.vat.problem
        try:
            stripe_amounts.check_total(self.total, settings.CURRENCY)
        except money.AmountError as error:
            return str(error)
        return ""

    @property
    def vat_sums(self) -> list[sums.VatSum]:
        """What of the total has which rate of VAT."""
        goods = (
            (self.vat.percent_of(variant.page.vat_class_id), line.total)
            for line, variant in self.contents.goods
        )
        return sums.by_rate(goods, delivery=self.shipping)

    @property
    def tax_codes(self) -> dict[str, str]:
        """For Stripe Tax: the codes of SKUs whose products have a class of their own."""
        classes = {line.sku: variant.page.vat_class for line, variant in self.contents.goods}
        return {sku: one.stripe_tax_code for sku, one in classes.items() if one and one.stripe_tax_code}

    @property
    def digest(self) -> str:
        """A hash of everything that the review page shows, to detect changes later."""
        lines = [
            (
                line.sku,
                line.quantity,
                line.unit_price,
                line.written,
                variant.page.title,
                variant.name,
                variant.page.withdrawal,
                variant.page.days_to_make,
            )
            for line, variant in self.contents.goods
        ]
        option, country = self.option, self.country
        terms = (
            option.kind,
            option.collect_at,
            option.name,
            self.shipping,
            option.min_days,
            option.max_days,
            self.promise and self.promise.arrives,
        )
        delivery = (option.pk, country.code, country.name, country.has_withdrawal, *terms)
        vat = (self.vat.scheme, self.vat.note, [(str(one.percent), one.vat) for one in self.vat_sums])
        # Terms without them leave the days to the settings; other terms are compared by their number.
        days = withdrawal.days_for(country, None)
        shown = (settings.CURRENCY, lines, delivery, vat, days, self.total)
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()

    def order_for(self, basket: Basket, email: str, agreement: Agreement, client_fingerprint: str) -> Order:
        """Return a new order with copies of everything agreed, not saved yet."""
        now = timezone.now()
        order = Order(
            number=new_number(),
            basket=basket,
            email=email,
            currency=settings.CURRENCY,
            subtotal=self.contents.subtotal,
            shipping=self.shipping,
            total=self.total,
            country=self.country.code,
            shipping_name=self.option.name,
            delivery=self.option.kind,
            collect_at=self.option.collect_at,
            shipping_address=agreement.point,
            gift_message=agreement.gift_message,
            shopper_note=agreement.shopper_note,
            delivery_time=self.option.delivery_time,
            made_in_days=self.contents.days_to_make,
            vat_scheme=self.vat.scheme,
            vat_country=self.vat.country,
            vat_note=self.vat.note,
            withdrawal_days=withdrawal.days_for(self.country, agreement.terms),
            terms_accepted=agreement.terms,
            privacy_shown=agreement.privacy,
            placed_at=now,
            session_expires_at=stripe_clock.page_end(),
            livemode=stripe_client.is_live(),
            client_fingerprint=client_fingerprint,
        )
        order.copy_promise(self.promise)
        return order

    def lines_of(self, order: Order) -> list[OrderLine]:
        """Copy the goods into lines of an order."""
        return [
            OrderLine(
                order=order,
                sku=line.sku,
                title=variant.page.title,
                variant=variant.name,
                text_label=variant.page.text_label if line.text else "",
                text=line.text,
                unit_price=line.unit_price,
                quantity=line.quantity,
                vat_percent=self.vat.percent_of(variant.page.vat_class_id),
                withdrawal=variant.page.withdrawal,
                made_in_days=variant.page.days_to_make,
            )
            for line, variant in self.contents.goods
        ]

    def session_params(self, order: Order, lines: list[OrderLine]) -> dict[str, Any]:
        """Return what the payment page of an order is opened with."""
        return gateway.session_params(
            order=order,
            lines=lines,
            option=self.option,
            tax_codes=self.tax_codes,
            pictures=photo_urls(images_of(variant for _line, variant in self.contents.goods)),
        )


@dataclass(frozen=True)
class Review(Quote):
    """Everything the review page shows."""

    terms: PolicyVersion | None
    privacy: PolicyVersion | None

    @property
    def withdrawal(self) -> list[str]:
        """The right of withdrawal in words."""
        goods = [(variant.page.title, variant.page.withdrawal) for _line, variant in self.contents.goods]
        country = self.country
        return withdrawal.words(goods, country=country.code, days=withdrawal.days_for(country, self.terms))


def place_order(
    *,
    basket: Basket,
    email: str,
    option: ShippingOption,
    agreement: Agreement,
    client_fingerprint: str = "",
    actor: User | None = None,
) -> Order:
    """Save the order with copies of everything agreed, and hold its stock: all or nothing.

    Nothing is saved unless it is exactly what the shopper was shown. Earlier unpaid orders of the basket are
    cancelled first, so that no old payment page stays open.
    Raises CheckoutError, limits.TooLargeError, LimitExceededError, fulfilment.AlreadyUnderWayError,
    errors.UnreachableError.
    """
    for earlier in basket.orders.filter(status__in=Order.PAYABLE):
        _as_agreed(basket, option, agreement, client_fingerprint)  # first, so that no page is closed in vain
        fulfilment.cancel(order=earlier, by=OrderEvent.By.SHOPPER, reason=OrderEvent.Reason.NEW_CHECKOUT)
    with transaction.atomic():
        if client_fingerprint:
            locks.hold_until_commit(f"checkout:{client_fingerprint}")
        # None if its offer was withdrawn since the browser sent its token, or the basket deleted.
        found = Basket.objects.select_for_update().filter(pk=basket.pk, token=basket.token).first()
        if found is None:
            raise CheckoutError
        basket = found
        other = basket.orders.filter(status__in=Order.PAYABLE).first()
        if other is not None:
            raise fulfilment.AlreadyUnderWayError(other)
        quote = _as_agreed(basket, option, agreement, client_fingerprint)
        if quote.contents.changed:
            seen.mark_as_seen(basket, quote.contents.to_see)
        order = quote.order_for(basket, email, agreement, client_fingerprint)
        lines = quote.lines_of(order)
        order.session_params = quote.session_params(order, lines)
        lifecycle.place(order=order, lines=lines, actor=actor)
        try:
            movements.hold(order=order)
        except movements.OutOfStockError as error:
            raise CheckoutError from error
    return order


def _as_agreed(
    basket: Basket, option: ShippingOption, agreement: Agreement, client_fingerprint: str
) -> Quote:
    """Return what would be ordered now; whether stock is left is checked by the hold.

    Raises CheckoutError, limits.TooLargeError, limits.LimitExceededError.
    """
    contents = priced(basket)
    limits.check(basket=basket, contents=contents, client_fingerprint=client_fingerprint)
    country = DeliveryCountry.objects.filter(pk=option.country_id or 0).first()
    options = ShippingOption.objects.to(country) if country else []
    fresh = next((one for one in options if one.pk == option.pk), None)
    if fresh is None or not contents.can_be_bought:
        raise CheckoutError
    quote = Quote(contents, fresh)
    if not quote.calendar.takes_orders:
        raise CheckoutError(_("The shop takes no orders now. Settings → Shop says why."))
    if quote.digest != agreement.shown_digest:
        raise CheckoutError
    if quote.problem:
        raise CheckoutError(quote.problem)
    return quote
