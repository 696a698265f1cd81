"""The staff's page about the health of payments and its buttons."""

from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from home.throttling import Limit
from home.viewsets import ReadOnlyViewSet
from store.models import PaymentAlarm, StripeEvent
from store.payments import checklist, events, health, stripe_client
from store.payments.viewsets import CHANGE

VIEW = "store.view_paymentalarm"
SHOWN = 20  # past problems
DAYS, WIDTH = 30, 3000  # of the plot
CHECK_SECONDS = 20  # for what Stripe is asked; its event may take as long
CHECKS = Limit("checks-of-the-connection", most=1, window=timedelta(minutes=1))  # a check keeps a thread


class PaymentHealthView(PermissionRequiredMixin, WagtailAdminTemplateMixin, TemplateView):
    """How the payments stand; by POST, also what a check with Stripe finds."""

    permission_required = VIEW
    raise_exception = True
    template_name = "store/admin/payment_health.html"
    page_title = _("Payment health")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "success"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*super().get_breadcrumbs_items(), {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        found = health.findings(now=now)
        begin = now - timedelta(days=DAYS)
        alarms = list(PaymentAlarm.objects.all()[:200])
        wrong = {one.kind for one in found if one.is_wrong}
        noted = {one.kind for one in alarms if not one.ended_at}
        return {
            **super().get_context_data(**kwargs),
            "findings": sorted((one for one in found if one.level), key=lambda one: -one.level),
            "fine": [one for one in found if not one.level],
            "wrong": wrong,
            "not_noted": [one for one in found if one.is_wrong and one.kind not in noted],
            "last_event": StripeEvent.objects.only("received_at").first(),
            "may_handle": self.request.user.has_perm(CHANGE),
            "alarms": alarms[:SHOWN],
            "bars": [bar for alarm in alarms if (bar := _bar(alarm, begin, now))],
            "days": DAYS,
            "width": WIDTH,
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the connection, once at a time."""
        if CHECKS.take("all"):
            messages.warning(request, gettext("Somebody is checking the connection. Try again in a minute."))
            return redirect("payment-health:index")
        try:
            with stripe_client.answering_within(CHECK_SECONDS):
                lines = list(checklist.lines())
        finally:
            CHECKS.give_back("all")
        return self.render_to_response(self.get_context_data(lines=lines))


def _bar(alarm: PaymentAlarm, begin: datetime, now: datetime) -> dict[str, Any] | None:
    """Return where a problem lies between two moments; None when it was over before."""
    end = alarm.ended_at or now
    if end < begin:
        return None
    left, right = (round(WIDTH * ((at - begin) / (now - begin))) for at in (max(alarm.since, begin), end))
    return {"x": min(left, WIDTH - 12), "width": max(right - left, 12), "alarm": alarm}


@require_POST
@permission_required(CHANGE, raise_exception=True)
def handle_left(request: HttpRequest) -> HttpResponse:
    """Handle the events that failed or were left, as many as somebody waits for."""
    with stripe_client.answering_within(stripe_client.PATIENCE):
        done, left = events.handle_left(until=monotonic() + stripe_client.PATIENCE / 2)
    words = ngettext("%(count)d event was handled.", "%(count)d events were handled.", done) % {"count": done}
    if left:
        more = ngettext("%(count)d is left.", "%(count)d are left.", left) % {"count": left}
        messages.warning(request, f"{words} {more} {gettext('The worker tries them again automatically.')}")
    else:
        messages.success(request, words)
    return redirect("payment-health:index")


class PaymentHealthViewSet(ReadOnlyViewSet):
    model = PaymentAlarm
    name = "payment-health"
    url_prefix = "payment-health"
    icon = "success"
    menu_label = _("Payment health")

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", PaymentHealthView.as_view(), name="index"),
            path("handle/", handle_left, name="handle"),
        ]


payment_health_viewset = PaymentHealthViewSet()
