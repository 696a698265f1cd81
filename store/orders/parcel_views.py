"""The staff's form for a parcel: it marks a packed order as sent, or adds or corrects a parcel of one that is sent."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.auth import user_passes_test

from store.documents import printouts
from store.models import Order, Parcel
from store.orders import lifecycle, parcels
from store.orders.access import may_pack
from store.orders.staff_views import OrderFormView

SENDS = "sends"  # the field of a form that marks the order as sent


class ParcelForm(forms.ModelForm):
    class Meta:
        model = Parcel
        fields = ("carrier", "number")
        help_texts = {"number": _("Optional. It is on the carrier’s receipt or label.")}

    def __init__(self, *args: Any, order: Order, sends: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.order, self.sends = order, sends
        carrier = self.fields["carrier"]
        assert isinstance(carrier, forms.ModelChoiceField)
        carrier.empty_label = gettext("Another, or none")

    def clean(self) -> None:
        super().clean()
        if not self.sends and not self.errors and not any(self.cleaned_data.values()):
            raise forms.ValidationError(_("Choose a carrier or enter a tracking number."))


@method_decorator(user_passes_test(may_pack), name="dispatch")
class ParcelView(OrderFormView):
    header_icon = "mail"
    template_name = "store/admin/parcel.html"
    form_class = ParcelForm

    @cached_property
    def parcel(self) -> Parcel | None:
        """The one that is corrected."""
        pk = self.kwargs.get("parcel")
        return get_object_or_404(Parcel, pk=pk, order=self.order) if pk else None

    @cached_property
    def sends(self) -> bool:
        """Whether this marks the order as sent: as the form that was posted says, whatever happened meanwhile."""
        if self.request.method == "POST":
            return SENDS in self.request.POST
        return self.order.status == Order.Status.PACKED

    @property
    def page_title(self) -> str:  # type: ignore[override]  # Wagtail declares a plain attribute
        if self.parcel:
            return gettext("Correct the parcel")
        return gettext("Mark as sent") if self.sends else gettext("Add a parcel")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "instance": self.parcel, "sends": self.sends}

    def form_valid(self, form: ParcelForm) -> HttpResponse:
        assert self.request.user.is_authenticated
        what = {**form.cleaned_data, "order_id": self.order.pk, "user": self.request.user}
        try:
            if self.sends:
                parcels.send(**what)
            else:
                parcels.save(**what, parcel_id=self.parcel.pk if self.parcel else None)
        except parcels.SameParcelError:
            form.add_error("number", gettext("This order has a parcel with this number."))
            return self.form_invalid(form)
        except lifecycle.IllegalTransitionError as error:
            tell_refused(self.request, self.order.pk, error)
        else:
            words = gettext("The parcel was saved.")
            if self.sends:
                words = gettext("Marked as sent. The shopper gets an e-mail.")
            messages.success(self.request, words)
        return redirect("orders:inspect", self.order.pk)


@require_POST
@user_passes_test(may_pack)
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo the last step of an order, which the form names by the status that it shows."""
    get_object_or_404(Order, pk=pk)
    assert request.user.is_authenticated
    try:
        lifecycle.undo_staff_step(order_id=pk, status=request.POST.get("status", ""), user=request.user)
    except lifecycle.IllegalTransitionError as error:
        tell_refused(request, pk, error)
    else:
        messages.success(request, gettext("Undone."))
    return redirect("orders:inspect", pk)


def tell_refused(request: HttpRequest, order_id: int, error: lifecycle.IllegalTransitionError) -> None:
    """Tell staff why a step was not taken, and loudly that a colleague or the shopper has cancelled the order."""
    order = Order.objects.get(pk=order_id)
    if isinstance(error, lifecycle.TooLateError):
        words = gettext("Too late to undo: the shopper was told that it is sent. Write to them if it is not.")
    elif order.status == Order.Status.CANCELLED:
        words = gettext("Stop: order %(number)s was cancelled. Do not send it.") % {"number": order.number}
    elif isinstance(error, lifecycle.NotSentError):
        words = printouts.NOT_SENT % error.obstacle.label
    else:
        words = gettext("The order has changed. Check its status and try again.")
    messages.error(request, words)
