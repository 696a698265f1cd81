"""The legal review: who approves a policy before it is published. Set up once, then the owner's to change.

The workflow is Wagtail's own; it is assigned to policies as such, so a new policy page is under review from its
first draft. It can be switched off or given other steps under More → Workflows.
"""

from django.contrib.auth.models import AnonymousUser, Group
from django.contrib.contenttypes.models import ContentType
from wagtail.models import Workflow, WorkflowContentType, WorkflowTask

from home.models import User
from policies.models import CookiePolicyPage, LegalReviewTask, PolicyPage

WORKFLOW_NAME = "Legal review"  # data, not interface: the owner may rename it


def ensure_workflow(*, reviewers: Group) -> Workflow:
    """Create the workflow where policies have none yet; never touch one that exists.

    `reviewers` is the group whose members approve.
    """
    types = ContentType.objects.get_for_models(PolicyPage, CookiePolicyPage, for_concrete_models=False)
    assigned = WorkflowContentType.objects.filter(content_type__in=types.values()).first()
    if assigned is not None:
        return assigned.workflow
    task = LegalReviewTask.objects.create(name=WORKFLOW_NAME)
    task.groups.add(reviewers)
    workflow = Workflow.objects.create(name=WORKFLOW_NAME)
    WorkflowTask.objects.create(workflow=workflow, task=task, sort_order=0)
    for content_type in types.values():
        WorkflowContentType.objects.create(workflow=workflow, content_type=content_type)
    return workflow


def awaits(page: PolicyPage, user: User | AnonymousUser) -> bool:
    """Return whether the draft of a page waits for this person's decision."""
    task = page.current_workflow_task if page.pk else None
    return task is not None and task.user_can_access_editor(page, user)
