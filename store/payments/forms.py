"""The staff's form for a refund: quantities of lines, delivery, or another sum with a reason."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from store.models import Order, Refund
from store.models.tokens import TOKEN, new_token
from store.payments import money, refunds


class RefundForm(forms.Form):
    delivery = forms.BooleanField(required=False)
    restock = forms.BooleanField(
        required=False,
        label=_("Put the goods back into the stock"),
        help_text=_("Untick it for goods that are lost or broken, or have not come back."),
    )
    amount = forms.CharField(
        required=False,
        max_length=20,
        label=_("Another sum"),
        help_text=_("Leave it empty to refund exactly what you chose above."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    reason = forms.CharField(
        required=False,
        max_length=Refund.REASON_LENGTH,
        label=_("Reason"),
        help_text=_("Needed for another sum. The shopper reads it in the e-mail."),
    )
    # The same form sent twice refunds once.
    token = forms.RegexField(TOKEN, widget=forms.HiddenInput)

    def __init__(self, *args: Any, order: Order, **options: Any) -> None:
        options["initial"] = {"token": new_token(), "restock": order.status in Order.UNSENT}
        super().__init__(*args, **options)
        self.order = order
        lines = list(order.lines_with_refunds())
        self.lines = {f"line_{line.pk}": line for line in lines if line.kept}
        for name, line in self.lines.items():
            price = money.display(refunds.worth(order, lines, {line.pk: 1}), order.currency)
            self.fields[name] = forms.IntegerField(
                required=False,
                min_value=0,
                max_value=line.kept,
                initial=0,
                label=gettext("How many of %(line)s") % {"line": line.in_full},
                help_text=gettext("%(price)s each, %(kept)s can be taken back")
                % {"price": price, "kept": line.kept},
            )
        self.order_fields([*self.lines, *RefundForm.base_fields])
        if left := refunds.delivery_left(order):
            label = gettext("Refund delivery, %(price)s")
            self.fields["delivery"].label = label % {"price": money.display(left, order.currency)}
        else:
            del self.fields["delivery"]

    def clean_amount(self) -> int | None:
        """Return the other sum in minor units; "12,75" is read as 12.75, and "1,000" not at all."""
        if not (typed := self.cleaned_data["amount"].strip()):
            return None
        currency = self.order.paid_currency
        try:
            return money.to_minor(money.read(typed, currency), currency)
        except money.AmountError as error:
            example = {"example": money.to_decimal(12345, currency)}
            raise forms.ValidationError(_("Enter a sum such as %(example)s."), params=example) from error

    def clean(self) -> None:
        if not self.errors:
            try:
                self.to_refund = refunds.check(self.order, self.wanted)
            except refunds.RefundError as error:
                raise forms.ValidationError(str(error)) from error

    @property
    def chosen(self) -> dict[str, int]:
        """The quantities that are taken back, by field."""
        return {name: quantity for name in self.lines if (quantity := self.cleaned_data.get(name))}

    @property
    def wanted(self) -> refunds.Wanted:
        data = self.cleaned_data
        return refunds.Wanted(
            lines={self.lines[name].pk: quantity for name, quantity in self.chosen.items()},
            delivery=refunds.delivery_left(self.order) if data.get("delivery") else 0,
            amount=data["amount"],
            reason=data["reason"],
            restock=data["restock"],
        )

    @property
    def in_words(self) -> list[str]:
        """What is refunded, for the page that asks whether that is right."""
        words = [f"{quantity} × {self.lines[name].in_full}" for name, quantity in self.chosen.items()]
        if words:
            words.append(
                gettext("The goods go back into the stock.")
                if self.cleaned_data["restock"]
                else gettext("The goods do not go back into the stock.")
            )
        if self.cleaned_data.get("delivery"):
            words.append(gettext("Delivery"))
        if reason := self.cleaned_data["reason"]:
            words.append(gettext("Reason: %(reason)s") % {"reason": reason})
        return words
