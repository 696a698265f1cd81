"""The staff screen of Stripe's events. It is read-only: an event that failed is sent again by Stripe."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import DateColumn

from home.viewsets import ReadOnlyViewSet
from store.models import StripeEvent


class StripeEventFilterSet(WagtailFilterSet):
    class Meta:
        model = StripeEvent
        fields: ClassVar[list[str]] = ["type", "outcome", "livemode"]


class StripeEventViewSet(ReadOnlyViewSet):
    model = StripeEvent
    name = "stripe-events"
    url_prefix = "stripe-events"
    icon = "history"
    menu_label = _("Stripe events")
    list_display = [
        "type",
        "outcome",
        "deliveries",
        DateColumn("received_at", label=_("Received"), sort_key="received_at"),
        "session_id",
    ]
    inspect_view_fields_exclude = ["id"]
    search_fields = indexed_fields = ["event_id", "session_id"]
    filterset_class = StripeEventFilterSet


stripe_event_viewset = StripeEventViewSet()
