"""Reminds those who are asked to review a draft, after the days that Settings → Policies says, and again.

The substitutes of absent reviewers get the same mail. It never decides anything.
"""

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from wagtail.models import TaskState

from home import mail_queue
from home.models import User
from policies.models import LegalReviewTask, PolicyPage, PolicySettings, ReviewReminder
from policies.versions import publication_preview


def send(*, now: datetime) -> int:
    """Queue the mails that are due; return of how many drafts somebody was reminded."""
    since = PolicySettings.current().waiting_since(now)
    if since is None:
        return 0
    tasks = LegalReviewTask.objects.values("pk")
    waiting = TaskState.objects.filter(
        status=TaskState.STATUS_IN_PROGRESS, task__in=tasks, started_at__lte=since
    )
    reminded = ReviewReminder.objects.filter(sent_at__gt=since).values("task_state")
    due = waiting.exclude(pk__in=reminded).values_list("pk", flat=True)
    count = 0
    for pk in list(due):
        try:
            count += _remind(pk, since=since, now=now)
        except Exception:  # one draft that cannot be shown must not keep the others back
            logging.getLogger(__name__).exception("Nobody could be reminded of the review %s.", pk)
    return count


@transaction.atomic
def _remind(pk: int, *, since: datetime, now: datetime) -> bool:
    state = TaskState.objects.select_for_update().get(pk=pk)  # of two workers only one reminds
    page = getattr(state.workflow_state.content_object, "specific", None)
    last = ReviewReminder.objects.filter(task_state=state).first()
    is_due = state.status == TaskState.STATUS_IN_PROGRESS and not (last and last.sent_at > since)
    if not is_due or not isinstance(page, PolicyPage):  # the owner may give the step to other pages, too
        return False
    ReviewReminder.objects.update_or_create(task_state=state, defaults={"sent_at": now})
    with translation.override(settings.LANGUAGE_CODE):
        preview = publication_preview.preview_latest_draft(page)
        context = {"preview": preview, "since": state.started_at}
        text = render_to_string("emails/policy_review_reminder.txt", context)
        subject = _("Still waiting for your review: %(policy)s") % {"policy": preview.name}
        for person in _asked(state):
            mail_queue.queue(to=[person.email], subject=subject, text=text)
    return True


def _asked(state: TaskState) -> set[User]:
    """Return the reviewers and their substitutes, without those who want no such mails."""
    task, chosen = state.task.specific, PolicySettings.current()
    people = User.objects.filter(is_active=True).exclude(wagtail_userprofile__submitted_notifications=False)
    substitutes = people.filter(groups__in=[chosen.substitutes_id])
    return {*people.filter(groups__in=task.groups.all()), *filter(chosen.is_substitute, substitutes)}
