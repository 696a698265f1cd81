"""Staff screens of delivery countries, shipping options and carriers."""

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import BaseColumn, Column
from wagtail.admin.views.generic import IndexView
from wagtail.admin.viewsets.model import ModelViewSet

from store.models import Carrier, DeliveryCountry, ShippingOption
from store.payments import money
from store.vat import rates


class DeliveryCountryIndexView(IndexView):
    """A list that says of each country how goods are taxed that are sent there."""

    @cached_property
    def columns(self) -> list[BaseColumn]:  # type: ignore[override]  # Wagtail's is cached, too
        return [*super().columns, Column("vat", label=_("VAT"), accessor=rates.in_words())]


class DeliveryCountryViewSet(ModelViewSet):
    model = DeliveryCountry
    name = "delivery-countries"
    url_prefix = "delivery-countries"
    icon = "site"
    menu_label = _("Delivery countries")
    menu_order = 20
    add_to_settings_menu = True
    form_fields = ["code", "name", "ordering", "vat", "vat_note", "withdrawal"]
    list_display = ["name", "code"]
    index_view_class = DeliveryCountryIndexView


class ShippingOptionViewSet(ModelViewSet):
    model = ShippingOption
    name = "shipping-options"
    url_prefix = "shipping-options"
    icon = "arrow-right-full"
    menu_label = _("Shipping")
    menu_order = 21
    add_to_settings_menu = True
    form_fields = ["country", "name", "kind", "price", "min_days", "max_days", "collect_at"]
    list_display = [
        "name",
        "country",
        Column("price", label=_("Price"), accessor=lambda option: money.display(option.price)),
    ]
    list_filter = ["country"]


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


delivery_viewsets = (DeliveryCountryViewSet(), ShippingOptionViewSet(), CarrierViewSet())
