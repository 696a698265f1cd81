"""The price field: minor units in the database, 12.50 in the editor; and which countries goods can come from.

It refuses what Stripe cannot charge; the limits are `store.payments.stripe_amounts`'.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from store.payments import money, stripe_amounts

# Countries of ISO 3166 to which Stripe lets nothing be sent, but where things are made.
_NO_DELIVERY = frozenset("AS CC CU CX FM HM IR KP MH MP NF PW SY UM VI".split())


def validate_origin(code: str) -> None:
    """Refuse a code that is no country of ISO 3166, such as UK."""
    if code not in stripe_amounts.countries() | _NO_DELIVERY:
        words = _("“%(code)s” is no country. Codes are two capital letters, such as GB (not UK) or DE.")
        raise ValidationError(words, params={"code": code})


class PriceFormField(forms.DecimalField):
    """Shows and reads an amount in the shop's currency; its value is minor units."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})  # a field of numbers would refuse "12,75"

    def __init__(self, *, may_be_free: bool = False, **options: Any) -> None:
        """Accept 0 only with `may_be_free`."""
        super().__init__(**options)
        self.may_be_free = may_be_free

    def prepare_value(self, value: Any) -> Any:
        """Return minor units as an amount; leave what was typed as it is."""
        return money.to_decimal(value, settings.CURRENCY) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        """Return the amount that was typed."""
        if not isinstance(value, str) or value in self.empty_values:
            return super().to_python(value)
        try:
            return money.read(value, settings.CURRENCY)
        except money.AmountError as error:
            raise ValidationError(str(error)) from error

    def clean(self, value: Any) -> int | None:
        """Return the amount in minor units."""
        amount = super().clean(value)
        if amount is None:
            return None
        try:
            minor = money.to_minor(amount, settings.CURRENCY)
            if minor or not self.may_be_free:
                stripe_amounts.check_price(minor, settings.CURRENCY)
        except money.AmountError as error:
            raise ValidationError(str(error)) from error
        return minor

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class PriceField(models.PositiveBigIntegerField):
    """An amount in minor units of the shop's currency."""

    def __init__(self, *args: Any, may_be_free: bool = False, **options: Any) -> None:
        """Accept 0 only with `may_be_free`, as for shipping."""
        super().__init__(*args, **options)
        self.may_be_free = may_be_free

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "may_be_free": True} if self.may_be_free else options

    def formfield(self, **options: Any) -> forms.Field | None:
        defaults = {"form_class": PriceFormField, "min_value": Decimal(0), "may_be_free": self.may_be_free}
        return models.Field.formfield(self, **{**defaults, **options})
