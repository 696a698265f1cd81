"""Forms of the shop: what may be put into a basket, where it goes, and the button that obliges to pay."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from store.models import DeliveryCountry, ShippingOption
from store.models.baskets import MAX_QUANTITY


class AddForm(forms.Form):
    """So many of a SKU, into the basket."""

    sku = forms.CharField(max_length=40)
    quantity = forms.IntegerField(min_value=1, max_value=MAX_QUANTITY)


class UpdateForm(forms.Form):
    """A new quantity for a SKU in the basket; 0 takes it out."""

    sku = forms.CharField(max_length=40)
    quantity = forms.IntegerField(min_value=0, max_value=MAX_QUANTITY)


class DeliveryForm(forms.Form):
    """Where to and how: sent by GET, so that the page below it always shows the final total."""

    country = forms.ModelChoiceField(
        DeliveryCountry.objects.deliverable(), to_field_name="code", label=_("Deliver to"), empty_label=None
    )
    shipping = forms.ModelChoiceField(
        ShippingOption.objects.none(), label=_("Shipping"), widget=forms.RadioSelect, empty_label=None
    )

    def __init__(self, *, country: DeliveryCountry, option: ShippingOption) -> None:
        """Show what is chosen, and the ways of sending to that country."""
        super().__init__(initial={"country": country.code, "shipping": option.pk})
        self.fields["shipping"].queryset = country.options.select_related("country")


class CheckoutForm(forms.Form):
    """The shopper's part of the contract. Amounts are never taken from it: `total` is only compared."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("The confirmation goes here."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    terms = forms.BooleanField(
        label=_("I accept the terms of sale"),
        error_messages={"required": _("Please accept the terms of sale to order.")},
    )
    # What the page showed: if any of it has changed since, the shopper is shown it anew before paying.
    total = forms.IntegerField(widget=forms.HiddenInput)
    terms_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, total: int, terms_version: int | None, **kwargs: Any) -> None:
        """Take what holds now."""
        self.now = {"total": total, "terms_version": terms_version}
        super().__init__(*args, initial=self.now, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Refuse when what was shown is no longer true."""
        cleaned = super().clean()
        if any(cleaned.get(name) != value for name, value in self.now.items()):
            self.data = {
                **self.data.dict(),
                **{name: value for name, value in self.now.items() if value is not None},
            }
            raise ValidationError(_("The total or the terms have changed. Please look again before you pay."))
        return cleaned
