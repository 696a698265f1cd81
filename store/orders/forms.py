"""The shopper's forms about orders: an e-mail address whose orders are to be found."""

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from home import spam

FIND_PAGE = "find-orders"  # on the stamps of its form


class FindForm(spam.GuardedForm):
    UNKNOWN = _("We could not tell where this form came from. Nothing was sent. Send it again.")
    TOO_OLD = _("This page was open for more than a day. Nothing was sent. Send it again.")
    TOO_FRESH = _("The form was sent very quickly. Nothing was sent. Send it again.")

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("The one that you gave with your order."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={spam.STAMP_FIELD: spam.new_stamp(page_id=FIND_PAGE).signed()})
        self.add_guard()

    def clean(self) -> None:
        super().clean()
        self.read_guard(page_id=FIND_PAGE)
        if not self.errors and (problem := self.UNKNOWN if self.is_suspicious else self.stamp_problem):
            raise ValidationError(problem)

    def show_again(self) -> None:
        """Prepare a form with errors for another try: with a good stamp, and with the hidden field empty."""
        self.restamp(spam.renewed_stamp(self.stamp, page_id=FIND_PAGE))
        self.data.pop(spam.TRAP_FIELD, None)
