"""The pages on which address labels are printed, and the form that asks for one."""

from dataclasses import dataclass

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A page of labels, in millimetres."""

    label: Promise
    page: tuple[float, float]
    columns: int
    rows: int
    width: float  # of a label
    height: float
    left: float = 0  # of the first label
    top: float = 0
    gap: float = 0  # between columns

    @property
    def labels(self) -> int:
        """How many there are on a page."""
        return self.columns * self.rows


EIGHT = Sheet(
    label=_("A4, eight of 99.1 × 67.7 mm"),
    page=(210, 297),
    columns=2,
    rows=4,
    width=99.1,
    height=67.7,
    left=4.65,
    top=13.1,
    gap=2.5,
)
SINGLE = Sheet(label=_("A6, one to a page"), page=(105, 148), columns=1, rows=1, width=105, height=148)
SHEETS = {"eight": EIGHT, "single": SINGLE}


class SheetForm(forms.Form):
    """Asks for what labels are printed on."""

    sheet = forms.ChoiceField(
        label=_("Labels"),
        choices=[(name, one.label) for name, one in SHEETS.items()],
        help_text=_(
            "The eight are Avery L7165 and others of that size. Print them at 100 %, not fitted to the page."
        ),
    )
    used = forms.IntegerField(
        label=_("Labels of the first sheet that are used already"),
        min_value=0,
        max_value=EIGHT.labels - 1,
        initial=0,
    )
