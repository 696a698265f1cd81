"""Legal review: editors submit, reviewers approve or return, and the version names who wrote and who approved."""

import html
import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone
from wagtail.models import TaskState, Workflow, WorkflowState
from wagtail.query import PageQuerySet
from wagtail.test.utils.form_data import streamfield

from home.models import User
from policies.models import CookiePolicyPage, PolicyPage, PolicyVersion
from policies.versions import publication_preview
from tests.factories import cookie_policy, policy_form, policy_page, publish

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.slow]


@pytest.fixture
def author() -> User:
    return _member("author@example.com", "The Author", "Editors")


@pytest.fixture
def reviewer() -> User:
    return _member("reviewer@example.com", "The Reviewer", "Legal reviewers")


@pytest.fixture
def submitted(author: User, reviewer: User) -> PolicyPage:
    """Submit a change of a published policy for review."""
    page = policy_page()
    publish(page)
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    draft.body = [("imported", "<p>Be kinder.</p>")]
    draft.change_summary = "Kindness grew."
    draft.save_revision(user=author)
    page = PolicyPage.objects.get()
    page.get_workflow().start(page, author)
    return page


def _member(email: str, name: str, group: str) -> User:
    user = User.objects.create_user(email, "a-long-password", first_name=name)
    user.groups.add(Group.objects.get(name=group))
    return user


def review_url(page: PolicyPage) -> str:
    return f"/admin/policies/{page.pk}/review/"


def decide(client: Client, user: User, page: PolicyPage, decision: str, *, comment: str = "") -> str:
    """Open the page, decide, and return what the answer shows."""
    client.force_login(user)
    seen = re.search(r'name="seen" value="(\w+)"', client.get(review_url(page)).content.decode())
    values = {"decision": decision, "comment": comment, "seen": seen[1] if seen else ""}
    return client.post(review_url(page), values, follow=True).content.decode()


def test_every_policy_is_under_review_from_its_first_draft() -> None:
    assert policy_page().get_workflow().name == "Legal review"
    assert CookiePolicyPage.objects.get(pk=cookie_policy().pk).has_workflow


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


def test_the_reviewers_mail_leads_to_the_page_with_everything_on_it(
    client: Client, reviewer: User, submitted: PolicyPage, mailoutbox: list[EmailMessage]
) -> None:
    mail = next(mail for mail in mailoutbox if mail.to == ["reviewer@example.com"])
    assert f"{settings.SITE_URL}{review_url(submitted)}" in mail.body
    client.force_login(reviewer)
    shown = client.get(review_url(submitted)).content.decode()
    for words in (
        "<ins",
        "kinder",
        "Kindness grew.",
        "The Author",
        "Version 2 will be published",
        "Approve and publish",
    ):
        assert words in shown, words


def test_the_reviewers_mail_says_which_policy_what_changes_and_what_approving_does(
    reviewer: User, submitted: PolicyPage, mailoutbox: list[EmailMessage]
) -> None:
    mail = next(mail for mail in mailoutbox if mail.to == [reviewer.email])
    assert mail.subject == "Please review “House rules” (Another policy, /house-rules/)"
    for words in (
        "Version 2 will be published and take effect at once.",
        "Kindness grew.",
        "kinder",
        "Material",
    ):
        assert words in mail.body, words


def test_a_mail_about_another_title_and_another_kind_says_so(
    client: Client, author: User, reviewer: User, mailoutbox: list[EmailMessage]
) -> None:
    page = policy_page()
    publish(page)
    client.force_login(author)
    sent = policy_form(title="Rules & <Co>", kind="terms", **{"action-submit": "1"})
    client.post(f"/admin/pages/{page.pk}/edit/", sent)
    mail = next(mail for mail in mailoutbox if mail.to == [reviewer.email])
    assert "Rules & <Co>" in mail.subject
    assert "The title: “House rules” becomes “Rules & <Co>”." in mail.body
    assert "“Another policy” becomes “Terms of sale”" in mail.body


def test_the_title_of_the_review_says_which_policy_and_what_approving_would_do(
    client: Client, reviewer: User, submitted: PolicyPage
) -> None:
    client.force_login(reviewer)
    shown = client.get(review_url(submitted)).content.decode()
    title = " ".join(html.unescape(re.search(r"<title>(.*?)</title>", shown, re.DOTALL)[1]).split())
    assert "“House rules” (Another policy, /house-rules/): Version 2 will be published" in title
    assert "<h2>“House rules” (Another policy, /house-rules/): Version 2 will be published" in shown


def test_owners_get_one_mail_which_leads_to_the_review_too(
    submitted: PolicyPage, mailoutbox: list[EmailMessage]
) -> None:
    owner = User.objects.create_superuser("owner@example.com", "a-long-password")
    page = PolicyPage.objects.get()
    page.current_workflow_state.cancel(user=owner)
    page = PolicyPage.objects.get()
    page.get_workflow().start(page, page.latest_revision.user)
    [mail] = [mail for mail in mailoutbox if mail.to == [owner.email]]
    assert f"{settings.SITE_URL}{review_url(submitted)}" in mail.body
    assert mail.subject.startswith("Please review “House rules”")


def test_the_dashboard_leads_the_reviewer_to_the_review_and_the_author_to_the_editor(
    client: Client, author: User, reviewer: User, submitted: PolicyPage
) -> None:
    editor = f'href="/admin/pages/{submitted.pk}/edit/"'
    client.force_login(reviewer)
    shown = client.get("/admin/").content.decode()
    awaiting = shown[shown.index("Awaiting your review") :]
    assert f'href="{review_url(submitted)}" title="Edit"' in awaiting
    client.force_login(author)
    assert editor in client.get("/admin/").content.decode()


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


def test_the_author_reads_in_the_editor_what_the_reviewer_wants(
    client: Client, author: User, reviewer: User, submitted: PolicyPage
) -> None:
    decide(client, reviewer, submitted, "reject", comment="Kinder than <b>whom</b>?")
    client.force_login(author)
    words = "The Reviewer returned this draft: “Kinder than &lt;b&gt;whom&lt;/b&gt;?”"
    edit = f"/admin/pages/{submitted.pk}/edit/"
    assert words in client.get(edit).content.decode()
    client.post(edit, policy_form(**{"action-submit": "1"}))
    assert "returned this draft" not in client.get(edit).content.decode()


def test_submitting_says_who_reviews(client: Client, author: User, reviewer: User) -> None:
    page = policy_page()
    publish(page)
    client.force_login(author)
    sent = policy_form(**{"action-submit": "1"})
    answer = client.post(f"/admin/pages/{page.pk}/edit/", sent, follow=True).content.decode()
    assert "“House rules” was submitted. Asked to review it: The Reviewer." in answer
    assert "submitted for moderation" not in answer


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


def test_the_editor_of_a_page_leads_who_may_decide_to_the_review(
    client: Client, author: User, reviewer: User, submitted: PolicyPage
) -> None:
    for user, is_led in ((reviewer, True), (author, False)):
        client.force_login(user)
        shown = client.get(f"/admin/pages/{submitted.pk}/edit/").content.decode()
        assert ("Review and approve" in shown) is is_led
        assert "Request changes" not in shown
        assert "action-publish" not in shown


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


def test_who_reviews_reads_that_the_change_will_be_undone_as_its_author_knows(
    client: Client, author: User, reviewer: User, mailoutbox: list[EmailMessage]
) -> None:
    page = policy_page()
    publish(page)
    coming = publish(page, body="<p>Be brave.</p>", effective_from=timezone.now() + timedelta(days=9))
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    draft.body, draft.undone_by = [("imported", "<p>Be kinder.</p>")], [coming.number]
    draft.based_on = coming.policy.in_force()
    draft.takes_effect, draft.effective_from = "now", None
    draft.save_revision(user=author)
    submitted = PolicyPage.objects.get()
    submitted.get_workflow().start(submitted, author)
    client.force_login(reviewer)
    shown = client.get(review_url(submitted)).content.decode()
    said = "will undo this, as its author ticked."
    assert re.search(rf"<strong>Version 2, announced for [^<]+, {said}</strong>", shown)
    mail = next(mail for mail in mailoutbox if mail.to == [reviewer.email])
    assert said in mail.body


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


def test_who_may_not_edit_the_page_sees_nothing(client: Client, submitted: PolicyPage) -> None:
    client.force_login(_member("service@example.com", "Service", "Customer service"))
    for path in (review_url(submitted), f"/admin/policies/{submitted.pk}/publication-preview/"):
        assert "kinder" not in client.get(path, follow=True).content.decode()


def test_a_reviewer_with_an_old_link_is_told_that_nothing_waits(
    client: Client, reviewer: User, submitted: PolicyPage
) -> None:
    decide(client, reviewer, submitted, "approve")
    answer = client.get(review_url(submitted), follow=True)
    assert answer.status_code == 200
    assert "was already approved or returned" in answer.content.decode()


def test_who_may_not_review_reads_how_the_draft_stands_and_is_not_led_to_it(
    client: Client, submitted: PolicyPage
) -> None:
    group = Group.objects.create(name="Auditors")
    group.permissions.set(Permission.objects.filter(codename__in=["access_admin", "view_policyversion"]))
    auditor = _member("auditor@example.com", "The Auditor", group.name)
    client.force_login(auditor)
    html = client.get("/admin/").content.decode()
    assert '<span class="w-status policies-panel__mark">In review</span>' in html
    assert review_url(submitted) not in html
    answer = client.get(review_url(submitted), follow=True).content.decode()
    assert "This draft is under review. Others were asked to review it." in answer

    submitted.current_workflow_state.cancel()
    html = client.get("/admin/").content.decode()
    assert '<span class="w-status policies-panel__mark">Draft not published</span>' in html
    answer = client.get(review_url(submitted), follow=True).content.decode()
    assert "or never submitted" in answer


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
