"""Forms of the basket: they check SKU and quantity, never whether there are enough."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from store.basket.seen import LONGEST, Seen, read
from store.models.baskets import MAX_QUANTITY


class QuantityField(forms.IntegerField):
    """A whole number with one message for every error."""

    def __init__(self, *, min_value: int) -> None:
        words = format_lazy(
            _("Enter a whole number from {least} to {most} as the quantity."),
            least=min_value,
            most=MAX_QUANTITY,
        )
        codes = ("required", "invalid", "min_value", "max_value")
        super().__init__(
            min_value=min_value, max_value=MAX_QUANTITY, error_messages=dict.fromkeys(codes, words)
        )


class AddForm(forms.Form):
    sku = forms.CharField(max_length=40, error_messages={"required": _("Choose what you want to buy.")})
    quantity = QuantityField(min_value=1)
    text = forms.CharField(required=False, strip=False)  # what may be it, the product says


class UpdateForm(forms.Form):
    """A new quantity for a SKU in the basket with this text; 0 removes it."""

    sku = forms.CharField(max_length=40)
    quantity = QuantityField(min_value=0)
    text = forms.CharField(required=False)


class SeenForm(forms.Form):
    """What of the lines was shown, for a shopper who has read what changed."""

    seen = forms.CharField(max_length=LONGEST)

    def clean_seen(self) -> dict[int, Seen]:
        """Return it by the keys of the lines."""
        return read(self.cleaned_data["seen"])
