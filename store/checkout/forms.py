"""Forms of the review page: where the order goes, and the button that obliges to pay."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from policies.models import PolicyVersion
from store.models import DeliveryCountry, ShippingOption
from store.payments import money


class ShippingField(forms.ModelChoiceField):
    """Ways of sending, each with its price and how long it takes."""

    def label_from_instance(self, obj: ShippingOption) -> str:
        """Write one way of sending as a choice."""
        return gettext("%(name)s, %(price)s (%(days)s)") % {
            "name": obj.name,
            "price": money.display(obj.price),
            "days": working_days(obj),
        }


def working_days(option: ShippingOption) -> str:
    """Say how long a way of sending takes."""
    days = option.max_days
    if option.min_days == days:
        return ngettext("%(days)s working day", "%(days)s working days", days) % {"days": days}
    return gettext("%(least)s to %(most)s working days") % {"least": option.min_days, "most": days}


class DeliveryForm(forms.Form):
    """Where to and how: part of the order's form, and asked for by GET when only the final total is wanted."""

    country = forms.ModelChoiceField(
        DeliveryCountry.objects.deliverable(), to_field_name="code", label=_("Deliver to"), empty_label=None
    )

    def __init__(self, *, country: DeliveryCountry, option: ShippingOption) -> None:
        """Show what is chosen, and the ways of sending to that country."""
        super().__init__(initial={"country": country.code, "shipping": option.pk})
        self.fields["shipping"] = ShippingField(
            country.options.all(), label=_("Shipping"), widget=forms.RadioSelect, empty_label=None
        )


class CheckoutForm(forms.Form):
    """The shopper's part of the contract. Nothing is priced by it: what the page showed is only compared."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("The confirmation goes here."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    terms = forms.BooleanField(
        label=_("I accept the terms of sale"),
        error_messages={"required": _("Please accept the terms of sale to order.")},
    )
    # What the page showed: if any of it has changed since, the shopper is shown it anew before paying.
    shown = forms.CharField(widget=forms.HiddenInput, max_length=64)
    terms_version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    privacy_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        terms: PolicyVersion | None,
        privacy: PolicyVersion | None,
        shown: str = "",
        problem: str = "",
        typed: QueryDict | None = None,
    ) -> None:
        """Take what holds now, why it cannot be ordered if so, and what was typed before the page was made anew."""
        self.problem = problem
        self.now: dict[str, str | int | None] = {
            "terms_version": terms.number if terms else None,
            "privacy_version": privacy.number if privacy else None,
        }
        if shown:  # else the order compares it, under the basket's lock
            self.now["shown"] = shown
        super().__init__(data, initial=self.now | self._kept(typed))
        if terms is None:
            del self.fields["terms"]
        else:
            self.fields["terms"].help_text = format_html(
                '<a href="{}" target="_blank">{}</a> {}',
                terms.get_absolute_url(),
                terms,
                _("(opens in a new tab)"),
            )

    def _kept(self, typed: QueryDict | None) -> dict[str, Any]:
        if typed is None:
            return {}
        is_same = typed.get("terms_version", "") == str(self.now["terms_version"])
        return {"email": typed.get("email", ""), "terms": is_same and "terms" in typed}

    def clean(self) -> dict[str, Any]:
        """Refuse when what was shown is no longer true, or cannot be paid."""
        super().clean()
        if self.problem:
            raise ValidationError(self.problem)
        changed = {name for name, value in self.now.items() if self.cleaned_data.get(name) != value}
        if changed:
            now = {name: "" if value is None else str(value) for name, value in self.now.items()}
            self.data = dict(self.data.items()) | now
            if "terms_version" in changed:
                self.data.pop("terms", None)  # what was accepted is not what holds now
            raise ValidationError(_("The order or the terms have changed. Please look again before you pay."))
        return self.cleaned_data
