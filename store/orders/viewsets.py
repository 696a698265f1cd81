"""Staff screens of orders: one order with its history and next steps, and the set of all screens.

Orders are read-only; the steps themselves are `lifecycle`'s.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.auth import user_passes_test
from wagtail.admin.ui.components import Component
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import InspectView

from home.viewsets import ReadOnlyViewSet
from policies.personal_data.access_log import RecordedPageMixin
from store.catalogue import pictures
from store.documents import corrections, printouts, references
from store.models import Order, OrderLine, ProductVariant, ShopSettings
from store.models.catalogue import first_images
from store.orders import (
    lifecycle,
    mail_previews,
    parcel_views,
    resending,
    staff_views,
    tracking,
)
from store.orders.access import CHANGE, VIEW, ReadersPolicy, may_pack
from store.orders.forms import NoteForm
from store.orders.order_list import AMOUNTS, OrderFilterSet, OrderIndexView, StatusColumn, at_a_glance
from store.orders.situation import Situation
from store.payments import disputes, money, refund_views
from store.stock import movements


def with_thumbnails(lines: Iterable[OrderLine]) -> list[OrderLine]:
    """Return lines that know the small picture of their product, if it is still there; in three queries."""
    found = [*lines]
    pages = dict(ProductVariant.objects.filter(sku__in=[one.sku for one in found]).values_list("sku", "page"))
    small = pictures.thumbnails(first_images({*pages.values()}))
    for line in found:
        line.thumbnail = small.get(pages.get(line.sku, 0), "")  # type: ignore[attr-defined]  # for the template
    return found


class StatusTag(Component):
    """The status of an order and when it was placed, beside its number in the heading of its page."""

    template_name = "store/admin/status_tag.html"

    def __init__(self, order: Order) -> None:
        self.order = order

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        return {"order": self.order}


class OrderInspectView(RecordedPageMixin, InspectView):
    access_kind = "store.orders"
    page_title = _("Order")

    @cached_property
    def header_buttons(self) -> list[Component]:  # type: ignore[override]  # Wagtail's is cached, too
        return [StatusTag(self.object)]

    def get_template_names(self) -> list[str]:
        """Show those who only pack a page of its own, on which no sum can be forgotten."""
        sees_money = self.request.user.has_perm(VIEW)
        return super().get_template_names() if sees_money else ["store/admin/order_to_pack.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        order, user = self.object, self.request.user
        may_change = user.has_perm(CHANGE)
        situation = Situation.of(order)
        steps = {**lifecycle.steps_of(situation)} if may_pack(user) else {}
        sends = steps.pop(Order.Status.SENT, None)  # by a form of its own
        if not may_change:
            steps.pop(Order.Status.PAID, None)
        return {
            **super().get_context_data(**kwargs),
            "order": order,
            "lines": with_thumbnails(order.lines_with_refunds()),
            "obstacle": situation.obstacle,
            "words": situation.words,
            "refunds": [(refund, situation.words_of(refund)) for refund in situation.refunds],
            "left": situation.refundable,
            "refunded": situation.refunded,
            "disputed": situation.withheld,
            "disputes": [(one, disputes.what_to_do(order, one)) for one in situation.disputes],
            "note_form": NoteForm() if may_pack(user) else None,
            "mails": resending.mails_of(situation) if may_change else {},
            "events": order.events.all(),
            "asking": order.events.asking() if order.needs_attention else [],
            "movements": order.stock_movements.select_related("order", "made_by").order_by("pk"),
            "steps": steps,
            "form": parcel_views.ParcelForm(order=order, sends=True) if sends else None,
            "undo": may_pack(user) and lifecycle.may_undo(order),
            "parcels": order.parcels.all(),
            "may_add_parcels": may_pack(user) and order.status == Order.Status.SENT,
            "documents": references.listed(order),
            "printouts": [] if printouts.left_out([order]) else printouts.links_of(order),
            **_urls(situation, user),
        }


def _urls(situation: Situation, user: Any) -> dict[str, str]:
    """Return where an order is changed and seen at Stripe; empty URLs of what somebody may not do, or not now."""
    order, may_change, may_refund = situation.order, user.has_perm(CHANGE), user.has_perm(refund_views.REFUND)
    may_cancel = may_refund and order.status in Order.UNSENT and not situation.cancel_obstacle
    is_stated = may_change and bool(ShopSettings.current().vat_scheme)
    open_to = {
        "advance": True,
        "resolve": may_change,
        "refund": may_refund and bool(situation.refundable),
        "cancel": may_cancel,
        "address": may_change and lifecycle.may_correct_address(situation, is_staff=True),
        "email": may_change and lifecycle.may_correct_email(order),
        "billing": may_change and corrections.may_correct_billing(order),
        "invoice": is_stated and corrections.may_issue(order),
    }
    urls = {
        f"{name}_url": reverse(f"orders:{name}", args=[order.pk]) if may else ""
        for name, may in open_to.items()
    }
    return {**urls, "stripe_url": _at_stripe(order)}


def _at_stripe(order: Order) -> str:
    mode = "" if order.livemode else "test/"
    url = f"https://dashboard.stripe.com/{mode}payments/{quote(order.payment_intent_id, safe='')}"
    return url if order.payment_intent_id else ""


@require_POST
@user_passes_test(may_pack)
def advance(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an order's status by one of the steps open to staff; those who only pack accept no payment."""
    get_object_or_404(Order, pk=pk)
    assert request.user.is_authenticated
    to = request.POST.get("to", "")
    if to == Order.Status.PAID and not request.user.has_perm(CHANGE):
        raise PermissionDenied
    try:
        lifecycle.take_staff_step(order_id=pk, to=to, user=request.user)
    except lifecycle.IllegalTransitionError as error:
        parcel_views.tell_refused(request, pk, error)
    except movements.OutOfStockError as error:
        words = gettext("The order cannot be accepted: too few are in stock (%(what)s).")
        messages.error(request, words % {"what": error})
    else:
        status = Order.Status(to).label
        messages.success(request, gettext("Marked as %(status)s.") % {"status": status})
    return redirect("orders:inspect", pk)


@require_POST
@permission_required(CHANGE, raise_exception=True)
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark an order as resolved."""
    get_object_or_404(Order, pk=pk)
    assert request.user.is_authenticated
    with lifecycle.locked(pk) as order:
        lifecycle.mark_resolved(order=order, actor=request.user)
    messages.success(request, gettext("Order %(number)s marked as resolved.") % {"number": order.number})
    return redirect("orders:inspect", pk)


@require_POST
@user_passes_test(may_pack)
def add_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Add what staff note to an order's history."""
    order, form = get_object_or_404(Order, pk=pk), NoteForm(request.POST)
    assert request.user.is_authenticated
    if form.is_valid():
        lifecycle.add_note(order=order, note=form.cleaned_data["note"], actor=request.user)
        messages.success(request, gettext("The note was saved."))
    else:
        messages.error(request, " ".join(map(str, form.errors["note"])))
    return redirect("orders:inspect", pk)


class OrderViewSet(ReadOnlyViewSet):
    model = Order
    name = "orders"
    url_prefix = "orders"
    icon = "clipboard-list"
    menu_label = _("All orders")
    when_empty = (
        _("Nobody has ordered yet. Each order is listed here from the moment it is placed."),
        _("See what is on sale"),
        reverse_lazy("products:index"),
    )
    ordering = ("-placed_at", "-pk")
    list_per_page = 50
    list_display = [
        "number",
        DateColumn("placed_at", label=_("Placed"), sort_key="placed_at"),
        Column("customer", label=_("Customer"), accessor=lambda order: order.customer_name or order.email),
        Column("lines", label=_("What was bought"), accessor=at_a_glance, classname="order__lines"),
        StatusColumn("status", label=_("Status"), accessor="get_status_display", sort_key="status"),
        Column(
            "total",
            label=_("Total"),
            accessor=lambda order: money.display(order.total, order.currency),
            classname="figure",
        ),
    ]
    list_export = [
        *("number", "placed_at", "paid_at", "status", "currency", *AMOUNTS, "vat"),
        *("payment_source", "paid_currency", "refunded", "papers", "country", "email"),
    ]
    export_headings = {
        "vat": _("VAT included"),
        "paid_currency": _("Currency of the payment"),
        "refunded": _("Refunded or being refunded"),
        "papers": _("Papers"),
    }
    export_filename = "orders"
    search_fields = indexed_fields = [
        *("number", "email", "customer_name", "session_id", "payment_intent_id", "lines__sku")
    ]
    filterset_class = OrderFilterSet
    index_view_class = OrderIndexView
    inspect_view_class = OrderInspectView
    inspect_template_name = "store/admin/order.html"

    @property
    def permission_policy(self) -> ReadersPolicy:
        return ReadersPolicy(self.model)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            *super().get_urlpatterns(),
            path("mails/", mail_previews.MailPreviewView.as_view(), name="mails"),
            path("tracking/", tracking.TrackingView.as_view(), name="tracking"),
            path("<int:pk>/advance/", advance, name="advance"),
            path("<int:pk>/resolve/", resolve, name="resolve"),
            path("<int:pk>/notes/", add_note, name="notes"),
            path("<int:pk>/e-mails/", resending.resend, name="resend"),
            path("<int:pk>/undo/", parcel_views.undo, name="undo"),
            path("<int:pk>/parcels/", parcel_views.ParcelView.as_view(), name="parcels"),
            path("<int:pk>/parcels/<int:parcel>/", parcel_views.ParcelView.as_view(), name="parcel"),
            path("<int:pk>/address/", staff_views.AddressView.as_view(), name="address"),
            path("<int:pk>/e-mail-address/", staff_views.EmailView.as_view(), name="email"),
            path("<int:pk>/refunds/", refund_views.RefundView.as_view(), name="refund"),
            path("<int:pk>/invoice/", staff_views.issue_invoice, name="invoice"),
            path("<int:pk>/billing-address/", staff_views.CorrectBillingView.as_view(), name="billing"),
            path("<int:pk>/cancel/", refund_views.cancel, name="cancel"),
            path("<int:pk>/<slug:kind>/", printouts.of_order, name="printout"),
        ]


order_viewset = OrderViewSet()
