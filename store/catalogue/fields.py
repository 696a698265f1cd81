"""The price field: minor units in the database, 12.50 in the editor. Prices that Stripe cannot charge are refused."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from store.payments import gateway, money


class PriceFormField(forms.DecimalField):
    """Shows and reads an amount in the shop's currency; its value is minor units."""

    def __init__(self, *, may_be_free: bool = False, **options: Any) -> None:
        """Take 0 only where nothing is a price."""
        super().__init__(**options)
        self.may_be_free = may_be_free

    def prepare_value(self, value: Any) -> Any:
        """Show minor units as an amount; leave what was typed as it was typed."""
        return money.to_decimal(value, settings.CURRENCY) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        """Read an amount into minor units."""
        amount = super().clean(value)
        if amount is None:
            return None
        try:
            minor = money.to_minor(amount, settings.CURRENCY)
            if minor or not self.may_be_free:
                gateway.check_amount(minor, settings.CURRENCY)
        except (money.PriceError, gateway.AmountError) as error:
            raise ValidationError(str(error)) from error
        return minor

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare as amounts."""
        return super().has_changed(self.prepare_value(initial), data)


class PriceField(models.PositiveBigIntegerField):
    """An amount in minor units of the shop's currency."""

    def __init__(self, *args: Any, may_be_free: bool = False, **options: Any) -> None:
        """Take 0 only where nothing is a price, as for shipping."""
        super().__init__(*args, **options)
        self.may_be_free = may_be_free

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Keep the option in migrations."""
        name, path, args, options = super().deconstruct()
        return name, path, args, {**options, "may_be_free": True} if self.may_be_free else options

    def formfield(self, **options: Any) -> forms.Field | None:
        """Edit it as an amount."""
        options = {
            "form_class": PriceFormField,
            "min_value": Decimal(0),
            "may_be_free": self.may_be_free,
            **options,
        }
        return models.Field.formfield(self, **options)
