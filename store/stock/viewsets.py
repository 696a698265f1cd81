"""Staff screens of stock: the list, and for each SKU its movements and a form to change it.

The rules of a change are `movements`'.
"""

from typing import Any

from django import forms
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import InspectView

from home.viewsets import ReadOnlyViewSet
from store.catalogue.columns import FreeColumn, free_in_list
from store.models import ProductVariant, StockItem, StockMovement
from store.models.stock import MOST_OF_A_SKU
from store.orders.access import may_read
from store.stock.deliveries import DeliveriesView
from store.stock.movements import OutOfStockError, count, receive, write_off
from store.stock.stock_list import CellColumn, StockFilterSet, StockIndexView


class StockForm(forms.Form):
    what = forms.ChoiceField(
        choices=[
            ("receive", _("Add to the stock")),
            ("count", _("Replace the count")),
            ("write_off", _("Take from the stock")),  # what is broken or lost
        ]
    )  # by the button that is pressed
    quantity = forms.IntegerField(min_value=0, max_value=MOST_OF_A_SKU, label=_("Quantity"))
    note = forms.CharField(max_length=200, required=False, label=_("Note"))


class StockInspectView(InspectView):
    page_title = _("Stock")

    def get_page_subtitle(self) -> str:
        """Return what it is: its product and variant, if there still are."""
        variant = ProductVariant.objects.filter(sku=self.object.sku).select_related("page").first()
        return variant.in_full if variant else self.object.sku

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        movements = StockMovement.objects.filter(sku=self.object.sku).select_related("order", "made_by")
        may_change = self.request.user.has_perm("store.change_stockitem")
        return {
            **super().get_context_data(**kwargs),
            "item": self.object,
            "movements": movements[:100],
            "form": StockForm() if may_change else None,
            "may_read": may_read(self.request.user),
            "move_url": reverse("stock:move", args=[self.object.pk]),
        }


@require_POST
@permission_required("store.change_stockitem", raise_exception=True)
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Save goods received, counted or written off."""
    item = get_object_or_404(StockItem, pk=pk)
    form = StockForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Enter a whole number from 0 to %(most)s.") % {"most": MOST_OF_A_SKU})
        return redirect("stock:inspect", pk)
    quantity, note = form.cleaned_data["quantity"], form.cleaned_data["note"]
    assert request.user.is_authenticated
    try:
        match form.cleaned_data["what"]:
            case "count":
                count(sku=item.sku, on_hand=quantity, by=request.user, note=note)
            case "write_off":
                write_off(sku=item.sku, quantity=quantity, by=request.user, note=note)
            case "receive":
                receive(sku=item.sku, quantity=quantity, by=request.user, note=note)
    except OutOfStockError:
        words = gettext("The stock cannot be less than what is held for open payments. Try again later.")
        messages.error(request, words)
    else:
        messages.success(request, gettext("Stock of %(sku)s saved.") % {"sku": item.sku})
    return redirect("stock:inspect", pk)


class StockViewSet(ReadOnlyViewSet):
    model = StockItem
    name = "stock"
    url_prefix = "stock"
    icon = "table"
    menu_label = _("Stock")
    when_empty = (
        _("There is no stock yet. Each variant of a product that has a SKU gets a row here."),
        _("Add a product"),
        reverse_lazy("products:index"),
    )
    index_view_class = StockIndexView
    filterset_class = StockFilterSet
    list_display = [  # as Wagtail declares it
        CellColumn("picture", label=_("Picture"), width="4rem"),
        CellColumn("product", label=_("Product and SKU"), sort_key="sku"),
        CellColumn("price", label=_("Price"), classname="figure"),
        CellColumn("on_hand", label=_("On the shelf"), sort_key="on_hand", classname="figure"),
        CellColumn("save", label=_("Save")),
        Column("held", label=_("Held for payments"), sort_key="held", classname="figure"),
        FreeColumn(
            "available",
            label=_("Available"),
            accessor=lambda item: free_in_list(item.variant and item.variant.page, item.available),
        ),
    ]
    search_fields = indexed_fields = ["sku"]
    inspect_view_class = StockInspectView
    inspect_template_name = "store/admin/stock.html"

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            *super().get_urlpatterns(),
            path("deliveries/", DeliveriesView.as_view(), name="deliveries"),
            path("<int:pk>/move/", move, name="move"),
        ]


stock_viewset = StockViewSet()
