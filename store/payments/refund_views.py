"""The staff's page for a refund of an order, and the button that cancels an order and refunds all of it.

What may be refunded is decided in `refunds`, with the order locked.
"""

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods
from django.views.generic import TemplateView
from wagtail.admin import messages

from store.models import Order, Refund
from store.models.tokens import may_be_token
from store.orders import lifecycle
from store.orders.staff_views import OrderFormView, OrderPageMixin
from store.payments import money, refunds, stripe_client
from store.payments.forms import RefundForm

REFUND = "store.refund_order"
Status = Refund.Status


@method_decorator(permission_required(REFUND, raise_exception=True), name="dispatch")
class RefundView(OrderFormView):
    """Asks what to refund, then whether that is right, then refunds it."""

    page_title = _("Refund")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "undo"
    template_name = "store/admin/refund.html"
    form_class = RefundForm

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Tell again how it went when the same form is sent twice."""
        token = request.POST.get("token", "")
        earlier = self.order.refunds.filter(token=token).first() if may_be_token(token) else None
        if earlier is not None:
            tell(request, self.order, earlier)
            return redirect("orders:inspect", self.order.pk)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: RefundForm) -> HttpResponse:
        """Refund what was confirmed; if another sum is due by now, ask again."""
        if "change" in self.request.POST:
            return self.render_to_response(self.get_context_data(form=form))
        if self.request.POST.get("confirmed") != str(form.to_refund):
            return self.render_to_response(self.get_context_data(form=form, asks=form.to_refund))
        user = self.request.user
        assert user.is_authenticated
        try:
            with stripe_client.answering_within(stripe_client.PATIENCE):
                refund = refunds.request_refund(
                    order=self.order,
                    wanted=form.wanted,
                    by=str(user),
                    actor=user,
                    token=form.cleaned_data["token"],
                )
        except refunds.RefundError as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        tell(self.request, self.order, refund)
        return redirect("orders:inspect", self.order.pk)


class CancelView(OrderPageMixin, TemplateView):
    """Asks whether an order is to be cancelled."""

    page_title = _("Cancel the order")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "cross"
    template_name = "store/admin/cancel.html"


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(REFUND, raise_exception=True)
def cancel(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Cancel an order that is not sent, and refund all that is left of its payment; by GET, ask first."""
    order = get_object_or_404(Order, pk=pk)
    if request.method != "POST":
        return CancelView.as_view()(request, pk=pk)
    assert request.user.is_authenticated
    try:
        with stripe_client.answering_within(stripe_client.PATIENCE):
            refund = refunds.cancel_and_refund(order=order, by=str(request.user), actor=request.user)
    except lifecycle.IllegalTransitionError:
        messages.error(request, gettext("The order has changed. Check its status and try again."))
    except refunds.RefundError as error:
        messages.error(request, str(error))
    else:
        order.refresh_from_db(fields=["status"])
        if refund and order.status == Order.Status.CANCELLED:
            messages.success(request, gettext("The order was cancelled."))
        tell(request, order, refund)
    return redirect("orders:inspect", pk)


def tell(request: HttpRequest, order: Order, refund: Refund | None) -> None:
    """Tell staff how a refund went."""
    if refund is None:
        messages.success(request, gettext("The order was cancelled. Nothing was left to refund."))
        return
    amount = {"amount": money.display(refund.amount, order.paid_currency)}
    match refund.status:
        case Status.SUCCEEDED:
            messages.success(request, gettext("%(amount)s refunded.") % amount)
        case Status.ACTION:
            words = gettext("Stripe has asked the shopper by e-mail where to send %(amount)s.")
            messages.success(request, words % amount)
        case Status.PENDING:
            messages.success(request, gettext("%(amount)s is on its way to the shopper.") % amount)
        case Status.REQUESTED:
            words = gettext(
                "Stripe has not answered yet about %(amount)s. This site asks again automatically."
            )
            messages.warning(request, words % amount)
        case Status.FAILED:
            words = gettext("The bank sent %(amount)s back, so the money is still here: %(why)s.")
            messages.error(request, words % {**amount, "why": refund.failure})
        case _:
            words = gettext("Stripe refused to refund %(amount)s, and nothing was refunded: %(why)s.")
            messages.error(request, words % {**amount, "why": refund.failure})
