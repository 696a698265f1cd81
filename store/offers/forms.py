"""Forms of staff: an offer but for its goods, and an order that is paid otherwise."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from home import mail_queue
from home.characters import ONE_LINE
from policies.text import limits
from store.basket.contents import Contents
from store.checkout.forms import LinesField
from store.models import DeliveryCountry, Offer, Order, ShippingOption
from store.models.tokens import digest
from store.payments import money
from store.payments.customer_details import ADDRESS_LINE_LENGTH


class OfferForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address of the customer"),
        required=False,
        max_length=254,
        validators=[mail_queue.PLAIN_ADDRESS],
        help_text=_("Needed for the link. Leave it empty if they pay in cash or by transfer."),
    )
    note = forms.CharField(
        label=_("Note to the customer"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    gift_message = LinesField(
        label=_("Gift message"),
        required=False,
        max_length=300,
        validators=[limits.validate_characters],
        help_text=_("If it is a present. It is printed on the slip in the parcel."),
    )
    days = forms.IntegerField(
        label=_("The link is valid for (days)"),
        min_value=1,
        max_value=Offer.MOST_DAYS,
        initial=Offer.DAYS,
    )


class EndForm(forms.Form):
    """When an offer is to end that is not over."""

    def __init__(self, offer: Offer, data: QueryDict | None = None) -> None:
        super().__init__(data)
        label = _("For how many days from now it can be ordered")
        self.fields["days"] = forms.IntegerField(label=label, min_value=1, max_value=offer.most_days)


def _line(label: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=ADDRESS_LINE_LENGTH, required=False, validators=[ONE_LINE])


def _options() -> Iterator[tuple[str, ShippingOption]]:
    """Yield the ways to deliver to each country, but those to pick-up points, as options of that country."""
    for country in DeliveryCountry.objects.deliverable():
        for one in ShippingOption.objects.to(country):
            if one.kind != ShippingOption.Kind.POINT:
                yield f"{country.code}-{one.pk}", one


class PaidForm(forms.Form):
    """How an order is paid otherwise, and where it goes."""

    source = forms.ChoiceField(
        label=_("Paid by"),
        choices=[(one.value, one.label) for one in Order.PaymentSource if one != Order.PaymentSource.STRIPE],
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("For example: paid at the market. It stands in the history."),
    )
    option = forms.ChoiceField(label=_("Delivery"))
    name = _line(_("Name"))
    line1 = _line(_("Address, first line"))
    line2 = _line(_("Address, second line"))
    city = _line(_("Town"))
    postal_code = _line(_("Postal code"))
    shown = forms.CharField(widget=forms.HiddenInput, required=False)  # goods and prices, in case they change

    def __init__(self, goods: Contents, data: QueryDict | None = None) -> None:
        """Show what each way to deliver these goods costs."""
        super().__init__(data)
        self.options = dict(_options())
        prices = {name: goods.price_of(one) for name, one in self.options.items()}
        labels = [
            (name, f"{one.country}: {one.name}, {money.display(prices[name])}")
            for name, one in self.options.items()
        ]
        self.fields["option"].choices = [("", "–"), *labels]  # type: ignore[attr-defined]  # a ChoiceField
        inside = digest(repr([(line.sku, line.quantity, line.text) for line in goods.lines]))
        self.fields["shown"].initial = " ".join(map(str, (inside, goods.subtotal, *prices.values())))

    def clean_option(self) -> ShippingOption:
        return self.options[self.cleaned_data["option"]]

    def clean(self) -> None:
        """Ask for an address where something is sent to, and to look again at goods or prices that have changed."""
        super().clean()
        now = self.fields["shown"].initial
        if (shown := self.cleaned_data.get("shown", "")) != now:
            self.data = {**self.data.dict(), "shown": now}  # type: ignore[attr-defined]  # a QueryDict
            if shown.split(" ")[0] == now.split(" ")[0]:
                raise forms.ValidationError(_("The prices have changed. Check them."))
            raise forms.ValidationError(
                _("The customer has changed the goods since this page was shown. Check them.")
            )
        option = self.cleaned_data.get("option")
        if option and option.kind == ShippingOption.Kind.ADDRESS:
            for name in ("name", "line1", "city"):
                if name not in self.errors and not self.cleaned_data.get(name):
                    self.add_error(name, _("Enter where it is sent to."))

    @property
    def address(self) -> dict[str, str]:
        """The address as an order keeps it; empty for what is collected."""
        option: ShippingOption = self.cleaned_data["option"]
        assert option.country  # as `_options` sets it
        if option.kind != ShippingOption.Kind.ADDRESS:
            return {}
        parts = {one: self.cleaned_data[one] for one in ("name", "line1", "line2", "city", "postal_code")}
        return {**{one: text for one, text in parts.items() if text}, "country": option.country.code}
