"""The step of a workflow at which a policy is reviewed."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.models import AbstractGroupApprovalTask, Page, TaskState

from home.models import User


class LegalReviewTask(AbstractGroupApprovalTask):
    """Wagtail's approval by a group, for policies: approved is only what the review page showed.

    Wagtail offers its own "approve" in several places that show no redline and ask no form; what is not in
    `get_actions` is refused there. `policies.review.views` approves.
    """

    class Meta:
        verbose_name = _("legal review")
        verbose_name_plural = _("legal reviews")

    def get_actions(self, obj: Page, user: User) -> list[tuple[str, str, bool]]:
        """Offer to return the draft, not to approve it."""
        return [action for action in super().get_actions(obj, user) if action[0] != "approve"]

    def on_action(self, task_state: TaskState, user: User, action_name: str, **kwargs: Any) -> None:
        """Decide about the newest draft, whole or not at all.

        Raises PermissionDenied where somebody else has decided meanwhile.
        """
        with transaction.atomic():
            task_state = TaskState.objects.select_for_update().get(pk=task_state.pk).specific
            page = task_state.workflow_state.content_object
            if task_state.status != TaskState.STATUS_IN_PROGRESS or page is None:
                raise PermissionDenied
            # Wagtail publishes the newest draft, and remembers the approval at the one that was submitted.
            task_state.revision = page.latest_revision
            super().on_action(task_state, user, action_name, **kwargs)

    @classmethod
    def get_description(cls) -> str | Promise:
        return _(
            "Members of the chosen groups review a policy: its text, its redline and what follows from it"
        )
