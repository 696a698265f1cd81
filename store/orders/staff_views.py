"""Staff's pages below that of an order: what they share, its addresses, and the invoice that an order lacks."""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import FormView, View
from django.views.generic.base import ContextMixin
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from policies.personal_data.access_log import RecordedPageMixin
from store.documents import corrections
from store.models import Order
from store.orders import lifecycle, resending
from store.orders.access import CHANGE
from store.orders.forms import AddressForm, BillingAddressForm, EmailForm
from store.orders.situation import Situation


class OrderPageMixin(RecordedPageMixin, WagtailAdminTemplateMixin, ContextMixin, View):
    """A page below that of an order: what is left of its payment."""

    access_kind = "store.orders"

    @cached_property
    def order(self) -> Order:
        return get_object_or_404(Order, pk=self.kwargs["pk"])

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("orders:index"), "label": gettext("Orders")},
            {"url": reverse("orders:inspect", args=[self.order.pk]), "label": self.order.number},
            {"url": "", "label": self.page_title},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        situation = Situation.of(self.order)
        return {
            **super().get_context_data(**kwargs),
            "order": self.order,
            "left": situation.refundable,
            "refunded": situation.refunded,
            "disputed": situation.withheld,
        }


class OrderFormView(OrderPageMixin, FormView):
    """A page with a form about that order."""

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "order": self.order}


@method_decorator(permission_required(CHANGE, raise_exception=True), name="dispatch")
class AddressView(OrderFormView):
    """Corrects where an order goes."""

    page_title = _("Correct the delivery address")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "edit"
    template_name = "store/admin/correct_address.html"
    form_class = AddressForm

    def form_valid(self, form: AddressForm) -> HttpResponse:
        user = self.request.user
        assert user.is_authenticated
        try:
            lifecycle.correct_address(order_id=self.order.pk, address=form.address, by=str(user), actor=user)
        except lifecycle.IllegalTransitionError:
            words = gettext("The address was not changed: the order is packed, over or refunded.")
            messages.error(self.request, words)
        else:
            messages.success(self.request, gettext("The delivery address was corrected."))
        return redirect("orders:inspect", self.order.pk)


@method_decorator(permission_required(CHANGE, raise_exception=True), name="dispatch")
class EmailView(OrderFormView):
    """Corrects the e-mail address of an order."""

    page_title = _("Correct the e-mail address")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "edit"
    template_name = "store/admin/correct_email.html"
    form_class = EmailForm

    def get_form_kwargs(self) -> dict[str, Any]:
        mails = resending.mails_of(Situation.of(self.order))
        return {**super().get_form_kwargs(), "mails": {name: mail.label for name, mail in mails.items()}}

    def form_valid(self, form: EmailForm) -> HttpResponse:
        user, data = self.request.user, form.cleaned_data
        assert user.is_authenticated
        try:
            redirected = lifecycle.correct_email(order_id=self.order.pk, email=data["email"], actor=user)
        except lifecycle.IllegalTransitionError:
            words = gettext(
                "The e-mail address was not changed: the order is not paid yet, or no longer kept."
            )
            messages.error(self.request, words)
            return redirect("orders:inspect", self.order.pk)
        messages.success(self.request, gettext("The e-mail address was corrected."))
        if redirected:
            words = ngettext("%s waiting e-mail goes there.", "%s waiting e-mails go there.", redirected)
            messages.success(self.request, words % redirected)
        if data["mail"]:
            return resending.resend_and_redirect(self.request, self.order.pk, data["mail"])
        return redirect("orders:inspect", self.order.pk)


@method_decorator(permission_required(CHANGE, raise_exception=True), name="dispatch")
class CorrectBillingView(OrderFormView):
    """Asks for the right billing address of an order."""

    page_title = _("Correct the billing address")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "edit"
    template_name = "store/admin/billing_address.html"
    form_class = BillingAddressForm

    def form_valid(self, form: BillingAddressForm) -> HttpResponse:
        assert self.request.user.is_authenticated
        try:
            numbers = corrections.correct_billing_address(
                order_id=self.order.pk, address=form.address, actor=self.request.user
            )
        except corrections.NothingToCorrectError:
            words = gettext(
                "Nothing was changed: the order has this address, is not paid, or is no longer kept."
            )
            form.add_error(None, words)
            return self.form_invalid(form)
        words = gettext("The billing address was corrected. Issued: %(numbers)s.") % {"numbers": numbers}
        if not numbers:
            words = gettext(
                "The address was corrected. Nothing is invoiced any more, so no paper was issued."
            )
        messages.success(self.request, words)
        return redirect("orders:inspect", self.order.pk)


@require_POST
@permission_required(CHANGE, raise_exception=True)
def issue_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue the invoice of a paid order that has none."""
    get_object_or_404(Order, pk=pk)
    assert request.user.is_authenticated
    try:
        corrections.issue_invoice(order_id=pk, actor=request.user)
    except corrections.NotIssuedError as error:
        messages.error(request, f"{gettext('No invoice was issued.')} {error}")
    else:
        messages.success(request, gettext("The invoice was issued."))
    return redirect("orders:inspect", pk)
