"""The staff's orders: a list to filter and search, and a page with the timeline and the next step."""

from typing import Any, ClassVar

import django_filters
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import InspectView

from home.viewsets import GuardedIndexView, ReadOnlyViewSet
from store.models import Order
from store.orders import lifecycle, staff_steps
from store.payments import money

AMOUNTS = ("subtotal", "shipping", "discount", "tax", "total")
CHANGE = "store.change_order"  # who may move orders on


class OrderFilterSet(WagtailFilterSet):
    """By day, status, and whether somebody should look."""

    placed_at = django_filters.DateFromToRangeFilter(label=_("Placed"), widget=DateRangePickerWidget)

    class Meta:
        model = Order
        fields: ClassVar[list[str]] = ["status", "needs_attention", "placed_at", "country"]


class OrderIndexView(GuardedIndexView):
    """The list and its export."""

    def get_base_queryset(self) -> QuerySet[Order]:
        """Leave out what the list does not show."""
        return super().get_base_queryset().defer("session_params", "session_url")

    def to_row_dict(self, item: Order) -> dict[str, Any]:
        """Give accounts amounts, not minor units."""
        row = super().to_row_dict(item)
        amounts = {field: money.to_decimal(row[field], item.currency) for field in AMOUNTS}
        return {**row, **amounts}


class OrderInspectView(InspectView):
    """One order: lines, addresses, versions agreed to, timeline, next step."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the page shows beside the fields."""
        order = self.object
        may_change = self.request.user.has_perm(CHANGE)
        steps = staff_steps.possible(order) if may_change else {}
        return {
            **super().get_context_data(**kwargs),
            "order": order,
            "lines": order.lines.all(),
            "events": order.events.all(),
            "movements": order.stock_movements.select_related("order", "made_by").order_by("pk"),
            "steps": steps,
            "advance_url": reverse("orders:advance", args=[order.pk]),
            "attention_url": reverse("orders:attended", args=[order.pk]) if may_change else "",
        }


@require_POST
@permission_required(CHANGE, raise_exception=True)
def advance(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the next step with an order."""
    get_object_or_404(Order, pk=pk)
    assert request.user.is_authenticated
    try:
        staff_steps.take(order_id=pk, to=request.POST.get("to", ""), user=request.user)
    except lifecycle.IllegalTransitionError:
        messages.error(request, gettext("This step is not possible now. Somebody may have taken it already."))
    else:
        messages.success(request, gettext("The order was moved on."))
    return redirect("orders:inspect", pk)


@require_POST
@permission_required(CHANGE, raise_exception=True)
def attended(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that somebody has looked at a flagged order."""
    get_object_or_404(Order, pk=pk)
    assert request.user.is_authenticated
    with lifecycle.locked(pk) as order:
        lifecycle.unflag(order=order, actor=request.user)
    messages.success(request, gettext("The mark was taken off order %(number)s.") % {"number": order.number})
    return redirect("orders:inspect", pk)


class OrderViewSet(ReadOnlyViewSet):
    """Orders."""

    model = Order
    name = "orders"
    url_prefix = "orders"
    icon = "clipboard-list"
    menu_label = _("Orders")
    add_to_admin_menu = False
    ordering = ("-placed_at", "-pk")
    list_per_page = 50
    list_display = [
        "number",
        DateColumn("placed_at", label=_("Placed"), sort_key="placed_at"),
        Column("status", label=_("Status"), accessor="get_status_display", sort_key="status"),
        Column("total", label=_("Total"), accessor=lambda order: money.display(order.total, order.currency)),
        "email",
        Column(
            "needs_attention",
            label=_("Attention"),
            accessor=lambda order: "!" if order.needs_attention else "",
        ),
    ]
    list_export = ["number", "placed_at", "paid_at", "status", "currency", *AMOUNTS, "country", "email"]
    export_filename = "orders"
    search_fields = ["number", "email", "customer_name", "session_id", "payment_intent_id"]
    filterset_class = OrderFilterSet
    index_view_class = OrderIndexView
    inspect_view_class = OrderInspectView
    inspect_template_name = "store/admin/order.html"

    def get_urlpatterns(self) -> list[URLPattern]:
        """Add what can be done with an order."""
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/advance/", advance, name="advance"),
            path("<int:pk>/attended/", attended, name="attended"),
        ]


order_viewset = OrderViewSet()
