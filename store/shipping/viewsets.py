"""Staff screens of delivery countries, shipping options and carriers."""

from django.db.models import QuerySet
from django.urls import reverse, reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.ui.tables import BaseColumn, Column
from wagtail.admin.views.generic import IndexView
from wagtail.admin.viewsets.model import ModelViewSet

from home.viewsets import EmptyListMixin
from store.models import Carrier, DeliveryCountry, DeliveryZone, ProductVariant, ShippingOption
from store.payments import money
from store.vat import rates


class DeliveryCountryIndexView(EmptyListMixin, IndexView):
    """A list that says of each country how goods are taxed that are sent there."""

    when_empty = (
        _("You deliver nowhere yet. What delivery costs comes after the first country."),
        _("Add the first country"),
        reverse_lazy("delivery-countries:add"),
    )

    @cached_property
    def columns(self) -> list[BaseColumn]:  # type: ignore[override]  # Wagtail's is cached, too
        return [*super().columns, Column("vat", label=_("VAT"), accessor=rates.in_words())]


def _countries_of(zone: DeliveryZone) -> str:
    return ", ".join(country.name for country in zone.countries.all())


class DeliveryCountryViewSet(ModelViewSet):
    model = DeliveryCountry
    name = "delivery-countries"
    url_prefix = "delivery-countries"
    icon = "site"
    menu_label = _("Delivery countries")
    menu_order = 20
    add_to_settings_menu = True
    form_fields = ["code", "name", "zone", "ordering", "vat", "vat_note", "withdrawal"]
    list_display = ["name", "code", "zone"]
    index_view_class = DeliveryCountryIndexView


class DeliveryZoneIndexView(IndexView):
    def get_base_queryset(self) -> QuerySet[DeliveryZone]:
        return super().get_base_queryset().prefetch_related("countries")


class DeliveryZoneViewSet(ModelViewSet):
    model = DeliveryZone
    name = "delivery-zones"
    url_prefix = "delivery-zones"
    icon = "globe"
    menu_label = _("Delivery zones")
    menu_order = 20
    add_to_settings_menu = True
    form_fields = ["name"]
    index_view_class = DeliveryZoneIndexView
    list_display = ["name", Column("countries", label=_("Countries"), accessor=_countries_of)]


class ShippingOptionIndexView(EmptyListMixin, IndexView):
    page_title = _("Delivery prices")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text

    @property
    def when_empty(self) -> tuple[str, str, str]:  # type: ignore[override]  # the mixin's is the same for all
        words = gettext("No delivery has a price yet, so nothing can be ordered.")
        if DeliveryCountry.objects.exists():
            return (
                words,
                gettext("Add the first, for one of your countries."),
                reverse("shipping-options:add"),
            )
        return (
            words,
            gettext("Say first to which countries you deliver."),
            reverse("delivery-countries:index"),
        )

    def get_base_queryset(self) -> QuerySet[ShippingOption]:
        """Say of what no weight is known, if a price depends on it."""
        options = super().get_base_queryset().select_related("country", "zone")
        unknown = ProductVariant.objects.on_sale().filter(weight=None)
        if options.exclude(weight_prices="").exists() and (count := unknown.count()):
            words = ngettext(
                "%(count)s variant has no weight, so it counts as 0 grams: enter it with its product.",
                "%(count)s variants have no weight, so they count as 0 grams: enter it with their products.",
                count,
            )
            messages.warning(self.request, words % {"count": count})
        return options


class ShippingOptionViewSet(ModelViewSet):
    model = ShippingOption
    name = "shipping-options"
    url_prefix = "shipping-options"
    icon = "arrow-right-full"
    menu_label = _("Delivery prices")
    menu_order = 21
    add_to_settings_menu = True
    form_fields = [
        *("country", "zone", "name", "kind", "price", "weight_prices", "free_from"),
        *("min_days", "max_days", "collect_at"),
    ]
    index_view_class = ShippingOptionIndexView
    list_display = [
        "name",
        Column("to", label=_("To"), accessor=lambda option: option.country or option.zone),
        Column("price", label=_("Price"), accessor=lambda option: money.display(option.price)),
    ]
    list_filter = ["country", "zone"]


class CarrierViewSet(ModelViewSet):
    model = Carrier
    name = "carriers"
    url_prefix = "carriers"
    icon = "link-external"
    menu_label = _("Carriers")
    menu_order = 22
    add_to_settings_menu = True
    form_fields = ["name", "tracking_url", "columns"]
    list_display = ["name", "tracking_url"]


delivery_viewsets = (
    DeliveryCountryViewSet(),
    DeliveryZoneViewSet(),
    ShippingOptionViewSet(),
    CarrierViewSet(),
)
