"""Issues invoices and credit notes: what an order's papers leave is what was charged less what is refunded.

All of it happens with the order locked, in the transaction of what the paper states. That transaction takes its numbers
last, but for the mail that names them, since everybody else who needs one waits for it to end.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from home.models import BrandSettings
from store.documents import positions
from store.documents.paper import Paper
from store.documents.positions import UNSTATED, Part, Positions
from store.models import Document, DocumentCounter, DocumentSum, Order, Refund, ShopSettings, VatScheme
from store.orders.addresses import address_lines, of_delivery
from store.payments import money
from store.vat import sums
from store.vat.percent import trimmed
from store.vat.sums import VatSum

Kind = Document.Kind
PERSONAL = ("buyer", "deliver_to", "reasons")  # of a paper; reasons are what staff wrote about a refund


def paper_of(document: Document) -> Paper:
    """Return what stands on a document."""
    return Paper.from_json({**dict.fromkeys(PERSONAL, ()), **document.data, **document.personal})


@contextmanager
def _in_the_sites_language() -> Iterator[None]:
    """Write papers in one language, whoever's request issues them."""
    with override(settings.LANGUAGE_CODE):
        yield


# --- When an order is paid -----------------------------------------------------------------------------------
@_in_the_sites_language()
def invoice(order: Order) -> None:
    """Issue the invoice of an order that is paid; none while the seller does not state how VAT is accounted for."""
    found = sums.of_order(order)
    if not found and _has_vat(order):
        return
    found = found or [VatSum(UNSTATED, positions.ordered(order), 0)]
    total = sum(one.gross for one in found)
    of = positions.of_part(order, positions.whole(order), total, rest=_("Adjustment"))
    _issue(order, Kind.INVOICE, of, found, notes=[_paid(order, total)])
    follow_refunds(order)  # which may have been made while the payment was being checked


# --- When money goes back ------------------------------------------------------------------------------------
@_in_the_sites_language()
def follow_refunds(order: Order) -> None:
    """Issue what is missing: credit notes of refunds on their way, invoices against those of refunds that failed."""
    if not order.documents.exists():
        return
    refunds = list(order.refunds.prefetch_related("documents", "lines"))
    on_their_way = [refund for refund in refunds if refund.is_on_its_way]
    refunded = sum(refund.amount for refund in on_their_way if refund.documents.all())
    for refund in refunds:
        papers = {paper.kind: paper for paper in refund.documents.all()}
        if refund.status == Refund.Status.FAILED and papers.keys() == {Kind.CREDIT_NOTE}:
            _invoice_again(order, papers[Kind.CREDIT_NOTE], refunded, refund)
    for refund in on_their_way:
        if not refund.documents.all():
            refunded += refund.amount
            _credit(order, refund, refunded)
    # Where more was paid than ordered, a refund that did not arrive may have no credit note of its own.
    if note := order.documents.filter(kind=Kind.CREDIT_NOTE).exclude(refund=None).order_by("pk").last():
        _invoice_again(order, note, refunded)


def _credit(order: Order, refund: Refund, refunded: int) -> None:
    """Issue the credit note of a refund, with which so much was refunded; none where more was paid than ordered."""
    left = {percent: one.gross for percent, one in _left(order).items()}
    if (amount := sum(left.values()) - _due(order, refunded)) <= 0:
        return
    quantities = {line.order_line_id: line.quantity for line in refund.lines.all()}
    is_of_order = order.paid_currency == order.currency
    part = Part(quantities=quantities, delivery=refund.delivery if is_of_order else 0)
    rest = _("Adjustment") if quantities or part.delivery else _("Refund")
    of = positions.of_part(order, part, amount, rest=rest)
    corrects = _current_invoice(order)
    _issue(
        order,
        Kind.CREDIT_NOTE,
        of,
        _changed(
            order, {percent: -gross for percent, gross in sums.taken_off(left, of.by_rate, amount).items()}
        ),
        notes=[_corrects(corrects)],
        corrects=corrects,
        refund=refund,
    )


def _invoice_again(order: Order, note: Document, refunded: int, refund: Refund | None = None) -> None:
    """Issue an invoice over what is due again of a credit note, since its refund, or another, did not arrive."""
    noted = {row.percent or UNSTATED: -row.gross for row in note.sums.all()}
    missing = _due(order, refunded) - sum(one.gross for one in _left(order).values())
    amount = min(missing, note.total) if refund else missing
    if amount <= 0:
        return
    back = sums.taken_off(_credited(order), noted, amount)
    words = _("The bank sent a refund back. This invoice corrects credit note %(number)s of %(date)s.")
    of = positions.of_part(order, Part(quantities={}), amount, rest=_("Adjustment"))
    found = _changed(order, back)
    if refund and back == noted:
        words = _("The bank sent the refund back. This invoice corrects credit note %(number)s of %(date)s.")
        paper = paper_of(note)
        of = Positions(lines=paper.lines, discount=paper.discount, total=paper.total, by_rate=back)
        if order.vat_scheme == VatScheme.STRIPE_TAX:
            found = [VatSum(row.percent or UNSTATED, -row.gross, -row.vat) for row in note.sums.all()]
    notes = [words % {"number": note.number, "date": _day(note.issued_at)}]
    _issue(order, Kind.INVOICE, of, found, notes=notes, corrects=note, refund=refund)


def _credited(order: Order) -> dict[Decimal, int]:
    """Return what the papers took off what was invoiced, by rate."""
    first, left = order.documents.filter(kind=Kind.INVOICE).earliest("pk"), _left(order)
    return {
        row.percent or UNSTATED: row.gross - left[row.percent or UNSTATED].gross for row in first.sums.all()
    }


def _left(order: Order) -> dict[Decimal, VatSum]:
    """Return what the papers of an order leave, by rate."""
    rows = DocumentSum.objects.filter(document__order=order).values_list("percent")
    found = rows.annotate(Sum("gross"), Sum("vat"))
    return {percent or UNSTATED: VatSum(percent or UNSTATED, gross, vat) for percent, gross, vat in found}


def _changed(order: Order, changes: Mapping[Decimal, int]) -> list[VatSum]:
    """Return by how much the gross sums change, and the VAT with them.

    That is what is due after, less what the papers state before: together they stay exact, however many there are. What
    Stripe has rounded in its own way is divided in proportion, and the last refund takes the rest.
    """
    left, found = _left(order), []
    for percent, change in changes.items():
        before = left[percent]
        vat = sums.included(before.gross + change, percent) - before.vat
        if order.vat_scheme == VatScheme.STRIPE_TAX and before.gross:
            vat = int((Decimal(before.vat) * change / before.gross).quantize(Decimal(1), ROUND_HALF_UP))
        found.append(VatSum(percent, change, vat) if change > 0 else VatSum(percent, -change, -vat))
    return found


def _invoiced(order: Order) -> int:
    return order.documents.filter(kind=Kind.INVOICE).earliest("pk").total


def _due(order: Order, refunded: int) -> int:
    """Return what the papers should leave once so much was refunded.

    Where another sum or currency was paid than ordered, they go down with what is left of the payment.
    """
    total = _invoiced(order)
    counted = min(order.paid_amount, total) if order.paid_currency == order.currency else order.paid_amount
    left = min(max(0, order.paid_amount - refunded), counted)
    return total * left // counted if counted else 0


# --- When the buyer's address was wrong ----------------------------------------------------------------------
@_in_the_sites_language()
def correct_buyer(order: Order) -> list[Document]:
    """Issue a credit note over all that the papers leave, and an invoice with the order's corrected address."""
    left = [*_left(order).values()]
    # Of an invoice over nothing there is no gross sum, but it has the wrong address all the same.
    found = left if left and not _invoiced(order) else [one for one in left if one.gross]
    if not found:
        return []
    credited = order.refunds.filter(documents__kind=Kind.CREDIT_NOTE).exclude(documents__kind=Kind.INVOICE)
    all_of_it, gone = positions.whole(order), dict[int, int]()
    for line in (line for refund in credited.prefetch_related("lines") for line in refund.lines.all()):
        gone[line.order_line_id] = gone.get(line.order_line_id, 0) + line.quantity
    part = Part(
        quantities={pk: quantity - gone.get(pk, 0) for pk, quantity in all_of_it.quantities.items()},
        delivery=all_of_it.delivery - sum(refund.delivery for refund in credited),
    )
    of = positions.of_part(order, part, sum(one.gross for one in found), rest=_("Refunded before"))
    old = _current_invoice(order)
    why = _("The billing address was wrong. No money is paid back: a new invoice follows.")
    note = _issue(
        order,
        Kind.CREDIT_NOTE,
        of,
        found,
        notes=[_corrects(old), why],
        corrects=old,
        like=paper_of(old),
    )
    words = _("This invoice replaces invoice %(number)s of %(date)s.")
    replaces = words % {"number": old.number, "date": _day(old.issued_at)}
    return [note, _issue(order, Kind.INVOICE, of, found, notes=[replaces, _paid(order, _invoiced(order))])]


def _current_invoice(order: Order) -> Document:
    """Return the invoice of an order, after corrections of its address the last one."""
    return order.documents.filter(kind=Kind.INVOICE, corrects=None).latest("pk")


# --- What stands on each -------------------------------------------------------------------------------------
def _issue(
    order: Order,
    kind: str,
    of: Positions,
    found: Iterable[VatSum],
    *,
    notes: list[str],
    corrects: Document | None = None,
    refund: Refund | None = None,
    like: Paper | None = None,
) -> Document:
    """Write a document, with the next number of its kind; buyer and addresses are the order's, or `like` another's."""
    number = f"{ShopSettings.current().prefixes[kind]}{DocumentCounter.next_number(kind):06}"
    now = timezone.now()  # with the counter locked, so that days follow numbers
    found = sorted(found, key=lambda one: -one.percent)
    stated = {
        "kind": kind,
        "number": number,
        "issued_on": timezone.localdate(now).isoformat(),
        "notes": tuple(filter(None, (order.vat_note, *notes))),
        "reasons": _reasons(refund) if kind == Kind.CREDIT_NOTE else (),
    }
    data = _paper_for(order, of, found, like, **stated).to_json()
    personal = {name: data.pop(name) for name in PERSONAL}
    document = Document.objects.create(
        kind=kind,
        number=number,
        order=order,
        refund=refund,
        corrects=corrects,
        issued_at=now,
        currency=order.currency,
        total=of.total,
        data=data,
        personal=personal,
    )
    _save_sums(document, found)
    return document


def _paper_for(
    order: Order, of: Positions, found: Iterable[VatSum], like: Paper | None, **stated: Any
) -> Paper:
    """Return what is to stand on it."""
    brand, has_vat = BrandSettings.current(), _has_vat(order)
    return Paper(
        order=order.number,
        ordered_on=timezone.localdate(order.placed_at).isoformat(),
        currency=order.currency,
        seller=tuple(brand.address_lines),
        contact=_contact(brand),
        vat_number=_vat_number(order) if has_vat else "",
        buyer=like.buyer if like else _buyer(order),
        deliver_to=like.deliver_to if like else () if order.is_collection else tuple(of_delivery(order)),
        lines=of.lines,
        discount=of.discount,
        total=of.total,
        vat=tuple((str(trimmed(one.percent)), one.gross, one.vat) for one in found) if has_vat else (),
        **stated,
    )


def _save_sums(document: Document, found: Iterable[VatSum]) -> None:
    """Save what of a document has which rate, negative on a credit note."""
    sign, has_vat = -1 if document.kind == Kind.CREDIT_NOTE else 1, _has_vat(document.order)
    DocumentSum.objects.bulk_create(
        DocumentSum(
            document=document,
            percent=one.percent if has_vat else None,
            gross=sign * one.gross,
            vat=sign * one.vat,
        )
        for one in found
    )


def _has_vat(order: Order) -> bool:
    return order.vat_scheme != VatScheme.NOT_REGISTERED


def _vat_number(order: Order) -> str:
    """Return the number that the order's first paper has, since that is who owes the VAT; else the one of now."""
    first = order.documents.order_by("pk").first()
    return first.data["vat_number"] if first else ShopSettings.current().vat_number


def _contact(brand: BrandSettings) -> tuple[str, ...]:
    words = {
        brand.email: "%s",
        brand.phone: _("Telephone: %s"),
        brand.company_number: _("Company number: %s"),
    }
    return tuple(text % value for value, text in words.items() if value)


def _buyer(order: Order) -> tuple[str, ...]:
    """Return name and billing address; what is there of them, or the e-mail address."""
    return tuple(address_lines({"name": order.customer_name, **order.billing_address}) or [order.email])


def _reasons(refund: Refund | None) -> tuple[str, ...]:
    return (_("Reason: %(reason)s") % {"reason": refund.reason},) if refund and refund.reason else ()


def _paid(order: Order, total: int) -> str:
    """Return when and how an order was paid; how much, too, where that is not what was ordered."""
    if not order.paid_at:
        return ""
    values = {
        "amount": money.display(order.paid_amount, order.paid_currency or order.currency),
        "source": order.get_payment_source_display(),
        "date": _day(order.paid_at),
    }
    if (order.paid_amount, order.paid_currency) == (total, order.currency):
        return _("Paid by %(source)s on %(date)s.") % values
    return _("%(amount)s paid by %(source)s on %(date)s.") % values


def _corrects(invoice_: Document) -> str:
    words = _("This credit note corrects invoice %(number)s of %(date)s.")
    return words % {"number": invoice_.number, "date": _day(invoice_.issued_at)}


def _day(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATE_FORMAT")
