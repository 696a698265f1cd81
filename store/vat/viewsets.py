"""Staff screens of VAT: the classes of products with a rate of their own, and the rates."""

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import ModelForm, modelform_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin import messages
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import DeleteView
from wagtail.admin.viewsets.model import ModelViewSet

from store.models import ProductPage, VatClass, VatRate
from store.vat import rates
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
    menu_order = 24
    add_to_settings_menu = True
    form_fields = ["name", "stripe_tax_code"]
    list_display = ["name"]
    delete_view_class = VatClassDeleteView


NEEDED = gettext_lazy(
    "Without this rate nothing can be ordered in some countries. Enter the one that takes its place first, with a day "
    "that has come."
)


class VatRateForm(WagtailAdminModelForm):
    def clean(self) -> dict[str, Any]:
        """Refuse to move a rate that is needed away from its country, class or day."""
        cleaned: dict[str, Any] = super().clean() or {}
        stored = VatRate.objects.filter(pk=self.instance.pk).first()
        today = timezone.localdate()
        is_moved = {"country", "vat_class"} & {*self.changed_data} or cleaned.get("valid_from", today) > today
        if stored and is_moved and rates.is_needed(stored):
            raise ValidationError(NEEDED)
        return cleaned


class VatRateDeleteView(DeleteView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse while orders need the rate."""
        if rates.is_needed(self.object):
            messages.error(request, NEEDED)
            return redirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)


class VatRateViewSet(ModelViewSet):
    model = VatRate
    name = "vat-rates"
    url_prefix = "vat-rates"
    icon = "calendar-alt"
    menu_label = gettext_lazy("VAT rates")
    menu_order = 23
    add_to_settings_menu = True
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
    delete_view_class = VatRateDeleteView

    def get_form_class(self, *_args: Any, **_kwargs: Any) -> type[ModelForm]:
        return modelform_factory(VatRate, form=VatRateForm, fields=self.form_fields)


vat_viewsets = (VatRateViewSet(), VatClassViewSet())
