"""Forms of the policies app: the policy page's in the editor."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminPageForm

from policies import addresses

LONGEST_SLUG = 90  # leaves room for "-2" in the policy's own, permanent one


class PolicyPageForm(WagtailAdminPageForm):
    """Asks anew for the words about each version, and refuses a version in the past."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start each new draft with an empty summary, kind of change aside."""
        super().__init__(*args, **kwargs)
        is_new_draft = (
            bool(self.instance.pk) and self.instance.live and not self.instance.has_unpublished_changes
        )
        if is_new_draft and not self.is_bound:
            self.initial["change_summary"] = ""
            self.initial["effective_from"] = None

    def clean(self) -> dict[str, Any]:
        """Check the time and the address."""
        cleaned = super().clean()
        effective_from = cleaned.get("effective_from")
        publishes = "action-publish" in self.data
        if publishes and effective_from and effective_from < timezone.now():
            self.add_error("effective_from", _("This time is past. Leave it empty to publish at once."))
        if (slug := cleaned.get("slug")) and not addresses.is_free(slug):
            self.add_error("slug", _("The site uses this address itself. Choose another."))
        return cleaned
