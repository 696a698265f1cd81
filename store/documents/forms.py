"""The staff's forms of papers: the days of the totals, and a corrected billing address."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from wagtail.admin.widgets import AdminDateInput

from store.orders.addresses import country_name
from store.payments import stripe_amounts
from store.payments.customer_details import ADDRESS_LINE_LENGTH, NAME_LENGTH

MOST_DAYS = 3 * 366
# What no database takes, and what shows a text in another order than it is written.
_PLAIN = RegexValidator(
    r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\ud800-\udfff]",
    _("Remove the control characters."),
    inverse_match=True,
)


class SpanForm(forms.Form):
    first = forms.DateField(label=_("From"), widget=AdminDateInput)
    last = forms.DateField(label=_("To"), widget=AdminDateInput)

    def clean(self) -> None:
        first, last = self.cleaned_data.get("first"), self.cleaned_data.get("last")
        if first and last and not 0 <= (last - first).days <= MOST_DAYS:
            raise forms.ValidationError(_("Choose a last day that follows the first one within three years."))


class BillingAddressForm(forms.Form):
    """The parts of an address as Stripe names them."""

    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH, validators=[_PLAIN])
    line1 = forms.CharField(label=_("Street and number"), max_length=ADDRESS_LINE_LENGTH, validators=[_PLAIN])
    line2 = forms.CharField(
        label=_("Further line"), max_length=ADDRESS_LINE_LENGTH, required=False, validators=[_PLAIN]
    )
    city = forms.CharField(label=_("Town"), max_length=ADDRESS_LINE_LENGTH, validators=[_PLAIN])
    state = forms.CharField(
        label=_("County or state"), max_length=ADDRESS_LINE_LENGTH, required=False, validators=[_PLAIN]
    )
    postal_code = forms.CharField(label=_("Postal code"), max_length=20, required=False, validators=[_PLAIN])
    country = forms.ChoiceField(label=_("Country"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        named = ((code, country_name(code)) for code in stripe_amounts.countries())
        self.fields["country"].choices = [("", ""), *sorted(named, key=lambda one: one[1])]  # type: ignore[attr-defined]  # a ChoiceField

    @property
    def address(self) -> dict[str, str]:
        """The address, without its empty parts."""
        return {name: value for name, value in self.cleaned_data.items() if value}
