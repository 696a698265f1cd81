"""Orders that are paid in cash or by transfer: staff write down what was agreed, and Stripe is never asked.

Nobody has accepted terms on a page, and the order says so by naming none.
"""

from django.db import transaction
from django.utils import timezone

from home.models import User
from store.basket import contents
from store.checkout import place_order
from store.models import Offer, Order, OrderEvent, ShippingOption
from store.offers import offering
from store.orders import lifecycle


@transaction.atomic
def take(
    *,
    offer: Offer,
    seen: contents.Contents,
    option: ShippingOption,
    name: str,
    address: dict[str, str],
    source: str,
    reason: str,
    by: User,
) -> Order:
    """Order the basket of an offer as paid, if it is what staff have `seen` and at those prices, and end the offer.

    Raises offering.NotOpenError, place_order.CheckoutError, limits.TooLargeError; nothing is changed then.
    """
    basket = offering.locked(offer)
    quote = place_order.Quote(seen, option)  # which the customer may have changed until the lock
    order = place_order.place_order(
        basket=basket,
        email=offer.email,
        option=option,
        actor=by,
        agreement=place_order.Agreement(
            shown_digest=quote.digest, terms=None, privacy=None, gift_message=offer.gift_message
        ),
    )
    order.session_params, order.session_expires_at = {}, None  # no payment page is ever opened
    order.customer_name, order.shipping_address = name, address
    order.payment_source, order.paid_at = source, timezone.now()
    order.paid_amount, order.paid_currency = order.total, order.currency
    order.save()
    note = f"{order.get_payment_source_display()}. {reason}"
    kind = OrderEvent.Reason.PAID_OTHERWISE
    lifecycle.record(order=order, by=str(by), actor=by, reason=kind, note=note)
    lifecycle.confirm(order=order, by=str(by), actor=by)
    contents.remove_ordered(order=order)
    Offer.objects.filter(pk=offer.pk).update(ends_at=order.paid_at, digest=None)
    return order
