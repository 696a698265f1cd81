"""Legal review: editors submit, reviewers approve or return, and the version names who wrote and who approved."""

import re

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.test import Client
from wagtail.models import TaskState, Workflow, WorkflowState
from wagtail.test.utils.form_data import streamfield

from home.models import User
from policies.models import CookiePolicyPage, PolicyPage, PolicyVersion
from tests.factories import cookie_policy, policy_form, policy_page, publish
from tests.policies.reviewing import decide, review_url

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_every_policy_is_under_review_from_its_first_draft() -> None:
    assert policy_page().get_workflow().name == "Legal review"
    assert CookiePolicyPage.objects.get(pk=cookie_policy().pk).has_workflow


@pytest.mark.both_databases
def test_a_review_that_the_owner_switched_off_is_off() -> None:
    Workflow.objects.get(name="Legal review").deactivate()
    assert not policy_page().has_workflow


def test_an_editor_may_submit_a_policy_but_not_publish_it(author: User) -> None:
    permissions = policy_page().permissions_for_user(author)
    assert permissions.can_edit()
    assert permissions.can_submit_for_moderation()
    assert not permissions.can_publish()


def test_a_reviewer_may_open_only_what_waits_for_them(reviewer: User, submitted: PolicyPage) -> None:
    other = policy_page("Other rules")
    assert PolicyPage.objects.get(pk=submitted.pk).permissions_for_user(reviewer).can_edit()
    assert not other.permissions_for_user(reviewer).can_edit()


def test_approving_a_text_that_makes_no_version_does_not_say_that_it_was_published(
    client: Client, author: User, reviewer: User
) -> None:
    page = policy_page()
    publish(page)
    PolicyPage.objects.get().save_revision(user=author)
    page = PolicyPage.objects.get()
    page.get_workflow().start(page, author)
    answer = decide(client, reviewer, page, "approve")
    assert "“House rules” was approved. Text and facts are those of version 1: no version is made." in answer
    assert "published." not in answer


def test_approving_publishes_a_version_that_names_author_and_approver(
    client: Client, reviewer: User, submitted: PolicyPage
) -> None:
    answer = decide(client, reviewer, submitted, "approve")
    version = PolicyVersion.objects.get(number=2)
    assert (version.author_name, version.publisher_name, version.approver_name) == (
        "The Author",
        "The Reviewer",
        "The Reviewer",
    )
    assert version.approver == reviewer
    assert "Version 2 is in force" in answer


def test_a_draft_that_was_saved_after_it_was_submitted_names_its_approver_too(
    client: Client, author: User, reviewer: User, submitted: PolicyPage
) -> None:
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    draft.body = [("imported", "<p>Be kindest.</p>")]
    draft.save_revision(user=author)
    decide(client, reviewer, submitted, "approve")
    version = PolicyVersion.objects.get(number=2)
    assert (version.text, version.approver_name) == ("Be kindest.", "The Reviewer")


def test_returning_needs_a_comment_which_the_author_gets_by_mail(
    client: Client, reviewer: User, submitted: PolicyPage, mailoutbox: list[EmailMessage]
) -> None:
    assert "Say what has to change" in decide(client, reviewer, submitted, "reject")
    assert PolicyPage.objects.get().workflow_in_progress
    decide(client, reviewer, submitted, "reject", comment="Kinder than whom?")
    assert PolicyVersion.objects.count() == 1
    mail = mailoutbox[-1]
    assert (mail.to, mail.subject) == (["author@example.com"], "“House rules” was returned to you")
    assert "The Reviewer has reviewed “House rules” and returned it to you:\n\nKinder than whom?" in mail.body
    assert f"{settings.SITE_URL}/admin/pages/{submitted.pk}/edit/" in mail.body
    assert "workflow" not in mail.body


def test_a_comment_that_is_missing_or_too_long_is_asked_for_at_its_field(
    client: Client, reviewer: User, submitted: PolicyPage
) -> None:
    for comment in ("", "very long " * 300):
        shown = decide(client, reviewer, submitted, "reject", comment=comment)
        field = re.search(r'<textarea id="review-comment".*?>', shown)[0]
        assert 'aria-invalid="true" aria-describedby="review-comment-error" autofocus' in field
        assert 'id="review-comment-error"' in shown
        assert "in at most 2000 characters" in shown
    assert PolicyPage.objects.get().workflow_in_progress
    lines = "a\r\n" * 1000
    assert "went back to its author" in decide(client, reviewer, submitted, "reject", comment=lines)


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_what_was_submitted_twice_at_once_is_submitted_once_and_says_so(
    client: Client, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = policy_page()
    publish(page)
    start = Workflow.start

    def start_second(workflow: Workflow, page: PolicyPage, user: User) -> WorkflowState:
        start(workflow, page, user)  # the other window was quicker
        return start(workflow, page, user)

    monkeypatch.setattr(Workflow, "start", start_second)
    client.force_login(author)
    sent = policy_form(change_summary="Kinder.", **{"action-submit": "1"})
    answer = client.post(f"/admin/pages/{page.pk}/edit/", sent, follow=True).content.decode()
    assert "This draft was already submitted for review." in answer
    assert WorkflowState.objects.count() == 1
    page.refresh_from_db()
    assert page.get_latest_revision_as_object().change_summary == "Kinder."


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_what_was_returned_and_submitted_twice_at_once_waits_for_one_decision(
    client: Client, author: User, reviewer: User, submitted: PolicyPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(client, reviewer, submitted, "reject", comment="Kinder?")
    resume = WorkflowState.resume

    def resume_second(state: WorkflowState, user: User) -> None:
        resume(WorkflowState.objects.get(pk=state.pk), user)  # the other window was quicker
        resume(state, user)

    monkeypatch.setattr(WorkflowState, "resume", resume_second)
    client.force_login(author)
    sent = policy_form(change_summary="Kinder.", **{"action-submit": "1"})
    client.post(f"/admin/pages/{submitted.pk}/edit/", sent)
    waiting = TaskState.objects.get(status=TaskState.STATUS_IN_PROGRESS)
    assert PolicyPage.objects.get().current_workflow_task_state == waiting


def test_a_draft_that_changes_nothing_is_not_submitted(
    client: Client, author: User, reviewer: User, mailoutbox: list[EmailMessage]
) -> None:
    page = policy_page()
    publish(page)
    client.force_login(author)
    unchanged = policy_form(body=streamfield([("imported", "<p>Be kind.</p>")]), **{"action-submit": "1"})
    answer = client.post(f"/admin/pages/{page.pk}/edit/", unchanged).content.decode()
    assert "Nothing has changed: text and facts are those already published." in answer
    assert not PolicyPage.objects.get().workflow_in_progress
    assert mailoutbox == []


def test_everybody_who_wrote_a_draft_is_named_and_warned_of_approving_it(
    client: Client, author: User, reviewer: User, submitted: PolicyPage
) -> None:
    warning = "You have changed this draft yourself"
    client.force_login(reviewer)
    assert warning not in client.get(review_url(submitted)).content.decode()
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    draft.body = [("imported", "<p>Be kindest.</p>")]
    draft.save_revision(user=reviewer)
    shown = client.get(review_url(submitted)).content.decode()
    assert "<dd>The Author, The Reviewer</dd>" in shown
    assert warning in shown
    decide(client, reviewer, submitted, "approve")
    assert PolicyVersion.objects.get(number=2).author_name == "The Author, The Reviewer"
    owner = User.objects.create_superuser("owner@example.com", "a-long-password", first_name="The Owner")
    publish(submitted, body="<p>Be fair.</p>", user=owner)
    assert PolicyVersion.objects.get(number=3).author_name == "The Owner"
