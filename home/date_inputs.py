"""How days are entered in the admin: in the browser's own field, which knows how people write dates.

Wagtail's picker reads one format, and makes today of a date that is typed in any other.
"""

from typing import Any

from django import forms
from django.db import models
from wagtail.admin.filters import DateRangePickerWidget
from wagtail.admin.forms.models import register_form_field_override

SENT = "%Y-%m-%d"  # by browsers, however they show it


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format=SENT)


class DayRangeInput(DateRangePickerWidget):
    """The first and the last day of a filter."""

    template_name = "home/admin/day_range.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.widgets = [DayInput(), DayInput()]


def use_for_models() -> None:
    """Let every form of a model in the admin take its days so."""
    register_form_field_override(models.DateField, override={"widget": DayInput, "input_formats": [SENT]})
