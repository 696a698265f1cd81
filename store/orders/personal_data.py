"""The personal data of orders, for the register of personal data: export, erasure and retention.

Paid orders are kept as long as tax law requires, so they are exported on request but not erased. Unpaid orders are kept
for a short time and erased on request.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat, LPad
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from home.email_addresses import same_address
from policies.personal_data.register import People, PersonalData, nothing
from store.models import Document, Order, OrderEvent, OrderLine, Parcel, Refund, StockMovement, StripeEvent
from store.orders.addresses import address_lines
from store.payments import money

# Longer than any delayed payment takes, and than questions about a failed one are asked.
UNPAID_KEEP = timedelta(days=30)


def _keep() -> timedelta:
    return timedelta(days=settings.ORDER_KEEP_DAYS)


def export_orders(email: str) -> Iterator[dict[str, Any]]:
    """Yield every order of an e-mail address as plain data."""
    orders = Order.objects.filter(same_address(email)).order_by("placed_at")
    for order in orders.prefetch_related("lines", "refunds", "documents", "parcels", "events"):
        yield {
            "number": order.number,
            "placed_at": order.placed_at.isoformat(),
            "status": order.status,
            "total": money.display(order.total, order.currency),
            "name": order.customer_name,
            "phone": order.phone,
            "shipping_address": order.shipping_address,
            "billing_address": order.billing_address,
            "gift_message": order.gift_message,
            "shopper_note": order.shopper_note,
            **_in_other_tables(order),
        }


def _in_other_tables(order: Order) -> dict[str, list[Any]]:
    """Return what belongs to an order in other tables, as plain data."""
    return {
        "lines": [
            {"sku": line.sku, "product": str(line), "quantity": line.quantity, "text": line.text}
            for line in order.lines.all()
        ],
        "refunds": [
            {
                "amount": money.display(refund.amount, order.paid_currency),
                "status": refund.status,
                "reason": refund.reason,
                "created_at": refund.created_at.isoformat(),
            }
            for refund in order.refunds.all()
        ],
        "parcels": [
            {"carrier": parcel.carrier_name, "number": parcel.number, "sent_at": parcel.sent_at.isoformat()}
            for parcel in order.parcels.all()
        ],
        "notes": [event.note for event in order.events.all() if event.reason == OrderEvent.Reason.NOTE],
        "papers": [
            {"kind": paper.kind, "number": paper.number, "issued_at": paper.issued_at.isoformat()}
            for paper in order.documents.all()
        ],
    }


def expire_orders(now: datetime) -> int:
    """Anonymise orders kept long enough and return how many; amounts stay for the accounts."""
    papers = Document.objects.filter(issued_at__gte=now - _keep())
    return _anonymise(Order.objects.filter(placed_at__lt=now - _keep()).exclude(documents__in=papers))


def expire_unpaid_orders(now: datetime) -> int:
    """Anonymise old orders that were not paid and return how many."""
    return _anonymise(Order.objects.filter(paid_at__isnull=True, placed_at__lt=now - UNPAID_KEEP))


def erase_unpaid_orders(email: str) -> int:
    """Anonymise somebody's orders that were not paid and return how many."""
    return _anonymise(Order.objects.filter(same_address(email), paid_at__isnull=True))


@transaction.atomic
def _anonymise(found: QuerySet[Order]) -> int:
    texts = dict.fromkeys(("email", "customer_name", "phone", "gift_message", "shopper_note"), "")
    personal = {**texts, "shipping_address": {}, "billing_address": {}}
    over = found.exclude(email="", customer_name="").exclude(status__in=Order.AWAITING_PAYMENT)
    # Orders before their refunds, as whoever changes an order locks them.
    list(over.select_for_update().order_by("pk").values_list("pk"))
    OrderLine.objects.filter(order__in=over).update(text="")
    Refund.objects.filter(order__in=over).update(reason="")
    Parcel.objects.filter(order__in=over).update(number="", url="")
    # Past the guard of what is written once.
    QuerySet(OrderEvent).filter(order__in=over, reason=OrderEvent.Reason.NOTE).update(note="")
    _forget_buyers(Document.objects.filter(order__in=over))
    return over.update(**personal, session_params={}, session_url="", pay_url="")


def _forget_buyers(documents: QuerySet[Document], **invented: list[str]) -> None:
    """Take who bought off papers and delete their PDFs; numbers, sums and lines stay, and are printed anew."""
    files = [document.pdf for document in documents.exclude(pdf="").only("pdf")]
    # Past the guard of what is written once.
    QuerySet(Document).filter(pk__in=documents).update(personal=invented, pdf="")
    for file in files:  # before the commit, since the worker then saves others by the same names
        file.delete(save=False)


def replace_orders() -> None:
    """Write invented shoppers into all orders, and drop what people noted. No link to a real order's page stays."""
    number, secret = Cast("pk", CharField()), get_random_string(22)
    address = {"line1": "1 Example Street", "city": "Example Town", "postal_code": "EX1 1EX"}
    Order.objects.update(
        email=Concat(Value("shopper"), number, Value("@example.com")),
        customer_name=Concat(Value("Shopper "), number),
        phone="",
        shipping_address=address,
        billing_address=address,
        gift_message="",
        shopper_note="",
        session_params={},
        session_url="",
        pay_url="",
        client_fingerprint="",
        token=Concat(Value(f"{secret}-"), LPad(number, 20, Value("0"))),
        return_token=Concat(Value(f"{secret}r"), LPad(number, 20, Value("0"))),
    )
    # Past the guard of what is written once: here it is to change.
    QuerySet(OrderEvent).exclude(by__in=OrderEvent.By.values).update(by="Staff")
    for model in (OrderEvent, StockMovement, StripeEvent):
        QuerySet(model).update(note="")
    buyer = ["A shopper", *address_lines({**address, "country": "GB"})]
    _forget_buyers(Document.objects.all(), buyer=buyer, deliver_to=buyer)
    OrderLine.objects.exclude(text="").update(text="A text")
    Refund.objects.update(reason="")
    Parcel.objects.update(number="", url="", by="Staff")
    Refund.objects.exclude(by__in=OrderEvent.By.values).update(by="Staff")


ORDERS = PersonalData(
    key="store.orders",
    label=_("Orders"),
    what=_("Name, e-mail address, telephone, addresses, what was bought, written and paid. No card data."),
    purpose=_("To fulfil the order, answer for it, and keep the records that tax law asks for"),
    keep=_keep,
    export=export_orders,
    expire=expire_orders,
    people=(People.CUSTOMERS,),
    replace=replace_orders,
    note=_(
        "Kept for the time that tax law sets, so an order is not erased on request. To limit unpaid "
        "orders, a fingerprint of the client’s network is kept until the order is paid or over."
    ),
)
UNPAID_ORDERS = PersonalData(
    key="store.unpaid_orders",
    label=_("Orders that were not paid"),
    what=_("E-mail address, what was chosen, and where it was to be sent to"),
    purpose=_("To answer questions about a payment that did not come about"),
    keep=lambda: UNPAID_KEEP,
    erase=erase_unpaid_orders,
    expire=expire_unpaid_orders,
    people=(People.CUSTOMERS,),
    replace=nothing,
    note=_("Exported with the other orders."),
)
