"""Staff screens of delivery countries and shipping options."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.model import ModelViewSet

from store.models import DeliveryCountry, ShippingOption
from store.payments import money


class DeliveryCountryViewSet(ModelViewSet):
    model = DeliveryCountry
    name = "delivery-countries"
    url_prefix = "delivery-countries"
    icon = "site"
    menu_label = _("Delivery countries")
    form_fields = ["code", "name", "ordering", "vat", "vat_note", "withdrawal"]
    list_display = ["name", "code"]


class ShippingOptionViewSet(ModelViewSet):
    model = ShippingOption
    name = "shipping-options"
    url_prefix = "shipping-options"
    icon = "arrow-right-full"
    menu_label = _("Shipping")
    form_fields = ["country", "name", "price", "min_days", "max_days"]
    list_display = [
        "name",
        "country",
        Column("price", label=_("Price"), accessor=lambda option: money.display(option.price)),
    ]
    list_filter = ["country"]


delivery_viewsets = (DeliveryCountryViewSet(), ShippingOptionViewSet())
