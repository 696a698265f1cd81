"""A review that nobody answers: its reviewers are reminded, and substitutes are asked as well."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from post_office.models import Email
from wagtail.models import Site, TaskState
from wagtail.users.models import UserProfile

from home.models import User
from policies.models import PolicyPage, PolicySettings, PolicyVersion
from policies.review import reminders
from tests.factories import policy_page, publish
from tests.policies.reviewing import decide, review_url
from tests.policies.verifying import sql

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def substitute() -> User:
    """Name a group of substitutes with the rights of the reviewers, and return its member."""
    group = Group.objects.create(name="Substitutes")
    group.permissions.set(Group.objects.get(name="Legal reviewers").permissions.all())
    configure(substitutes=group)
    return _member("substitute@example.com", "Substitutes")


@pytest.fixture(scope="module")
def waiting_page(database_of_module: None) -> int:
    """Submit a change of a published policy for review."""
    _member("reviewer@example.com", "Legal reviewers")
    publish(policy_page())
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    draft.body, draft.change_summary = [("imported", "<p>Be kinder.</p>")], "Kindness grew."
    draft.save_revision()
    page = PolicyPage.objects.get()
    page.get_workflow().start(page, None)
    Email.objects.all().delete()
    return page.pk


@pytest.fixture
def waiting(waiting_page: int, db: None) -> PolicyPage:
    return PolicyPage.objects.get(pk=waiting_page)


@pytest.fixture
def reviewer(waiting: PolicyPage) -> User:
    return User.objects.get(email="reviewer@example.com")


def _member(email: str, group: str) -> User:
    user = User.objects.create_user(email, "a-long-password")
    user.groups.add(Group.objects.get(name=group))
    return user


def configure(**values: object) -> None:
    PolicySettings.objects.update_or_create(site=Site.objects.get(), defaults=values)


def let_days_pass(days: int) -> None:
    TaskState.objects.update(started_at=timezone.now() - timedelta(days=days))


def remind(*, in_days: int = 0) -> list[str]:
    """Run the worker's job, and return who got a mail."""
    Email.objects.all().delete()
    reminders.send(now=timezone.now() + timedelta(days=in_days))
    return sorted(address for mail in Email.objects.all() for address in mail.to)


def test_reviewers_are_reminded_after_the_days_of_the_settings_and_not_before(waiting: PolicyPage) -> None:
    configure(reminder_days=5)
    assert remind(in_days=4) == []
    assert remind(in_days=5) == ["reviewer@example.com"]


@pytest.mark.both_databases
def test_they_are_reminded_once_in_as_many_days(waiting: PolicyPage) -> None:
    assert remind(in_days=3) == ["reviewer@example.com"]
    assert remind(in_days=3) == []
    assert remind(in_days=5) == []
    assert remind(in_days=6) == ["reviewer@example.com"]


def test_a_reminder_says_what_waits_and_leads_to_the_review(waiting: PolicyPage) -> None:
    remind(in_days=3)
    mail = Email.objects.get()
    assert mail.subject == "Still waiting for your review: “House rules” (Another policy, /house-rules/)"
    for words in ("kinder", "Kindness grew.", "Version 2 will be published", review_url(waiting)):
        assert words in mail.message, words


def test_nobody_is_reminded_where_the_settings_say_never(waiting: PolicyPage) -> None:
    configure(reminder_days=0)
    assert remind(in_days=90) == []


def test_nobody_is_reminded_of_what_was_decided(client: Client, reviewer: User, waiting: PolicyPage) -> None:
    decide(client, reviewer, waiting, "approve")
    assert remind(in_days=3) == []


@pytest.mark.both_databases
def test_who_wants_no_mail_about_reviews_gets_none(reviewer: User, waiting: PolicyPage) -> None:
    UserProfile.objects.update_or_create(user=reviewer, defaults={"submitted_notifications": False})
    assert remind(in_days=3) == []


@pytest.mark.both_databases
def test_a_page_that_is_gone_is_passed_over(waiting: PolicyPage) -> None:
    PolicyPage.objects.all().delete()
    assert remind(in_days=3) == []


@pytest.mark.both_databases
def test_substitutes_are_asked_as_well_once_the_days_are_over(substitute: User, waiting: PolicyPage) -> None:
    assert remind(in_days=3) == ["reviewer@example.com", "substitute@example.com"]


def test_a_substitute_may_decide_only_once_the_days_are_over(
    client: Client, substitute: User, waiting: PolicyPage
) -> None:
    client.force_login(substitute)
    assert "Approve and publish" not in client.get(review_url(waiting), follow=True).content.decode()
    assert "Awaiting your review" not in client.get("/admin/").content.decode()

    let_days_pass(3)
    assert "Awaiting your review" in client.get("/admin/").content.decode()
    assert "Version 2 is in force" in decide(client, substitute, waiting, "approve")
    assert PolicyVersion.objects.get(number=2).approver == substitute


@pytest.mark.both_databases
def test_a_substitute_may_return_the_draft(client: Client, substitute: User, waiting: PolicyPage) -> None:
    let_days_pass(3)
    assert "went back to its author" in decide(client, substitute, waiting, "reject", comment="Kinder?")


@pytest.mark.both_databases
@pytest.mark.also_without_shop
def test_substitutes_who_lost_the_right_get_no_mail_and_cannot_open_the_review(
    client: Client, substitute: User, waiting: PolicyPage
) -> None:
    right = Permission.objects.get(codename="publish_policypage")
    Group.objects.get(name="Substitutes").permissions.remove(right)
    assert remind(in_days=3) == ["reviewer@example.com"]
    let_days_pass(3)
    client.force_login(substitute)
    assert "Kindness grew." not in client.get(review_url(waiting), follow=True).content.decode()
    assert "Awaiting your review" not in client.get("/admin/").content.decode()


@pytest.mark.both_databases
def test_a_substitute_who_may_not_publish_is_refused_in_the_settings() -> None:
    settings = PolicySettings(site=Site.objects.get(), substitutes=Group.objects.get(name="Customer service"))
    with pytest.raises(ValidationError, match="Can approve and publish policies"):
        settings.full_clean()
    settings.substitutes = Group.objects.get(name="Legal reviewers")
    settings.full_clean()


def test_a_member_of_no_group_of_reviewers_decides_nothing_however_long_it_waits(
    client: Client, substitute: User, waiting: PolicyPage
) -> None:
    let_days_pass(90)
    client.force_login(_member("service@example.com", "Customer service"))
    answer = client.get(review_url(waiting), follow=True).content.decode()
    assert not re.search(r'name="seen"', answer)
    client.post(review_url(waiting), {"decision": "approve"})
    assert PolicyVersion.objects.count() == 1


def test_a_draft_that_cannot_be_shown_keeps_no_other_review_back(
    waiting: PolicyPage, caplog: pytest.LogCaptureFixture
) -> None:
    other = policy_page("Other rules")
    other.save_revision()
    other.get_workflow().start(other, None)
    sql("UPDATE policies_policyversion SET record = 'x'")
    assert remind(in_days=3) == ["reviewer@example.com"]
    assert "Other rules" in Email.objects.get().subject
    assert "Nobody could be reminded" in caplog.text
    assert remind(in_days=4) == []
