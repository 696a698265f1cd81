"""Panels of the policy editor beside its fields."""

from typing import Any

from django.forms import Media
from django.urls import reverse
from wagtail.admin.panels import Panel


class PublicationPreviewPanel(Panel):
    """Shows, when it is opened, what publishing the draft would do; fetched anew after every saving."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "policies/admin/publication_preview_panel.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            """Add the URLs; a page that was never saved has none yet."""
            context = super().get_context_data(parent_context)
            if self.instance.pk:
                context["typed_url"] = reverse("typed_values", args=[self.instance.pk])
                context["preview_url"] = reverse("publication_preview", args=[self.instance.pk])
                context["review_url"] = reverse("policy_review", args=[self.instance.pk])
            return context

        @property
        def media(self) -> Media:
            return Media(js=["js/admin/publication_preview.js"], css={"all": ["css/admin/redline.css"]})
