"""The staff's list of all SKUs: what each is, how many there are, and a form in each row for price and count.

A row is sent by itself. What cannot be saved stays in its row as it was typed, beside the reason.
"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.widgets.button import Button

from home.characters import without_nul
from home.models import User
from home.viewsets import MOST_SEARCHED, GuardedIndexView
from store.catalogue import pictures, pricing
from store.catalogue.fields import PriceFormField
from store.models import ProductVariant, ShopSettings, StockItem
from store.models.catalogue import first_images
from store.models.stock import MOST_OF_A_SKU, SeenStock
from store.stock import movements

FREE = F("on_hand") - F("held")
STATES = {
    "low": (_("Low"), Q(free__gt=0, free__lte=ShopSettings.low_stock_in_query())),
    "sold_out": (_("Sold out"), Q(free=0)),
}


MOST_SORTED = 1000  # SKUs by product, which no index does


def in_state(state: str, items: QuerySet[StockItem]) -> QuerySet[StockItem]:
    return items.alias(free=FREE).filter(STATES[state][1])


def state_of(available: int, low: int) -> str:
    """Return the state of a SKU of which so many are available; empty where there are enough."""
    if available > low:
        return ""
    return "low" if available else "sold_out"


class RowForm(forms.Form):
    """Price and count of one SKU, beside what was shown of them."""

    price = PriceFormField(label=_("Price"))
    price_seen = forms.IntegerField(widget=forms.HiddenInput)
    on_hand = forms.IntegerField(label=_("On the shelf"), min_value=0, max_value=MOST_OF_A_SKU)
    on_hand_seen = forms.CharField(widget=forms.HiddenInput, max_length=100)

    def __init__(self, *args: Any, item: StockItem, may: set[str], **options: Any) -> None:
        """Leave out what the user may not change."""
        super().__init__(*args, **{**options, "prefix": f"sku-{item.pk}"})
        self.sku = item.sku
        for name in {"price", "on_hand"} - may:
            del self.fields[name], self.fields[f"{name}_seen"]
        for field in self.fields.values():
            words = {
                "form": self.prefix,
                "size": "7",
                "aria-label": f"{field.label}, {item.sku}",
                "style": "min-width: 6rem",
            }
            field.widget.attrs.update(words)

    def clean_on_hand_seen(self) -> str:
        """Refuse what was shown of another SKU."""
        seen: str = self.cleaned_data["on_hand_seen"]
        if SeenStock.read(seen).sku != self.sku:
            self.add_error("on_hand", gettext("The stock was changed meanwhile. Open the list again."))
        return seen

    def save(self, by: User) -> bool:
        """Save what was changed, both or nothing; return whether it could be, else say why at the field."""
        data, field = self.cleaned_data, "price"
        try:
            with transaction.atomic():
                if data.get("price") != data.get("price_seen"):
                    pricing.change_price(sku=self.sku, seen=data["price_seen"], price=data["price"], by=by)
                field = "on_hand"
                seen = SeenStock.read(data.get("on_hand_seen", ""))
                if seen.sku and data["on_hand"] != seen.on_hand:
                    movements.correct(seen=seen, counted=data["on_hand"], by=by)
        except pricing.PriceError as error:
            self.add_error(field, str(error))
        except movements.OutOfStockError:
            self.add_error(field, gettext("The stock cannot be less than what is held for open payments."))
        except movements.StockChangedError:
            self.add_error(field, gettext("The stock was changed meanwhile. Open the list again."))
        return self.is_valid()


class CellColumn(Column):
    """A cell of ours: a picture, a product, or a part of the row's form."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, **options)
        self.cell_template_name = f"store/admin/stock_{name}.html"

    def get_value(self, instance: StockItem) -> Any:
        """Return nothing: the templates read the row itself."""

    def get_cell_context_data(self, instance: StockItem, parent_context: Any) -> dict[str, Any]:
        context = super().get_cell_context_data(instance, parent_context)
        return {**context, "csrf_token": get_token(context["request"])}


class StockFilterSet(WagtailFilterSet):
    state = ChoiceFilter(
        label=_("State"),
        choices=[(state, label) for state, (label, _where) in STATES.items()],
        empty_label=_("Any"),
        widget=forms.RadioSelect,
        method="of_state",
    )

    class Meta:
        model = StockItem
        fields: tuple[str, ...] = ()

    def of_state(self, items: QuerySet[StockItem], _name: str, state: str) -> QuerySet[StockItem]:
        return in_state(state, items)


class StockIndexView(GuardedIndexView):
    template_name = "store/admin/stock_list.html"
    sent: tuple[int, RowForm] | None = None  # the row whose form could not be saved

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save one row, and show the same list again."""
        item = get_object_or_404(StockItem, sku=without_nul(request.POST.get("row", "")))
        assert request.user.is_authenticated
        [row] = self._filled([item])
        if not row.may:
            raise PermissionDenied
        form = RowForm(request.POST, item=item, may=row.may)
        if form.is_valid() and form.save(request.user):
            messages.success(request, gettext("%(sku)s saved.") % {"sku": item.sku})
            return redirect(self.row_action)
        messages.error(request, gettext("%(sku)s could not be saved.") % {"sku": item.sku})
        self.sent = (item.pk, form)
        return self.get(request, *args, **kwargs)

    @cached_property
    def header_more_buttons(self) -> list[Button]:  # type: ignore[override]  # Wagtail's is cached, too
        """Add the way to a file of deliveries and counts."""
        if not self.request.user.has_perm("store.change_stockitem"):
            return super().header_more_buttons
        url = reverse("stock:deliveries")
        upload = Button(gettext("Deliveries and counts …"), url=url, icon_name="upload", priority=80)
        return [upload, *super().header_more_buttons]

    @property
    def row_action(self) -> str:
        """Where a row is sent: the list with the search and the page that are shown."""
        return f"{reverse('stock:index')}?{self.request.GET.urlencode()}"

    def search_queryset(self, queryset: QuerySet[StockItem]) -> QuerySet[StockItem]:
        """Find SKUs also by the names of their products and variants, of as many of the newest as are searched."""
        found = super().search_queryset(queryset)
        if not self.is_searching:
            return found
        named = ProductVariant.objects.search(self.search_query, most=MOST_SEARCHED)
        return queryset.filter(Q(pk__in=found.order_by().values("pk")) | Q(sku__in=named.values("sku")))

    def order_queryset(self, queryset: QuerySet[StockItem]) -> QuerySet[StockItem]:
        """Put what belongs to a product together, its variants in their order, unless there are very many."""
        ordered = super().order_queryset(queryset)
        if self.ordering != self.default_ordering or queryset.order_by()[MOST_SORTED:].exists():
            return ordered
        variants = ProductVariant.objects.filter(sku=OuterRef("sku")).order_by()
        title, place = (Subquery(variants.values(name)[:1]) for name in ("page__title", "sort_order"))
        found = queryset.alias(title=Lower(title), place=place)
        return found.order_by(F("title").asc(nulls_last=True), F("place").asc(nulls_last=True), "sku")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        items = self._filled(context["object_list"])
        seen = StockItem.objects.seen(item.sku for item in items)
        for item in items:
            price = item.variant.price if item.variant else None
            shown = {
                "price": price,
                "price_seen": price,
                "on_hand": item.on_hand,
                "on_hand_seen": seen[item.sku],
            }
            item.action = self.row_action
            item.form = RowForm(item=item, may=item.may, initial=shown)
            if self.sent and self.sent[0] == item.pk:
                item.form = self.sent[1]
        context["table"].data = items
        return context

    def _filled(self, rows: Iterable[StockItem]) -> list[Any]:
        """Return rows with their variants, pictures, and what the user may change of them."""
        items: list[Any] = list(rows)
        assert self.request.user.is_authenticated
        variants = ProductVariant.objects.filter(sku__in=[item.sku for item in items]).select_related("page")
        variant_of = {variant.sku: variant for variant in variants}
        pages = {variant.page_id for variant in variant_of.values()}
        small = pictures.thumbnails(first_images(pages))
        own = pricing.publishable(pages, self.request.user)
        counts = {"on_hand"} if self.request.user.has_perm("store.change_stockitem") else set()
        low = ShopSettings.current().low_stock
        for item in items:
            variant = item.variant = variant_of.get(item.sku)
            item.thumbnail = small.get(variant.page_id, "") if variant else ""
            item.is_own = bool(variant and variant.page_id in own)
            # Of what is made to order a count means nothing; of some that are there nevertheless, it does.
            item.is_made = bool(variant and variant.page.days_to_make and not item.on_hand)
            item.may = (set() if item.is_made else counts) | ({"price"} if item.is_own else set())
            stated = variant and variant.page.availability_in_words
            item.state = "" if stated else state_of(item.available, low)
        return items
