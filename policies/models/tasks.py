"""The step of a workflow at which a policy is reviewed."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.models import AbstractGroupApprovalTask, Page, TaskState, WorkflowState

from home.models import User
from policies.models.settings import PolicySettings


class LegalReviewTask(AbstractGroupApprovalTask):
    """Wagtail's approval by a group, for policies: decided is only where the review page shows the redline.

    Wagtail offers its own actions in several places that show none and ask no form; what is not in `get_actions` is
    refused there. `policies.review.views` decides, for those who may open the editor of a page under review.
    """

    class Meta:
        verbose_name = _("legal review")
        verbose_name_plural = _("legal reviews")

    def get_actions(self, obj: Page, user: User) -> list[tuple[str, str, bool]]:
        """Offer none outside of the review page."""
        return []

    def user_can_access_editor(self, obj: Page, user: User) -> bool:
        return super().user_can_access_editor(obj, user) or self._asks_substitute(obj, user)

    def locked_for_user(self, obj: Page, user: User) -> bool:
        return super().locked_for_user(obj, user) and not self._asks_substitute(obj, user)

    def get_task_states_user_can_moderate(self, user: User, **kwargs: Any) -> QuerySet[TaskState]:
        """Return what waits for this person, as a reviewer or as their substitute."""
        return super().get_task_states_user_can_moderate(user, **kwargs) | self._waiting_for_substitute(user)

    def _asks_substitute(self, page: Page, user: User) -> bool:
        state = page.current_workflow_task_state
        return state is not None and self._waiting_for_substitute(user).filter(pk=state.pk).exists()

    def _waiting_for_substitute(self, user: User) -> QuerySet[TaskState]:
        settings = PolicySettings.current()
        since = settings.waiting_since(timezone.now())
        if since is None or not settings.is_substitute(user):
            return self.task_states.none()
        return self.task_states.filter(status=TaskState.STATUS_IN_PROGRESS, started_at__lte=since)

    @transaction.atomic
    def start(self, workflow_state: WorkflowState, user: User | None = None) -> TaskState:
        """Go on with the review that waits already: two may have submitted a returned draft at the same moment."""
        WorkflowState.objects.select_for_update().get(pk=workflow_state.pk)
        waiting = workflow_state.task_states.filter(task=self, status=TaskState.STATUS_IN_PROGRESS).first()
        return waiting or super().start(workflow_state, user=user)

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


class ReviewReminder(models.Model):
    """When the reviewers of a draft were last reminded of it."""

    task_state = models.OneToOneField(TaskState, on_delete=models.CASCADE, related_name="+")
    sent_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.task_state} {self.sent_at}"
