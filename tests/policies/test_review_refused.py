"""What a review refuses: what its reviewer has not seen, and every decision that is none."""

import re

import pytest
from django.test import Client
from wagtail.query import PageQuerySet

from home.models import User
from policies.models import PolicyPage, PolicyVersion
from policies.versions import publication_preview
from tests.factories import policy_form, policy_page, publish
from tests.policies.reviewing import decide, review_url

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.mark.both_databases
def test_a_text_that_changed_since_it_was_shown_is_not_approved(
    client: Client, reviewer: User, submitted: PolicyPage
) -> None:
    client.force_login(reviewer)
    seen = re.search(r'name="seen" value="(\w+)"', client.get(review_url(submitted)).content.decode())[1]
    revision = PolicyPage.objects.get().latest_revision
    draft = revision.as_object()
    draft.body = [("imported", "<p>Be cruel.</p>")]
    draft.save_revision(user=revision.user, overwrite_revision=revision)
    answer = client.post(review_url(submitted), {"decision": "approve", "seen": seen})
    assert answer.status_code == 422
    assert "has changed since" in answer.content.decode()
    assert PolicyVersion.objects.count() == 1


@pytest.mark.both_databases
def test_a_text_that_was_saved_just_before_the_lock_is_not_approved_unseen(
    client: Client, reviewer: User, submitted: PolicyPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(reviewer)
    seen = re.search(r'name="seen" value="(\w+)"', client.get(review_url(submitted)).content.decode())[1]
    lock = PageQuerySet.select_for_update

    def save_and_lock(pages: PageQuerySet) -> PageQuerySet:
        monkeypatch.setattr(PageQuerySet, "select_for_update", lock)
        draft = PolicyPage.objects.get().get_latest_revision_as_object()
        draft.body = [("imported", "<p>Be cruel.</p>")]
        draft.save_revision()
        return lock(pages)

    monkeypatch.setattr(PageQuerySet, "select_for_update", save_and_lock)
    answer = client.post(review_url(submitted), {"decision": "approve", "seen": seen})
    assert answer.status_code == 422
    assert PolicyVersion.objects.count() == 1


def test_a_kind_that_changed_since_it_was_shown_is_not_approved_and_is_told_before(
    client: Client, reviewer: User, submitted: PolicyPage
) -> None:
    client.force_login(reviewer)
    seen = re.search(r'name="seen" value="(\w+)"', client.get(review_url(submitted)).content.decode())[1]
    revision = PolicyPage.objects.get().latest_revision
    draft = revision.as_object()
    draft.kind = "terms"
    draft.save_revision(user=revision.user, overwrite_revision=revision)
    answer = client.post(review_url(submitted), {"decision": "approve", "seen": seen})
    assert answer.status_code == 422
    assert "“Another policy” becomes “Terms of sale”" in answer.content.decode()
    assert PolicyVersion.objects.get().policy.kind == "other"


def test_a_draft_without_its_statement_is_not_approved(
    client: Client, reviewer: User, submitted: PolicyPage
) -> None:
    revision = PolicyPage.objects.get().latest_revision
    draft = revision.as_object()
    draft.change_kind = ""
    draft.save_revision(user=revision.user, overwrite_revision=revision, clean=False)
    assert "does not say: kind of change" in decide(client, reviewer, submitted, "approve")
    assert PolicyVersion.objects.count() == 1


@pytest.mark.also_without_shop
def test_nothing_is_approved_where_its_redline_is_not_shown(
    client: Client, reviewer: User, submitted: PolicyPage
) -> None:
    client.force_login(reviewer)
    task_state = submitted.current_workflow_task_state
    assert (
        client.post(f"/admin/pages/workflow/action/{submitted.pk}/approve/{task_state.pk}/").status_code
        == 302
    )
    editor = policy_form(**{"action-workflow-action": "1", "workflow-action-name": "approve"})
    client.post(f"/admin/pages/{submitted.pk}/edit/", editor)
    assert PolicyVersion.objects.count() == 1
    assert PolicyPage.objects.get().workflow_in_progress


@pytest.mark.both_databases
def test_nothing_is_returned_where_its_redline_is_not_shown(
    client: Client, reviewer: User, submitted: PolicyPage
) -> None:
    client.force_login(reviewer)
    assert "Request changes" not in client.get("/admin/").content.decode()
    task_state = submitted.current_workflow_task_state
    client.post(f"/admin/pages/workflow/action/{submitted.pk}/reject/{task_state.pk}/", {"comment": "No."})
    editor = policy_form(**{"action-workflow-action": "1", "workflow-action-name": "reject"})
    client.post(f"/admin/pages/{submitted.pk}/edit/", editor)
    assert PolicyPage.objects.get().current_workflow_task_state.status == "in_progress"


def test_a_decision_in_the_editor_that_comes_too_late_keeps_what_was_typed(
    client: Client, reviewer: User, submitted: PolicyPage
) -> None:
    decide(client, reviewer, submitted, "approve")
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    late = policy_form(change_summary="Typed late.")
    late |= {"action-workflow-action": "1", "workflow-action-name": "reject"}
    answer = client.post(f"/admin/pages/{submitted.pk}/edit/", late, follow=True).content.decode()
    assert "Somebody else has already decided" in answer
    assert PolicyPage.objects.get().get_latest_revision_as_object().change_summary == "Typed late."
    assert PolicyVersion.objects.count() == 2


@pytest.mark.parametrize("decision", ["", "publish", "cancel"])
def test_another_decision_is_none(
    client: Client, reviewer: User, submitted: PolicyPage, decision: str
) -> None:
    assert "Approve the text, or return it" in decide(client, reviewer, submitted, decision)
    assert PolicyPage.objects.get().workflow_in_progress


def test_who_is_no_reviewer_sees_it_and_decides_nothing(
    client: Client, author: User, submitted: PolicyPage
) -> None:
    client.force_login(author)
    assert "You cannot approve or return it" in client.get(review_url(submitted)).content.decode()
    seen = publication_preview.preview_latest_draft(PolicyPage.objects.get()).fingerprint
    client.post(review_url(submitted), {"decision": "approve", "seen": seen})
    assert PolicyVersion.objects.count() == 1


def test_deciding_twice_is_told_that_nothing_waits(
    client: Client, reviewer: User, submitted: PolicyPage
) -> None:
    decide(client, reviewer, submitted, "approve")
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    answer = client.post(review_url(submitted), {"decision": "approve"}, follow=True).content.decode()
    assert "is not waiting for review" in answer
    assert PolicyVersion.objects.count() == 2


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/admin/bulk/wagtailcore/page/publish/?id={page}&next=/admin/", {}),
        ("/admin/pages/{page}/copy/", {"new_title": "Copy", "new_slug": "copied", "publish_copies": "on"}),
        ("/admin/pages/{page}/unpublish/", {}),
        ("/admin/pages/{page}/delete/", {}),
        ("/admin/bulk/wagtailcore/page/delete/?id={page}&next=/admin/", {}),
        ("/admin/policies/{page}/review/", {"decision": "approve"}),
    ],
)
def test_no_other_way_of_the_admin_lets_an_editor_publish_or_take_away(
    client: Client, author: User, path: str, values: dict[str, str]
) -> None:
    page = policy_page()
    publish(page)
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    draft.body = [("imported", "<p>Be cruel.</p>")]
    draft.save_revision(user=author)
    client.force_login(author)
    values = {"new_parent_page": str(page.get_parent().pk), **values}
    assert client.post(path.format(page=page.pk), values, follow=True).status_code < 500
    assert PolicyVersion.objects.count() == 1
    assert PolicyPage.objects.get(pk=page.pk).live
    assert "cruel" not in Client().get("/house-rules/").content.decode()
    assert Client().get("/copied/").status_code == 404
