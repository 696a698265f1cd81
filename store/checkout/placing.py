"""From a basket to an order: what was agreed is written down, with everything the payment page will be asked for.

Order and hold are committed before Stripe is asked for anything, with the exact parameters of the question: if the
answer is lost, the same question under the same key gets the same answer. What Stripe says is `payments.fulfilment`'s.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from policies.models import PolicyVersion
from store.basket.contents import Contents, priced
from store.checkout import limits
from store.models import Basket, Order, OrderEvent, OrderLine, ShippingOption
from store.models.tokens import new_number
from store.orders import lifecycle
from store.payments import fulfilment, gateway
from store.stock import movements


class CheckoutError(Exception):
    """The checkout cannot go on; nothing was held or charged."""


class BasketChangedError(CheckoutError):
    """What was agreed to is not what would be ordered now, or can no longer be bought."""


class NotPayableError(CheckoutError):
    """The sum is one that cannot be charged; the message is for the shopper."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What the shopper accepted and what they were shown."""

    shown: str  # `digest` of what the review page showed
    terms: PolicyVersion | None
    privacy: PolicyVersion | None


@dataclass(frozen=True)
class Offer:
    """Goods and their delivery at today's prices: what a review page shows, and an order is made of."""

    contents: Contents
    option: ShippingOption

    @property
    def total(self) -> int:
        """The final total, minor units."""
        return self.contents.subtotal + self.option.price

    @property
    def problem(self) -> str:
        """Say why the total cannot be paid, though each price in it can; nothing when it can."""
        try:
            gateway.check_total(self.total, settings.CURRENCY)
        except gateway.AmountError as error:
            return str(error)
        return ""

    @property
    def digest(self) -> str:
        """Sum up everything that a review page shows, to tell later whether it still holds."""
        lines = [
            (line.sku, line.quantity, line.unit_price, line.variant.page.title, line.variant.name)
            for line in self.contents.lines
            if line.variant
        ]
        way, country = self.option, self.option.country
        sent = (way.pk, country.code, country.name, way.name, way.price, way.min_days, way.max_days)
        shown = (settings.CURRENCY, lines, sent, self.total)
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()

    def lines_of(self, order: Order) -> list[OrderLine]:
        """Copy the goods into lines of an order."""
        return [
            OrderLine(
                order=order,
                sku=line.sku,
                title=line.variant.page.title,
                variant=line.variant.name,
                unit_price=line.unit_price,
                quantity=line.quantity,
            )
            for line in self.contents.lines
            if line.variant
        ]

    def purchase(self, order: Order, lines: list[OrderLine]) -> gateway.Purchase:
        """Say what is to be paid for an order."""
        way = self.option
        return gateway.Purchase(
            reference=order.number,
            email=order.email,
            currency=order.currency,
            items=[
                gateway.Item(name=str(line), unit_price=line.unit_price, quantity=line.quantity)
                for line in lines
            ],
            country=order.country,
            shipping=gateway.Shipping(
                name=way.name, price=way.price, min_days=way.min_days, max_days=way.max_days
            ),
            success_url=settings.SITE_URL + reverse("store:return_from_payment", args=[order.return_token]),
            cancel_url=settings.SITE_URL + reverse("store:cancel_payment", args=[order.return_token]),
            expires_at=order.placed_at + timedelta(minutes=settings.HOLD_MINUTES),
        )


def place_order(
    *, basket: Basket, email: str, option: ShippingOption, agreement: Agreement, sender: str = ""
) -> Order:
    """Write the order with copies of everything agreed, and hold its stock: all or nothing.

    Nothing is written unless it is exactly what the shopper was shown. Earlier unpaid orders of the basket are
    cancelled first, so that no old payment page stays open.
    Raises CheckoutError, settling.AlreadyUnderWayError, payments.UnreachableError, holds.HoldsTooMuchError.
    """
    for earlier in basket.orders.filter(status__in=Order.PAYABLE):
        _as_agreed(basket, option, agreement)  # nothing is closed for what would not be ordered
        fulfilment.cancel(order=earlier, by=OrderEvent.By.SHOPPER, reason=OrderEvent.Reason.NEW_CHECKOUT)
    with transaction.atomic():
        basket = Basket.objects.select_for_update().get(pk=basket.pk)
        other = basket.orders.filter(status__in=Order.PAYABLE).first()
        if other is not None:
            raise fulfilment.AlreadyUnderWayError(other)
        offer = _as_agreed(basket, option, agreement)
        now = timezone.now()
        order = Order(
            number=new_number(),
            basket=basket,
            email=email,
            currency=settings.CURRENCY,
            subtotal=offer.contents.subtotal,
            shipping=offer.option.price,
            total=offer.total,
            country=offer.option.country.code,
            shipping_name=offer.option.name,
            terms_accepted=agreement.terms,
            privacy_shown=agreement.privacy,
            placed_at=now,
            session_expires_at=now + timedelta(minutes=settings.HOLD_MINUTES),
            livemode=gateway.is_live(),
            sender=sender,
        )
        lines = offer.lines_of(order)
        order.session_params = gateway.session_params(offer.purchase(order, lines))
        lifecycle.place(order=order, lines=lines)
        try:
            movements.hold(order=order)
        except movements.OutOfStockError as error:
            raise BasketChangedError(str(error)) from error
        limits.check(order=order)
    return order


def _as_agreed(basket: Basket, option: ShippingOption, agreement: Agreement) -> Offer:
    """Look up what would be ordered now, under the basket's lock. That there are enough is for the hold to say."""
    contents = priced(basket)
    fresh = ShippingOption.objects.select_related("country").filter(pk=option.pk).first()
    if fresh is None or not contents.can_be_bought:
        raise BasketChangedError
    offer = Offer(contents, fresh)
    if offer.digest != agreement.shown:
        raise BasketChangedError
    if offer.problem:
        raise NotPayableError(offer.problem)
    return offer
