"""Rates of VAT in percent: with three decimals where they have them (8.875), otherwise with two."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db import models
from django.utils.formats import number_format

TWO, THREE = Decimal("0.01"), Decimal("0.001")


def trimmed(percent: Decimal) -> Decimal:
    """Return a rate with two decimals, or three if it has them."""
    two = percent.quantize(TWO)
    return two if two == percent else percent.quantize(THREE)


def shown(percent: Decimal | str) -> str:
    """Return a rate with the decimals that it has, as the language writes them: 20, 5.5, 8.875."""
    return number_format(Decimal(percent).normalize())


class PercentFormField(forms.DecimalField):
    """Takes 5.5 and 5,5: a browser's own field for numbers makes 55 of what it does not know."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal"}


class PercentField(models.DecimalField):
    """A rate of VAT."""

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PercentFormField, **kwargs})

    def from_db_value(self, percent: Decimal | None, *_connection: Any) -> Decimal | None:
        return None if percent is None else trimmed(percent)
