"""The days on which the shop is closed, and the weekdays on which parcels leave: edited under Settings → Shop."""

from typing import Any, ClassVar

from django import forms
from django.db import models
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey


def monday_to_friday() -> list[int]:
    """Return the weekdays on which parcels leave unless the trader says otherwise."""
    return [0, 1, 2, 3, 4]


class WeekdaysField(models.JSONField):
    """Some days of the week, 0 for Monday: at least one."""

    def formfield(self, **_options: Any) -> forms.Field:
        return forms.TypedMultipleChoiceField(
            label=capfirst(self.verbose_name),
            help_text=self.help_text,
            choices=[*WEEKDAYS.items()],
            coerce=int,
            widget=forms.CheckboxSelectMultiple,
        )


class ClosedPeriod(models.Model):
    """Days on which nothing leaves."""

    shop = ParentalKey("store.ShopSettings", on_delete=models.CASCADE, related_name="closed")
    begin = models.DateField(_("first day"))
    end = models.DateField(_("last day"))
    sentence = models.CharField(
        _("what shoppers read"),
        max_length=300,
        help_text=_("“We are on holiday until 6 January.” It stands in the shop on these days."),
    )
    takes_orders = models.BooleanField(_("orders are taken meanwhile"), default=True)

    class Meta:
        verbose_name = _("closed days")
        ordering: ClassVar[list[str]] = ["begin", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(end__gte=models.F("begin")),
                name="closed_days_in_order",
                violation_error_message=_("The last day is before the first."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.begin} – {self.end}"
