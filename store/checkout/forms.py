"""Forms of the review page: delivery, and the order with the terms accepted.

Nothing is priced by them: what the page showed is only compared with what applies now. A form that a machine seems to
have sent orders nothing, and is answered with the words of any form whose origin is unknown.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from home import mail_queue, spam
from home.characters import ONE_LINE
from policies.models import PolicyVersion
from policies.text import limits
from store.checkout import shown as shown_parts
from store.checkout.place_order import Quote
from store.models import DeliveryCountry, ShippingOption
from store.payments import money
from store.payments.customer_details import ADDRESS_LINE_LENGTH


class ShippingSelect(forms.RadioSelect):
    template_name = "store/shipping_choice.html"


class ShippingField(forms.ModelChoiceField):
    widget = ShippingSelect
    quote: Quote

    def label_from_instance(self, obj: ShippingOption) -> str:
        """Return the name with price, by when it arrives, and where it is collected: the first line of that."""
        contents = self.quote.contents
        promise = self.quote.calendar.promise(obj, make=contents.days_to_make)
        price = contents.price_of(obj)
        days = promise.arrives if promise else obj.delivery_time_after(contents.days_to_make)
        is_collected = obj.kind == ShippingOption.Kind.COLLECTION
        details = [days, *(obj.collect_at.strip().splitlines()[:1] if is_collected else ())]
        return format_html(
            '<span class="variant__name">{}</span> <strong class="variant__price">{}</strong> '
            '<span class="variant__left">{}</span>',
            obj.name,
            money.display(price) if price else gettext("free"),
            " · ".join(details),
        )


class DeliveryForm(forms.Form):
    """Country and shipping option: part of the order's form, or a GET of its own to update the total."""

    country = forms.ModelChoiceField(
        DeliveryCountry.objects.deliverable(), to_field_name="code", label=_("Deliver to"), empty_label=None
    )

    def __init__(self, quote: Quote) -> None:
        """Take the choice, and offer the shipping options of its country."""
        country = quote.country
        super().__init__(initial={"country": country.code, "shipping": quote.option.pk})
        options = ShippingOption.objects.offered_in(country)
        shipping = ShippingField(options, label=_("Shipping"), empty_label=None)
        shipping.quote = quote
        self.fields["shipping"] = shipping


class LinesField(forms.CharField):
    """Text of several lines, each of whose ends counts as one character, as in a browser."""

    widget = forms.Textarea(attrs={"rows": 2})

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").replace("\r\n", "\n")


KEPT = ("email", "gift_message", "shopper_note", "point", "point_address")  # when the page is made anew


class CheckoutForm(spam.GuardedForm):
    PAGE = "checkout"
    has_full_errors = True  # each says what to do without the label of its field
    UNKNOWN = _(
        "We could not tell where this order came from. Nothing was ordered or charged. Check it and send it again."
    )
    TOO_OLD = _(
        "This page was open for more than a day. Nothing was ordered or charged. Check the order and send it again."
    )
    TOO_FRESH = _(
        "The order was sent very quickly. Nothing was ordered or charged. Check it and send it again."
    )

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        validators=[mail_queue.PLAIN_ADDRESS],
        help_text=_("We will send the confirmation here."),
        error_messages={"required": _("Enter your e-mail address.")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    gift_message = LinesField(
        label=_("Gift message"),
        required=False,
        max_length=300,
        validators=[limits.validate_characters],
        help_text=_("If it is a present. We print it on the slip in the parcel, which has no prices."),
        error_messages={"max_length": _("Write a gift message of at most %(limit_value)d characters.")},
    )
    shopper_note = LinesField(
        label=_("Is there anything we should know?"),
        required=False,
        max_length=500,
        validators=[limits.validate_characters],
        help_text=_("We read it before we pack your order."),
        error_messages={"max_length": _("Write us at most %(limit_value)d characters.")},
    )
    terms = forms.BooleanField(
        label=_("I accept the terms of sale"),
        error_messages={"required": _("Accept the terms of sale to order.")},
    )
    # Only of what goes to a pick-up point.
    point = forms.CharField(
        label=_("Number or name of the pick-up point"),
        max_length=40,
        validators=[ONE_LINE],
        error_messages={"required": _("Enter the number or name of the pick-up point.")},
    )
    point_address = forms.CharField(
        label=_("Its address"),
        max_length=ADDRESS_LINE_LENGTH,
        validators=[ONE_LINE],
        error_messages={"required": _("Enter the address of the pick-up point.")},
    )
    # What the page showed: if any of it has changed, the shopper sees it again before paying.
    shown = forms.CharField(widget=forms.HiddenInput, max_length=64)
    parts = forms.CharField(widget=forms.HiddenInput, required=False, max_length=shown_parts.LONGEST)
    terms_version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    privacy_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        terms: PolicyVersion | None,
        privacy: PolicyVersion | None,
        option: ShippingOption,
        quote: Quote | None = None,
        typed: QueryDict | None = None,
        known: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Take what applies now, what is known before, and what was typed before the page was reloaded."""
        self.quote = quote
        self.problem = quote.problem if quote else ""
        self.now: dict[str, str | int | None] = {
            "terms_version": terms.number if terms else None,
            "privacy_version": privacy.number if privacy else None,
        }
        if quote:  # else the order compares it, under the basket's lock
            self.now["shown"] = quote.digest
        parts = {"parts": shown_parts.as_text(quote)} if quote else {}
        super().__init__(data, initial={**known, **self.now, **parts, **self._kept(typed)})
        self.add_guard()
        self.country = option.country.code if option.country else ""
        if option.kind != ShippingOption.Kind.POINT:
            del self.fields["point"], self.fields["point_address"]
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
        if not typed:
            return {spam.STAMP_FIELD: spam.new_stamp(page_id=self.PAGE).signed()}
        is_same = typed.get("terms_version", "") == str(self.now["terms_version"])
        earlier = spam.read_stamp(typed.get(spam.STAMP_FIELD, ""), page_id=self.PAGE)
        stamp = spam.renewed_stamp(earlier, page_id=self.PAGE)
        return {
            **{name: typed.get(name, "") for name in KEPT},
            "terms": is_same and "terms" in typed,
            spam.STAMP_FIELD: stamp.signed(),
        }

    def visible_fields(self) -> list[forms.BoundField]:
        """Leave out the pick-up point, which stands with the delivery."""
        return [field for field in super().visible_fields() if not field.name.startswith("point")]

    @property
    def pickup_point(self) -> dict[str, str]:
        """The pick-up point as the address of an order; empty where none was asked for."""
        data = self.cleaned_data
        if "point" not in data:
            return {}
        return {"point": data["point"], "line1": data["point_address"], "country": self.country}

    def clean(self) -> dict[str, Any]:
        """Refuse what has changed since the page was shown, or cannot be paid."""
        super().clean()
        self.read_guard(page_id=self.PAGE)
        if self.problem:
            raise ValidationError(self.problem)
        changed = {name for name, value in self.now.items() if self.cleaned_data.get(name) != value}
        if changed:
            said = self._said_of(changed)
            now = {name: "" if value is None else str(value) for name, value in self.now.items()}
            self.data = dict(self.data.items()) | now
            if self.quote:
                self.data["parts"] = shown_parts.as_text(self.quote)
            if "terms_version" in changed:
                self.data.pop("terms", None)  # what was accepted is not what holds now
            raise ValidationError(
                [_("The order or the terms have changed. Check them before you pay."), *said]
            )
        self.check_guard()
        return self.cleaned_data

    def _said_of(self, changed: set[str]) -> list[str]:
        """Return in words what differs from what the page showed."""
        said = shown_parts.changes(self.cleaned_data.get("parts", ""), self.quote) if self.quote else []
        if "terms_version" in changed:
            said.append(gettext("The terms of sale have changed."))
        if "privacy_version" in changed:
            said.append(gettext("The privacy policy has changed."))
        return said
