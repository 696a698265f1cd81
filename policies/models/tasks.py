"""The step of a workflow at which a policy is judged."""

from django.utils.translation import gettext_lazy as _
from wagtail.models import AbstractGroupApprovalTask, Page

from home.models import User


class LegalReviewTask(AbstractGroupApprovalTask):
    """Wagtail's approval by a group, for policies: a draft that does not say what it is cannot be approved.

    Wagtail offers its own "approve" in several places that ask no form; what is not in `get_actions` is refused there.
    """

    class Meta:
        verbose_name = _("legal review")
        verbose_name_plural = _("legal reviews")

    def get_actions(self, obj: Page, user: User) -> list[tuple[str, str, bool]]:
        """Offer to approve only what is stated in full; returning it is always possible."""
        draft = obj.get_latest_revision_as_object()
        is_stated = not getattr(draft, "missing_statements", ())
        return [action for action in super().get_actions(obj, user) if is_stated or action[0] != "approve"]

    @classmethod
    def get_description(cls) -> str:
        return _(
            "Members of the chosen groups judge the text of a policy, its redline and what follows from it"
        )
