"""Staff screens of orders: the list and its export, and one order with its history and next steps.

Orders are read-only; the steps themselves are `lifecycle`'s.
"""

from collections.abc import Iterable
from typing import Any, ClassVar
from urllib.parse import quote

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.auth import user_passes_test
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.components import Component
from wagtail.admin.ui.tables import BaseColumn, Column, DateColumn
from wagtail.admin.views.generic import InspectView
from wagtail.admin.widgets.button import Button

from home.viewsets import DaysFilter, GuardedIndexView, ReadOnlyViewSet
from store.catalogue import pictures
from store.documents import corrections, printouts, references
from store.models import Document, Order, OrderLine, ProductVariant, Refund, ShopSettings
from store.models.catalogue import first_images
from store.orders import (
    dashboard,
    exports,
    lifecycle,
    mail_previews,
    parcel_views,
    resending,
    staff_views,
    tracking,
)
from store.orders.access import CHANGE, VIEW, ReadersPolicy, may_pack
from store.orders.forms import NoteForm
from store.orders.situation import Situation
from store.payments import disputes, money, refund_views
from store.stock import movements
from store.vat import sums

AMOUNTS = ("subtotal", "shipping", "discount", "tax", "total")
LINES = "lines"  # the export with a row for each line
GLANCE = 2  # lines that the list shows of each order


def at_a_glance(order: Order) -> str:
    """Return the first lines of an order in words: “2 × Enamel mug, 1 × Notebook and 3 more”."""
    lines = [f"{line.quantity} × {line}" for line in order.lines.all()]
    shown, more = ", ".join(lines[:GLANCE]), len(lines) - GLANCE
    return gettext("%(lines)s and %(more)s more") % {"lines": shown, "more": more} if more > 0 else shown


def with_thumbnails(lines: Iterable[OrderLine]) -> list[OrderLine]:
    """Return lines that know the small picture of their product, if it is still there; in three queries."""
    found = [*lines]
    pages = dict(ProductVariant.objects.filter(sku__in=[one.sku for one in found]).values_list("sku", "page"))
    small = pictures.thumbnails(first_images({*pages.values()}))
    for line in found:
        line.thumbnail = small.get(pages.get(line.sku, 0), "")  # type: ignore[attr-defined]  # for the template
    return found


class StatusColumn(Column):
    cell_template_name = "store/admin/status_cell.html"


class OrderFilterSet(WagtailFilterSet):
    placed_at = DaysFilter(label=_("Placed"))

    class Meta:
        model = Order
        fields: ClassVar[list[str]] = ["status", "needs_attention", "placed_at", "country"]


class StatusTag(Component):
    """The status of an order, beside its number in the heading of its page."""

    template_name = "store/admin/status.html"

    def __init__(self, order: Order) -> None:
        self.order = order

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        return {"order": self.order}


class OrderIndexView(GuardedIndexView):
    results_template_name = "store/admin/order_results.html"

    @cached_property
    def waiting(self) -> list[dict[str, Any]]:
        """What waits, as on the first page of the admin; nothing of what nobody waits for."""
        tiles = [tile.get_context_data() for tile in dashboard.of_orders(self.request) if tile.is_shown()]
        return [tile for tile in tiles if tile["figure"]]

    @property
    def sees_money(self) -> bool:
        return self.request.user.has_perm(VIEW)

    @cached_property
    def columns(self) -> list[BaseColumn]:  # type: ignore[override]  # Wagtail's is cached, too
        """Leave out the money for those who do not see it."""
        return [one for one in super().columns if one.name != "total" or self.sees_money]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]  # an export streams
        """Show the list, or answer for the papers of the orders in it."""
        if "export" in request.GET and not self.sees_money:
            raise PermissionDenied
        if (kind := request.GET.get("printouts")) in printouts.KINDS:
            return printouts.of_list(request, kind, self.get_queryset())
        if request.GET.get("export") == LINES:
            return exports.lines(self.get_queryset())
        return super().get(request, *args, **kwargs)

    @cached_property
    def header_more_buttons(self) -> list[Button]:  # type: ignore[override]  # Wagtail's is cached, too
        """Add the papers of the orders that the filter shows."""
        query = self.request.GET.copy()
        buttons = []
        for kind, label in printouts.KINDS.items():
            query["printouts"] = kind
            url = f"{reverse('orders:index')}?{query.urlencode()}"
            buttons.append(Button(label, url=url, icon_name="doc-full", priority=80))
        if may_pack(self.request.user):
            url = reverse("orders:tracking")
            buttons.append(Button(gettext("Tracking numbers …"), url=url, icon_name="upload", priority=81))
        if not self.sees_money:
            return buttons  # the others are exports
        query = self.request.GET.copy()
        query["export"] = LINES
        url = f"{reverse('orders:index')}?{query.urlencode()}"
        lines = Button(
            gettext("Download lines and addresses (CSV)"), url=url, icon_name="download", priority=95
        )
        return [*buttons, lines, *super().header_more_buttons]

    def get_base_queryset(self) -> QuerySet[Order]:
        """Leave out what the list does not show, and have at hand what its export adds up."""
        orders = super().get_base_queryset().defer("session_params", "session_url")
        papers = Document.objects.order_by("pk").only("number", "order")
        more = ("refunds", Prefetch("documents", papers)) if self.is_export else ()
        return orders.prefetch_related("lines", *more)

    def search_queryset(self, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """List an order once, however many of its lines have what is searched."""
        if not self.is_searching:
            return queryset
        return queryset.filter(pk__in=super().search_queryset(queryset).values("pk"))

    def to_row_dict(self, item: Order) -> dict[str, Any]:
        """Return the row with amounts instead of minor units, and what other tables say of the order."""
        row: dict[str, Any] = {field: getattr(item, field, "") for field in self.list_export}
        amounts = {field: money.to_decimal(row[field], item.currency) for field in AMOUNTS}
        vat = sums.of_order(item)
        refunded = sum(one.amount for one in item.refunds.all() if one.status not in Refund.UNDONE)
        others = {
            "vat": money.to_decimal(sum(one.vat for one in vat), item.currency) if vat else "",
            "refunded": money.to_decimal(refunded, item.paid_currency or item.currency),
            "papers": ", ".join(paper.number for paper in item.documents.all()),
        }
        return {**row, **amounts, **others}


class OrderInspectView(InspectView):
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
        messages.success(request, gettext("Order status changed."))
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
