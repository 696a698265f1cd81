"""Panels of the policy editor beside its fields."""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS
from django.forms import Media
from django.urls import reverse
from wagtail.admin.panels import Panel


class PublicationPreviewPanel(Panel):
    """Shows what publishing the draft would do, fetched anew after every saving, and the errors of no one field."""

    class BoundPanel(Panel.BoundPanel):
        template_name = "policies/admin/publication_preview_panel.html"

        def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
            """Add the URLs. A new page has none yet: the script puts in its number when it is saved."""
            context = super().get_context_data(parent_context)
            context["preview_url"] = reverse("publication_preview", args=[self.instance.pk or 0])
            context["typed_url"] = reverse("typed_values", args=[self.instance.pk or 0])
            if self.instance.pk:
                context["review_url"] = reverse("policy_review", args=[self.instance.pk])
            context["errors"] = self.form.errors.get(NON_FIELD_ERRORS, ())
            return context

        @property
        def media(self) -> Media:
            return Media(js=["js/admin/policy_editor.js"], css={"all": ["css/admin/redline.css"]})
