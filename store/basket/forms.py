"""What may be put into a basket, and how much of it."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from store.models.baskets import MAX_QUANTITY


class QuantityField(forms.IntegerField):
    """A whole number of things; whatever is wrong with it is told in the same words."""

    def __init__(self, *, min_value: int) -> None:
        """Set the limits."""
        words = format_lazy(
            _("Please give a whole number from {least} to {most} as the quantity."),
            least=min_value,
            most=MAX_QUANTITY,
        )
        codes = ("required", "invalid", "min_value", "max_value")
        super().__init__(
            min_value=min_value, max_value=MAX_QUANTITY, error_messages=dict.fromkeys(codes, words)
        )


class AddForm(forms.Form):
    """So many of a SKU, into the basket."""

    sku = forms.CharField(max_length=40, error_messages={"required": _("Please choose what you want.")})
    quantity = QuantityField(min_value=1)


class UpdateForm(forms.Form):
    """A new quantity for a SKU in the basket; 0 takes it out."""

    sku = forms.CharField(max_length=40)
    quantity = QuantityField(min_value=0)
