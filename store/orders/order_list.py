"""The staff's list of orders: its columns, filters, tabs and exports."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.forms import RadioSelect
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BaseColumn, Column
from wagtail.admin.widgets.button import Button, HeaderButton

from home.models import User
from home.viewsets import DaysFilter, GuardedIndexView
from policies.personal_data.access_log import Action, RecordedListMixin
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
# What the list is called while a tab is shown, by its filter.
HEADINGS = {
    "late=true": _("Late orders"),
    "status=paid": _("Orders to pack"),
    "status=packed": _("Orders to send"),
    "status=ready": _("Orders that are ready to collect"),
    "needs_attention=true": _("Orders that need attention"),
}
GLANCE = 2  # lines that the list shows of each order


def at_a_glance(order: Order) -> str:
    """Return the first lines of an order in words, and how many more there are, each in a line of its own."""
    lines = [f"{line.quantity} × {line}" for line in order.lines.all()]
    more = len(lines) - GLANCE
    rest = [gettext("and %s more") % more] if more > 0 else []
    return unbroken("\n".join([*lines[:GLANCE], *rest]))


def new_offer_button(user: User | AnonymousUser) -> list[HeaderButton]:
    """Return the button that leads to an order by telephone, if somebody may make it."""
    button = HeaderButton(gettext("New offer"), url=reverse("offers:new"), icon_name="plus")
    return [button] if user.has_perm("store.add_offer") else []


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


class OrderIndexView(RecordedListMixin, GuardedIndexView):
    access_kind = "store.orders"
    results_template_name = "store/admin/order_results.html"

    @cached_property
    def tabs(self) -> list[dict[str, Any]]:
        """All orders, and what waits, as on the first page of the admin; the one that is shown is marked."""
        asked = urlencode(self._asked)
        tiles = [one.get_context_data() for one in dashboard.of_orders(self.request) if one.is_allowed]
        all_orders = {"label": gettext("All"), "url": reverse("orders:index"), "figure": 0}
        return [{**tab, "is_current": tab["url"].partition("?")[2] == asked} for tab in (all_orders, *tiles)]

    @property
    def _asked(self) -> list[tuple[str, str]]:
        return [(name, value) for name in TABS for value in self.request.GET.getlist(name) if value]

    def get_page_title(self) -> Promise | str:
        """Name the tab that is shown."""
        return HEADINGS.get(urlencode(self._asked), self.page_title)

    @cached_property
    def active_filters(self) -> list[Any]:
        """Leave out the one of the tab that is shown."""
        of_tab = tuple(f"id_{name}" for name in TABS) if urlencode(self._asked) in HEADINGS else ()
        return [one for one in super().active_filters if not one.auto_id.startswith(of_tab)]

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:  # type: ignore[override]  # Wagtail's is cached, too
        return new_offer_button(self.request.user)

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
            orders = self.get_queryset()
            self.record_access(Action.EXPORT, orders.count())
            return exports.lines(orders)
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
