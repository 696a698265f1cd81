"""Staff screens of VAT: the classes of products with a rate of their own, and the rates."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.model import ModelViewSet

from store.models import VatClass, VatRate


class VatClassViewSet(ModelViewSet):
    model = VatClass
    name = "vat-classes"
    url_prefix = "vat-classes"
    icon = "tag"
    menu_label = gettext_lazy("VAT classes")
    form_fields = ["name", "stripe_tax_code"]
    list_display = ["name"]


class VatRateViewSet(ModelViewSet):
    model = VatRate
    name = "vat-rates"
    url_prefix = "vat-rates"
    icon = "calendar-alt"
    menu_label = gettext_lazy("VAT rates")
    form_fields = ["country", "vat_class", "percent", "valid_from"]
    list_display = [
        Column("country", label=gettext_lazy("Country"), sort_key="country"),
        Column(
            "vat_class",
            label=gettext_lazy("Class"),
            accessor=lambda rate: rate.vat_class or _("standard rate"),
        ),
        Column("percent", label=gettext_lazy("Percent")),
        Column("valid_from", label=gettext_lazy("From")),
    ]
    list_filter = ["country", "vat_class"]


vat_viewsets = (VatRateViewSet(), VatClassViewSet())
