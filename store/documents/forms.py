"""The staff's form of a corrected billing address."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from store.models import Order
from store.orders.addresses import country_name
from store.orders.forms import AddressForm
from store.payments import stripe_amounts


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
