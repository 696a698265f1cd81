"""The staff's forms of papers: the days of the totals, and a corrected billing address."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from wagtail.admin.widgets import AdminDateInput

from store.models import Order
from store.orders.addresses import country_name
from store.orders.forms import AddressForm
from store.payments import stripe_amounts

MOST_DAYS = 3 * 366


# Of which every time zone can tell the time.
KNOWN_DAYS = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))]


class SpanForm(forms.Form):
    first = forms.DateField(label=_("From"), widget=AdminDateInput, validators=KNOWN_DAYS)
    last = forms.DateField(label=_("To"), widget=AdminDateInput, validators=KNOWN_DAYS)

    def clean(self) -> None:
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and not 0 <= (last - first).days <= MOST_DAYS:
            raise forms.ValidationError(_("Choose a last day that follows the first one within three years."))


class BillingAddressForm(AddressForm):
    """The billing address of an order; it may be in any country, since the VAT stays as it is."""

    country = forms.ChoiceField(label=_("Country"))

    def __init__(self, *args: Any, order: Order, **options: Any) -> None:
        present = {"name": order.customer_name, **order.billing_address}
        super().__init__(*args, order=order, present=present, **options)
        for name, field in self.fields.items():
            field.required = name in {"name", "line1", "city", "country"}
        named = ((code, country_name(code)) for code in stripe_amounts.countries())
        self.fields["country"].choices = [("", ""), *sorted(named, key=lambda one: one[1])]  # type: ignore[attr-defined]  # a ChoiceField

    @property
    def address(self) -> dict[str, str]:
        return {name: line for name, line in self.cleaned_data.items() if line}
