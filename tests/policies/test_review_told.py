"""Who is asked to review a policy, by mail and on screen, and what they are told."""

import html
import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from home.models import User
from policies.models import PolicyPage
from tests.factories import policy_form, policy_page, publish
from tests.policies.reviewing import decide, member, review_url

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


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


def test_the_editor_of_a_page_leads_who_may_decide_to_the_review(
    client: Client, author: User, reviewer: User, submitted: PolicyPage
) -> None:
    for user, is_led in ((reviewer, True), (author, False)):
        client.force_login(user)
        shown = client.get(f"/admin/pages/{submitted.pk}/edit/").content.decode()
        assert ("Review and approve" in shown) is is_led
        assert "Request changes" not in shown
        assert "action-publish" not in shown


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


@pytest.mark.also_without_shop
def test_who_may_not_edit_the_page_sees_nothing(client: Client, submitted: PolicyPage) -> None:
    client.force_login(member("service@example.com", "Service", "Customer service"))
    for path in (review_url(submitted), f"/admin/policies/{submitted.pk}/publication-preview/"):
        assert "kinder" not in client.get(path, follow=True).content.decode()


@pytest.mark.also_without_shop
def test_a_reviewer_with_an_old_link_is_told_that_nothing_waits(
    client: Client, reviewer: User, submitted: PolicyPage
) -> None:
    decide(client, reviewer, submitted, "approve")
    answer = client.get(review_url(submitted), follow=True)
    assert answer.status_code == 200
    assert "was already approved or returned" in answer.content.decode()


@pytest.mark.both_databases
def test_who_may_not_review_reads_how_the_draft_stands_and_is_not_led_to_it(
    client: Client, submitted: PolicyPage
) -> None:
    group = Group.objects.create(name="Auditors")
    group.permissions.set(Permission.objects.filter(codename__in=["access_admin", "view_policyversion"]))
    auditor = member("auditor@example.com", "The Auditor", group.name)
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
