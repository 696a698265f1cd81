"""The staff screen of Stripe's events. They are read-only; one that failed can be handled again."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.decorators import permission_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic import InspectView

from home.viewsets import GuardedIndexView, ReadOnlyViewSet
from store.models import StripeEvent
from store.payments import events, stripe_client

CHANGE = "store.change_stripeevent"  # who may have one handled again
LATELY = timedelta(hours=24)


class StripeEventFilterSet(WagtailFilterSet):
    class Meta:
        model = StripeEvent
        fields: ClassVar[list[str]] = ["type", "outcome", "livemode"]


class StripeEventIndexView(GuardedIndexView):
    results_template_name = "store/admin/stripe_events.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Count what came lately, by outcome."""
        lately = StripeEvent.objects.filter(received_at__gt=timezone.now() - LATELY)
        counted = dict(lately.order_by().values_list("outcome").annotate(Count("pk")))
        counts = [(label, counted[value]) for value, label in StripeEvent.Outcome.choices if value in counted]
        return {**super().get_context_data(**kwargs), "counts": counts}


class StripeEventInspectView(InspectView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_handle = not self.object.is_done and self.request.user.has_perm(CHANGE)
        url = reverse("stripe-events:handle", args=[self.object.pk]) if may_handle else ""
        return {**super().get_context_data(**kwargs), "handle_url": url}


@require_POST
@permission_required(CHANGE, raise_exception=True)
def handle(request: HttpRequest, pk: int) -> HttpResponse:
    """Handle an event again, unless that is done; Stripe is asked anew."""
    with stripe_client.answering_within(stripe_client.PATIENCE):
        event = events.handle(get_object_or_404(StripeEvent, pk=pk))
    match event.outcome:
        case StripeEvent.Outcome.HANDLED:
            messages.success(request, gettext("The event is handled."))
        case StripeEvent.Outcome.FAILED:
            words = gettext("The event could not be handled: %(reason)s. Try again later.")
            messages.error(request, words % {"reason": event.note})
        case StripeEvent.Outcome.RECEIVED:
            words = gettext("The event is being handled at this moment. Check again in a minute.")
            messages.warning(request, words)
        case _:
            messages.success(
                request, gettext("There is nothing to do: the event is not about an order of ours.")
            )
    return redirect("stripe-events:inspect", pk)


class StripeEventViewSet(ReadOnlyViewSet):
    model = StripeEvent
    name = "stripe-events"
    url_prefix = "stripe-events"
    icon = "history"
    menu_label = _("Messages from Stripe")
    when_empty = (
        _("Stripe has told the site nothing yet."),
        _("Check the connection"),
        reverse_lazy("payment-health:index"),
    )
    list_display = [
        "type",
        Column("outcome", label=_("Outcome"), accessor="get_outcome_display", sort_key="outcome"),
        "deliveries",
        DateColumn("received_at", label=_("Received"), sort_key="received_at"),
        Column("object_id", label=_("Stripe object"), accessor=lambda e: Truncator(e.object_id).chars(20)),
    ]
    inspect_view_fields_exclude = ["id"]
    search_fields = indexed_fields = ["event_id", "object_id", "payment_intent_id"]
    filterset_class = StripeEventFilterSet
    index_view_class = StripeEventIndexView
    inspect_view_class = StripeEventInspectView
    inspect_template_name = "store/admin/stripe_event.html"
    index_template_name = "store/admin/stripe_event_list.html"

    def get_urlpatterns(self) -> list[URLPattern]:
        return [*super().get_urlpatterns(), path("<int:pk>/handle/", handle, name="handle")]


stripe_event_viewset = StripeEventViewSet()
