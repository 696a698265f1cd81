"""Forms about orders: the e-mail address whose orders are to be found, and addresses that are corrected."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from home import mail_queue, spam
from home.characters import ONE_LINE
from store.models import Order, ShippingOption
from store.orders.addresses import country_name
from store.payments import stripe_amounts
from store.payments.customer_details import ADDRESS_LINE_LENGTH


class FindForm(spam.GuardedForm):
    PAGE = "find-orders"
    has_full_errors = True
    UNKNOWN = _("We could not tell where this form came from. Nothing was sent. Send it again.")
    TOO_OLD = _("This page was open for more than a day. Nothing was sent. Send it again.")
    TOO_FRESH = _("The form was sent very quickly. Nothing was sent. Send it again.")

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        validators=[mail_queue.PLAIN_ADDRESS],
        help_text=_("The one that you gave with your order."),
        error_messages={"required": _("Enter your e-mail address.")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={spam.STAMP_FIELD: spam.new_stamp(page_id=self.PAGE).signed()})
        self.add_guard()

    def clean(self) -> None:
        super().clean()
        self.read_guard(page_id=self.PAGE)
        self.check_guard()


def _filled(token: str) -> forms.TextInput:
    """Return a field that a browser fills (WCAG 1.3.5)."""
    return forms.TextInput(attrs={"autocomplete": token})


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("Note for your colleagues"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )


class AddressForm(forms.Form):
    """The delivery address or pick-up point of an order, all but its country, on which price and VAT depend."""

    name = forms.CharField(label=_("Name"), widget=_filled("name"))
    point = forms.CharField(label=_("Number or name of the pick-up point"), max_length=40)
    line1 = forms.CharField(label=_("Address, first line"), widget=_filled("address-line1"))
    line2 = forms.CharField(label=_("Address, second line"), widget=_filled("address-line2"))
    city = forms.CharField(label=_("Town"), widget=_filled("address-level2"))
    state = forms.CharField(label=_("County, state or province"), widget=_filled("address-level1"))
    postal_code = forms.CharField(label=_("Postal code"), widget=_filled("postal-code"))

    def __init__(
        self, *args: Any, order: Order, present: dict[str, str] | None = None, **options: Any
    ) -> None:
        is_point = present is None and order.delivery == ShippingOption.Kind.POINT
        self.order, present = order, order.shipping_address if present is None else present
        super().__init__(*args, **{**options, "initial": present})
        for name in ("line2", "city", "state", "postal_code") if is_point else ("point",):
            del self.fields[name]
        if is_point:
            self.fields["line1"] = forms.CharField(label=_("Its address"))
        # What this country needs is what the payment page asked for.
        needed = {"name", "line1", *(name for name in present if present[name])} - {"line2"}
        for name, field in self.fields.items():
            field.required = name in needed
            field.validators = [*field.validators, MaxLengthValidator(ADDRESS_LINE_LENGTH), ONE_LINE]

    def clean(self) -> None:
        super().clean()
        if not self.errors and not self.has_changed():
            raise forms.ValidationError(_("Nothing was changed: the order has this address."))

    @property
    def address(self) -> dict[str, str]:
        """The address as an order keeps it."""
        lines = {name: line for name, line in self.cleaned_data.items() if line}
        return {**lines, "country": self.order.country}


class EmailForm(forms.Form):
    """The e-mail address of an order, and which of its e-mails is sent there again."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        validators=[mail_queue.PLAIN_ADDRESS],
        widget=forms.EmailInput,
    )
    mail = forms.ChoiceField(label=_("Send there again"), required=False)

    def __init__(self, *args: Any, order: Order, mails: Mapping[str, str], **options: Any) -> None:
        super().__init__(
            *args, **{**options, "initial": {"email": order.email, "mail": next(iter(mails), "")}}
        )
        self.fields["mail"].choices = [*mails.items(), ("", _("Nothing"))]  # type: ignore[attr-defined]  # a ChoiceField

    def clean_email(self) -> str:
        """Refuse the address that it has."""
        if "email" not in self.changed_data:
            raise forms.ValidationError(_("Nothing was changed: the order has this address."))
        return self.cleaned_data["email"]


class BillingAddressForm(AddressForm):
    """The billing address of an order; it may be in any country, since the VAT stays as it is."""

    country = forms.ChoiceField(label=_("Country"))

    def __init__(self, *args: Any, order: Order, **options: Any) -> None:
        present = {"name": order.customer_name, **order.billing_address}
        super().__init__(*args, order=order, present=present, **options)
        for name, field in self.fields.items():
            field.required = name in {"name", "line1", "city", "country"}
        named = ((code, country_name(code)) for code in stripe_amounts.countries())
        self.fields["country"].choices = [("", ""), *sorted(named, key=lambda one: one[1])]  # type: ignore[attr-defined]  # a ChoiceField

    @property
    def address(self) -> dict[str, str]:
        return {name: line for name, line in self.cleaned_data.items() if line}
