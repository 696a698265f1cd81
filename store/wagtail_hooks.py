"""What the shop adds to the admin: one menu entry with its staff screens, and a note of orders to look at."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.site_summary import SummaryItem
from wagtail.admin.viewsets.model import ModelViewSetGroup

from store.models import Order
from store.viewsets.delivery import delivery_viewsets
from store.viewsets.orders import order_viewset
from store.viewsets.stock import stock_viewset
from store.viewsets.stripe_events import stripe_event_viewset


class ShopGroup(ModelViewSetGroup):
    """Everything about selling."""

    menu_label = _("Shop")
    menu_icon = "clipboard-list"
    menu_order = 260
    items = (order_viewset, stock_viewset, *delivery_viewsets, stripe_event_viewset)  # type: ignore[assignment]  # Wagtail's () reads as always empty


class OrdersToPack(SummaryItem):
    """How many orders are paid and not yet packed, and how many somebody should look at."""

    order = 50
    template_name = "store/admin/orders_summary.html"

    def get_context_data(self, parent_context: Any = None) -> dict[str, object]:
        """Count them."""
        return {
            "to_pack": Order.objects.filter(status=Order.Status.PAID).count(),
            "attention": Order.objects.filter(needs_attention=True).count(),
        }

    def is_shown(self) -> bool:
        """Show it to those who see orders."""
        return self.request.user.has_perm("store.view_order")


@hooks.register("register_admin_viewset")
def shop_group() -> ShopGroup:
    """Put the screens into the menu."""
    return ShopGroup()


@hooks.register("construct_homepage_summary_items")
def orders_to_pack(request: HttpRequest, items: list[SummaryItem]) -> None:
    """Put the count onto the first page of the admin."""
    items.append(OrdersToPack(request))
