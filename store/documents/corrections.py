"""What staff have issued: the invoice of an order that has none, and what corrects a wrong billing address."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from home.models import User
from store.documents import issuing
from store.models import (
    DeliveryCountry,
    Order,
    OrderEvent,
    OrderLine,
    ProductVariant,
    ShopSettings,
    VatScheme,
)
from store.orders import emails, lifecycle
from store.orders.addresses import address_lines, country_name
from store.vat import rates, sums


class NothingToCorrectError(Exception):
    """The order has this address, is not paid, or is kept without any."""


def may_correct_billing(order: Order) -> bool:
    """Return whether an order was paid, and is still kept with a name and an address."""
    return bool(order.paid_at and order.email)


def correct_billing_address(*, order_id: int, address: dict[str, str], actor: User) -> str:
    """Change the billing address of an order, issue what states it, tell the shopper, and return the numbers.

    Its papers are written once, so a credit note and a new invoice say it. Raises NothingToCorrectError.
    """
    with lifecycle.locked(order_id) as order:
        before = {"name": order.customer_name, **order.billing_address}
        if address_lines(before) == address_lines(address) or not may_correct_billing(order):
            raise NothingToCorrectError
        order.billing_address = address
        order.save(update_fields=["billing_address"])
        issued = issuing.correct_buyer(order)
        numbers = ", ".join(paper.number for paper in issued)
        lifecycle.record(
            order=order, by=str(actor), actor=actor, reason=OrderEvent.Reason.BILLING, note=numbers
        )
        if issued:
            emails.billing_corrected(order, issued)
    return numbers


class NotIssuedError(Exception):
    """The order gets no invoice; the text says why, for staff."""


def may_issue(order: Order) -> bool:
    """Return whether an order is paid and accepted, still kept with a name and an address, and has no invoice."""
    return order.status in Order.CONFIRMED and bool(order.email) and not order.documents.exists()


def issue_invoice(*, order_id: int, actor: User) -> None:
    """Issue the invoice of a paid order that has none. Raises NotIssuedError."""
    with lifecycle.locked(order_id) as order:
        if not may_issue(order):
            raise NotIssuedError(_("The order has papers, is not accepted, or is no longer kept."))
        if order.vat_scheme != VatScheme.NOT_REGISTERED and not sums.of_order(order):
            _state_vat(order)
        issuing.invoice(order)
        numbers = ", ".join(order.documents.order_by("pk").values_list("number", flat=True))
        lifecycle.record(order=order, by=str(actor), actor=actor, note=numbers)


def _state_vat(order: Order) -> None:
    """Write into an order that states no VAT how it is taxed by the settings of now and the rates of its day.

    Where Stripe Tax was to work it out and did not, those are the rates that are entered. Raises NotIssuedError.
    """
    scheme, day = ShopSettings.current().vat_scheme, timezone.localdate(order.placed_at)
    if not scheme:
        raise NotIssuedError(_("First state VAT under Settings → Shop."))
    to = DeliveryCountry.objects.filter(code=order.country).first()
    if to is None:
        words = _(
            "First enter %(country)s under Settings → Delivery countries: that says whose VAT holds there."
        )
        raise NotIssuedError(words % {"country": country_name(order.country)})
    find = rates.by_entered_rates if scheme == VatScheme.STRIPE_TAX else rates.treatment
    found = find(to=to, on=day)
    if found.problem:
        words = _(
            "First enter the standard rate of %(country)s of %(day)s or before, under Settings → VAT rates."
        )
        if not found.country:
            words = _("First enter the country of the business under Settings → Shop.")
        values = {"country": country_name(found.country), "day": date_format(day, "DATE_FORMAT")}
        raise NotIssuedError(words % values)
    order.vat_scheme, order.vat_country, order.vat_note = found.scheme, found.country, found.note
    order.save(update_fields=["vat_scheme", "vat_country", "vat_note"])
    lines = list(order.lines.all())
    of_sku = ProductVariant.objects.filter(sku__in=[line.sku for line in lines])
    classes = dict(of_sku.values_list("sku", "page__vat_class"))
    for line in lines:
        line.vat_percent = found.percent_of(classes.get(line.sku))
    OrderLine.objects.bulk_update(lines, ["vat_percent"])
