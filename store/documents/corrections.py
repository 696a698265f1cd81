"""What staff have issued: the invoice of an order that has none, and what corrects a wrong billing address."""

from django.utils import timezone

from home.models import User
from store.documents import issuing
from store.models import DeliveryCountry, Order, OrderEvent, OrderLine, ProductVariant, VatScheme
from store.orders import emails, lifecycle
from store.vat import rates, sums


class NothingToCorrectError(Exception):
    """The order has this address, or is kept without any."""


def correct_billing_address(*, order_id: int, address: dict[str, str], actor: User) -> str:
    """Change the billing address of an order, issue what states it, tell the shopper, and return the numbers.

    Its papers are written once, so a credit note and a new invoice say it. Raises NothingToCorrectError.
    """
    with lifecycle.locked(order_id) as order:
        if order.billing_address == address or not order.email:
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
    """The order has papers, is not paid and accepted, or nothing says how it is taxed."""


def issue_invoice(*, order_id: int, actor: User) -> None:
    """Issue the invoice of a paid order that has none. Raises NotIssuedError."""
    with lifecycle.locked(order_id) as order:
        if order.status not in Order.CONFIRMED or not order.email or order.documents.exists():
            raise NotIssuedError
        if order.vat_scheme != VatScheme.NOT_REGISTERED and not sums.of_order(order):
            _state_vat(order)
        issuing.invoice(order)
        numbers = ", ".join(order.documents.order_by("pk").values_list("number", flat=True))
        lifecycle.record(order=order, by=str(actor), actor=actor, note=numbers)


def _state_vat(order: Order) -> None:
    """Write into an order that states no VAT how it is taxed by the settings of now and the rates of its day."""
    to = DeliveryCountry.objects.filter(code=order.country).first()
    found = rates.treatment(to=to, on=timezone.localdate(order.placed_at)) if to else None
    if not found or found.problem or found.scheme not in {VatScheme.NOT_REGISTERED, VatScheme.RATES}:
        raise NotIssuedError
    order.vat_scheme, order.vat_country, order.vat_note = found.scheme, found.country, found.note
    order.save(update_fields=["vat_scheme", "vat_country", "vat_note"])
    lines = list(order.lines.all())
    of_sku = ProductVariant.objects.filter(sku__in=[line.sku for line in lines])
    classes = dict(of_sku.values_list("sku", "page__vat_class"))
    for line in lines:
        line.vat_percent = found.percent_of(classes.get(line.sku))
    OrderLine.objects.bulk_update(lines, ["vat_percent"])
