"""The staff's list of orders: its columns, filters, tabs and exports."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.forms import RadioSelect
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BaseColumn, Column
from wagtail.admin.widgets.button import Button

from home.viewsets import DaysFilter, GuardedIndexView
from store.catalogue.columns import unbroken
from store.documents import printouts
from store.models import Document, Order, Refund
from store.orders import dashboard, exports
from store.orders.access import VIEW, may_pack
from store.payments import money
from store.vat import sums

AMOUNTS = ("subtotal", "shipping", "discount", "tax", "total")
LINES = "lines"  # the export with a row for each line
TABS = ("status", "needs_attention", "late")  # the filters that have some
GLANCE = 2  # lines that the list shows of each order


def at_a_glance(order: Order) -> str:
    """Return the first lines of an order in words: “2 × Enamel mug, 1 × Notebook and 3 more”."""
    lines = [f"{line.quantity} × {line}" for line in order.lines.all()]
    shown, more = ", ".join(lines[:GLANCE]), len(lines) - GLANCE
    shown = gettext("%(lines)s and %(more)s more") % {"lines": shown, "more": more} if more > 0 else shown
    return unbroken(shown)


class StatusColumn(Column):
    cell_template_name = "store/admin/status_cell.html"


class OrderFilterSet(WagtailFilterSet):
    late = ChoiceFilter(
        label=_("Late"),
        choices=[("true", _("Late"))],
        empty_label=_("Any"),
        widget=RadioSelect,
        method="of_late",
    )
    placed_at = DaysFilter(label=_("Placed"))

    class Meta:
        model = Order
        fields: ClassVar[list[str]] = ["status", "needs_attention", "placed_at", "country"]

    def of_late(self, orders: Any, _name: str, _value: str) -> QuerySet[Order]:
        return orders.late()


class OrderIndexView(GuardedIndexView):
    results_template_name = "store/admin/order_results.html"

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        """All orders, and what waits, as on the first page of the admin; the one that is shown is marked."""
        asked = urlencode({name: self.request.GET[name] for name in TABS if self.request.GET.get(name)})
        tiles = [one.get_context_data() for one in dashboard.of_orders(self.request) if one.is_allowed]
        all_orders = {"label": gettext("All"), "url": reverse("orders:index"), "figure": 0}
        return [{**tab, "is_current": tab["url"].partition("?")[2] == asked} for tab in (all_orders, *tiles)]

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
