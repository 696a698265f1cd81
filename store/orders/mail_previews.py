"""The staff's page that shows each e-mail about orders as it would be sent. It sends and saves nothing."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from home import mail_attachments
from policies.models import Policy
from policies.personal_data.access_log import RecordedPageMixin
from store.basket.contents import Line
from store.documents import references
from store.models import (
    Dispute,
    Document,
    MailWording,
    Offer,
    Order,
    OrderEvent,
    OrderLine,
    Parcel,
    PaymentAlarm,
    ProductPage,
    ProductVariant,
    Refund,
)
from store.orders import messages, plain_messages, wording_form
from store.orders.access import VIEW
from store.orders.change_words import CHANGE_WORDS, Change
from store.orders.messages import Message
from store.orders.situation import Situation
from store.orders.wording import KINDS
from store.orders.words import State
from store.payments import disputes, money
from store.payments.findings import Finding

LOOKED_AT = 10  # newest orders, for one in the state that a mail tells of
Status, RefundStatus, Reason = Order.Status, Refund.Status, OrderEvent.Reason
# Each state that is told by e-mail, with the status of its orders.
STATUSES = {
    State.PAY_LATER: Status.PROCESSING,
    State.TRANSFER: Status.PROCESSING,
    State.UNDER_WAY: Status.PROCESSING,
    State.SOLD_OUT: Status.REVIEW,
    State.SOLD_OUT_UNDECIDED: Status.REVIEW,
    State.MISMATCH: Status.REVIEW,
    State.PAID: Status.PAID,
    State.SENT: Status.SENT,
    State.READY: Status.READY,
    State.REFUND_WAITS: Status.CANCELLED,
    State.CANCELLED_FREE: Status.CANCELLED,
    State.CANCELLED_REFUNDED: Status.CANCELLED,
    State.CANCELLED_TAKEN_BACK: Status.CANCELLED,
    State.NOT_PAID_IN_TIME: Status.FAILED,
    State.DECLINED: Status.FAILED,
}


def _refund_failed(order: Order) -> Message:
    refund = Refund(order=order, amount=500, status=RefundStatus.FAILED)
    why = f"{Reason.REFUND_FAILED.label} {money.display(500, order.paid_currency)}"
    return plain_messages.refund_failed(order, refund, why=why)


def _disputed(order: Order) -> Message:
    one = Dispute(
        order=order, amount=500, status=Dispute.Status.NEEDS_RESPONSE, reason="product_not_received"
    )
    why = f"{Reason.DISPUTED.label} {disputes.in_words(order, one)}"
    return plain_messages.disputed(order, why=why, to_do=disputes.what_to_do(order, one))


def _problem(_order: Order) -> Message:
    words = _("Stripe does not know the key in STRIPE_SECRET_KEY.")
    to_do = _("Press “Check the connection”. If Stripe does not answer, see status.stripe.com first.")
    found = Finding(kind=PaymentAlarm.Kind.STRIPE, words=words, to_do=to_do)
    return plain_messages.problem_with_payments([found])


def _no_problem(_order: Order) -> Message:
    alarm = PaymentAlarm(
        kind=PaymentAlarm.Kind.STRIPE, detail=_("Stripe does not know the key in STRIPE_SECRET_KEY.")
    )
    alarm.ended_at = timezone.now()
    alarm.since = alarm.ended_at - timedelta(hours=2)
    return plain_messages.no_problem_with_payments([alarm])


def _offer(order: Order) -> Message:
    variant = ProductVariant(name=_("Blue"), price=1250, page=ProductPage(title=_("Enamel mug")))
    lines = [Line(sku="MUG", quantity=2, all_of_sku=2, variant=variant)]
    ends_at = timezone.now() + timedelta(days=Offer.DAYS)
    return plain_messages.offer(Offer(email=order.email, ends_at=ends_at), lines, "0" * 43)


LINK, OFFER = "link", "offer"
# The mails that are text alone: when each is sent, the status of the order that is made up for it, and how it is made.
PLAIN: dict[str, tuple[Promise | str, str, Callable[[Order], Message]]] = {
    LINK: (gettext_lazy("A link to all orders"), "", lambda _order: plain_messages.find_orders("0" * 43)),
    OFFER: (gettext_lazy("An offer"), "", _offer),
    "new": (
        gettext_lazy("A new order"),
        Status.PAID,
        lambda order: plain_messages.order_to_pack(order, _lines(order)),
    ),
    "decision": (
        gettext_lazy("A paid order needs a decision"),
        Status.REVIEW,
        lambda order: plain_messages.decision_needed(order, why=str(Reason.MISMATCH.label)),
    ),
    "attention": (
        gettext_lazy("An order needs attention"),
        Status.PROCESSING,
        lambda order: plain_messages.attention_needed(order, why=str(Reason.NOT_COMING.label)),
    ),
    "shopper-cancelled": (
        Change.CANCELLED.label,
        Status.CANCELLED,
        lambda order: plain_messages.changed_by_shopper(order, Change.CANCELLED),
    ),
    "shopper-address": (
        Change.ADDRESS.label,
        Status.PAID,
        lambda order: plain_messages.changed_by_shopper(order, Change.ADDRESS),
    ),
    "failed-refund": (gettext_lazy("A refund did not arrive"), Status.SENT, _refund_failed),
    "dispute": (gettext_lazy("A dispute"), Status.PAID, _disputed),
    "low-stock": (
        gettext_lazy("Something becomes low in stock"),
        "",
        lambda _order: plain_messages.low_stock([(_("Enamel mug"), "MUG-BLUE", 5)]),
    ),
    "problem": (gettext_lazy("A problem with payments"), "", _problem),
    "no-problem": (gettext_lazy("The problems with payments are over"), "", _no_problem),
}


def groups() -> dict[str, dict[str, str]]:
    """Return every mail by who reads it, with when it is sent."""
    plain = {kind: str(label) for kind, (label, _status, _make) in PLAIN.items()}
    link = {kind: plain.pop(kind) for kind in (LINK, OFFER)}
    return {_("To shoppers"): kinds() | link, _("To the trader"): plain}


def kinds() -> dict[str, str]:
    """Return every mail about one order to its shopper, with when it is sent."""
    return {kind: str(label) for kind, (label, _words) in KINDS.items()}


def preview(kind: str) -> tuple[Message, Order]:
    """Return a mail about the newest order of its kind, or about an order that is made up and never saved."""
    if kind in PLAIN:
        _label, status, make = PLAIN[kind]
        order = made_up(status)  # of a real one what is told would be invented
        return make(order), order
    if kind in Change.values and CHANGE_WORDS[Change(kind)].subject:  # else a state of that name
        return _of_billing_address() if kind == Change.BILLING else _of_parcel(Change(kind))
    if kind.startswith("refund-"):
        status = RefundStatus(kind.removeprefix("refund-"))
        found = Refund.objects.filter(status=status).select_related("order").order_by("-created_at").first()
        if found:
            return messages.about(Situation.of(found.order), State.PAID, refund=found), found.order
        order = made_up(Status.PAID)
        refund = Refund(order=order, amount=500, status=status, created_at=timezone.now(), reason=_("A chip"))
        return messages.about(Situation(order=order, refunds=[refund]), State.PAID, refund=refund), order
    state = State(kind)
    for order in Order.objects.filter(status=STATUSES[state])[:LOOKED_AT]:
        situation = Situation.of(order)
        if situation.state == state:
            return messages.about(
                situation, state, lines=order.lines.all(), parcels=_parcels(order, state)
            ), order
    return example(state)


def example(state: State) -> tuple[Message, Order]:
    """Return a mail about an order that is made up, and so nobody's."""
    order = made_up(STATUSES[state])
    return messages.about(
        Situation(order=order), state, lines=_lines(order), parcels=_parcels(order, state)
    ), order


def _lines(order: Order) -> Iterable[OrderLine]:
    if order.pk:
        return order.lines.all()
    return [OrderLine(title=_("Enamel mug"), variant=_("Blue"), unit_price=1250, quantity=2)]


def _parcels(order: Order, state: State = State.SENT) -> list[Parcel]:
    if state != State.SENT:
        return []
    if order.pk:
        return [*order.parcels.all()]
    return [Parcel(carrier_name=_("Example Parcels"), number="AB 123", url=f"{settings.SITE_URL}/")]


def _of_parcel(change: Change) -> tuple[Message, Order]:
    newest = Parcel.objects.select_related("order").order_by("-pk").first()
    order = newest.order if newest else made_up(Status.SENT)
    parcels = [newest] if newest else _parcels(order)
    return messages.about(Situation(order=order), State.SENT, change=change, parcels=parcels), order


def _of_billing_address() -> tuple[Message, Order]:
    if issued := references.of_corrected_buyer(Document.objects.select_related("order")):
        order = issued[0].order
    else:
        order = made_up(Status.PAID)
        order.billing_address = order.shipping_address
        numbers = {Document.Kind.CREDIT_NOTE: "CN-000001", Document.Kind.INVOICE: "INV-000002"}
        issued = [Document(kind=kind, number=number) for kind, number in numbers.items()]
    return messages.about(Situation(order=order), State.PAID, issued=issued, change=Change.BILLING), order


def made_up(status: str) -> Order:
    """Return an order that exists nowhere: its primary key is 0."""
    now = timezone.now()
    name = _("Example shopper")
    is_paid = status in Order.CONFIRMED | {Status.REVIEW, Status.CANCELLED}
    return Order(
        pk=0,
        number=f"{now:%y%m%d}-EXAMPL",
        status=status,
        currency=settings.CURRENCY,
        subtotal=2500,
        shipping=395,
        total=2895,
        shipping_name=_("Postage"),
        delivery_time=_("2 to 4 working days"),
        shipping_address={
            "name": name,
            "line1": _("1 Example Street"),
            "city": _("Exampleton"),
            "country": "GB",
        },
        pay_url=f"{settings.SITE_URL}/",
        pay_until=now + timedelta(days=3),
        placed_at=now,
        paid_at=now if is_paid else None,
        paid_amount=2895 if is_paid else 0,
        paid_currency=settings.CURRENCY,
        terms_accepted=Policy.objects.in_force_of(Policy.Kind.TERMS),
        privacy_shown=Policy.objects.in_force_of(Policy.Kind.PRIVACY),
    )


class MailPreviewView(RecordedPageMixin, PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):
    """One mail, and the list of all; a GET that writes nothing but the log: the order may be a real one."""

    access_kind = "store.orders"

    permission_required = VIEW
    raise_exception = True
    template_name = "store/admin/mail_preview.html"
    page_title = gettext_lazy("E-mails about orders")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "mail"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*super().get_breadcrumbs_items(), {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Make the mail that was chosen, else the confirmation."""
        found = groups()
        kind = self.request.GET.get("mail", State.PAID.value)
        if not any(kind in group for group in found.values()):
            raise Http404
        message, order = preview(kind)
        return {
            **super().get_context_data(**kwargs),
            "kind": kind,
            "groups": found,
            "message": message,
            "files": list(mail_attachments.files(message.attach)),
            "order": order if order.pk else None,
            "changed": {name.rpartition("_")[0] for name in MailWording.current().words},
            "wording_url": wording_form.url_of(kind, self.request.user),
        }


class MailPreviewMenuItem(MenuItem):
    """Leads to the page, for staff who see orders."""

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm(VIEW)


def menu_item(order: int) -> MenuItem:
    """Return the entry of the admin's menu."""
    return MailPreviewMenuItem(
        gettext_lazy("E-mails about orders"), reverse("orders:mails"), icon_name="mail", order=order
    )
