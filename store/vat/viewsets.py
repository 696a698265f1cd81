"""Staff screens of VAT: the classes of products with a rate of their own, and the rates."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import DeleteView
from wagtail.admin.viewsets.model import ModelViewSet

from store.models import ProductPage, VatClass, VatRate
from store.vat.percent import shown


class VatClassDeleteView(DeleteView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse while a rate or a product has the class: it would have the standard rate without a word."""
        if self.object.rates.exists() or ProductPage.objects.filter(vat_class=self.object).exists():
            messages.error(
                request, _("Products or rates have this class. Give them another first, then delete it.")
            )
            return redirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)


class VatClassViewSet(ModelViewSet):
    model = VatClass
    name = "vat-classes"
    url_prefix = "vat-classes"
    icon = "tag"
    menu_label = gettext_lazy("VAT classes")
    form_fields = ["name", "stripe_tax_code"]
    list_display = ["name"]
    delete_view_class = VatClassDeleteView


class VatRateViewSet(ModelViewSet):
    model = VatRate
    name = "vat-rates"
    url_prefix = "vat-rates"
    icon = "calendar-alt"
    menu_label = gettext_lazy("VAT rates")
    form_fields = ["country", "vat_class", "percent", "valid_from"]
    list_display = [
        "country",
        Column(
            "vat_class",
            label=gettext_lazy("Class"),
            accessor=lambda rate: rate.vat_class or _("standard rate"),
        ),
        Column("percent", label=gettext_lazy("Percent"), accessor=lambda rate: shown(rate.percent)),
        Column("valid_from", label=gettext_lazy("From")),
    ]
    list_filter = ["country", "vat_class"]


vat_viewsets = (VatRateViewSet(), VatClassViewSet())
