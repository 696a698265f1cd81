"""Taking back a version before its hour: who may, what becomes of it, and that one that has begun stays."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from home.models import User
from policies.models import LedgerEntry, Policy, PolicyPage, PolicyVersion, VersionWithdrawal
from policies.versions import publishing
from tests.factories import policy_page, publish, version, withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop, pytest.mark.slow]


@pytest.fixture(scope="module")
def coming_version(database_of_module: None) -> int:
    """Announce a second version for tomorrow."""
    page = policy_page()
    publish(page)
    tomorrow = timezone.now() + timedelta(days=1)
    return publish(page, title="New rules", body="<p>Be very kind.</p>", effective_from=tomorrow).pk


@pytest.fixture
def coming(coming_version: int, db: None) -> PolicyVersion:
    return PolicyVersion.objects.get(pk=coming_version)


def signed_in(client: Client, *groups: str, **fields: bool) -> Client:
    user = User.objects.create_user(
        "staff@example.com", "a-long-password", first_name="The", last_name="Editor", **fields
    )
    user.groups.set(Group.objects.filter(name__in=groups))
    client.force_login(user)
    return client


def test_a_version_that_was_withdrawn_never_takes_effect(coming: PolicyVersion) -> None:
    publishing.withdraw(version=coming, by=None, reason="It was a mistake.")

    policy = Policy.objects.get()
    assert policy.in_force(timezone.now() + timedelta(days=2)).number == 1
    assert policy.title == "House rules"
    withdrawal = VersionWithdrawal.objects.get()
    assert (withdrawal.version, withdrawal.reason) == (coming, "It was a mistake.")


def test_one_that_has_begun_cannot_be_withdrawn(coming: PolicyVersion) -> None:
    with time_machine.travel(coming.effective_at), pytest.raises(publishing.NotWithdrawableError):
        publishing.withdraw(version=coming, by=None, reason="Too late.")
    assert not VersionWithdrawal.objects.exists()


def test_one_is_withdrawn_once(coming: PolicyVersion) -> None:
    publishing.withdraw(version=coming, by=None, reason="It was a mistake.")
    again = PolicyVersion.objects.get(pk=coming.pk)
    with pytest.raises(publishing.NotWithdrawableError):
        publishing.withdraw(version=again, by=None, reason="Once more.")
    assert VersionWithdrawal.objects.get().reason == "It was a mistake."


def test_the_same_text_can_be_published_again_afterwards(coming: PolicyVersion) -> None:
    publishing.withdraw(version=coming, by=None, reason="Later, then.")
    assert publish(PolicyPage.objects.get()).number == 3


@pytest.mark.both_databases
def test_a_reviewer_withdraws_it_on_its_page_and_the_public_sees_it_at_once(
    client: Client, coming: PolicyVersion, django_capture_on_commit_callbacks: object
) -> None:
    visitor = Client()
    assert "/house-rules/versions/2/" in visitor.get("/house-rules/").content.decode()
    reviewer = signed_in(client, "Legal reviewers")
    inspect = f"/admin/policy-versions/inspect/{coming.pk}/"
    assert f'action="/admin/policy-versions/{coming.pk}/withdraw/"' in reviewer.get(inspect).content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        answer = reviewer.post(
            f"/admin/policy-versions/{coming.pk}/withdraw/", {"reason": " A mistake. ", "sure": "on"}
        )

    assert answer.headers["Location"] == inspect
    withdrawal = VersionWithdrawal.objects.get()
    assert (withdrawal.withdrawn_by, withdrawal.reason) == ("The Editor", "A mistake.")
    assert "/house-rules/versions/2/" not in visitor.get("/house-rules/").content.decode()
    page = reviewer.get(inspect).content.decode()
    assert "A mistake." in page
    assert "/withdraw/" not in page


@pytest.mark.both_databases
def test_the_author_is_told_by_mail_and_not_of_their_own_withdrawal(
    client: Client, coming: PolicyVersion
) -> None:
    author = User.objects.create_user("author@example.com", "a-long-password")
    reviewer = signed_in(client, "Legal reviewers")
    for user, told in ((author, ["author@example.com"]), (User.objects.get(email="staff@example.com"), [])):
        Email.objects.all().delete()
        PolicyPage.objects.get().revisions.update(user=user)
        sent = {"reason": "A {{ mistake }}.", "sure": "on"}
        reviewer.post(f"/admin/policy-versions/{coming.pk}/withdraw/", sent)
        assert coming.policy.versions.pending(timezone.now()).count() == 0
        assert [mail.to[0] for mail in Email.objects.all()] == told
        if told:
            mail = Email.objects.get()
            assert mail.subject == "Withdrawn: New rules, version 2"
            assert "The Editor has withdrawn “New rules, version 2”" in mail.message
            assert "A {{ mistake }}." in mail.message
        day = timezone.now() + timedelta(days=2)
        coming = publish(PolicyPage.objects.get(), title="Newer rules", effective_from=day)


def test_too_late_or_without_a_reason_it_is_refused_in_plain_words(
    client: Client, coming: PolicyVersion
) -> None:
    reviewer = signed_in(client, "Legal reviewers")
    path = f"/admin/policy-versions/{coming.pk}/withdraw/"
    for sent in ({"reason": " ", "sure": "on"}, {"reason": "A mistake."}):
        shown = reviewer.post(path, sent, follow=True).content.decode()
        assert "Say why, and tick that you are sure." in shown
    assert "Visitors do not see the reason." in shown
    assert re.search(r'<input type="checkbox" name="sure" required>', shown)
    with time_machine.travel(coming.effective_at + timedelta(seconds=1)):
        reviewer.force_login(User.objects.get())
        answer = reviewer.post(path, {"reason": "Late.", "sure": "on"}, follow=True).content.decode()
    assert "has taken effect" in answer
    assert "/withdraw/" not in answer
    assert not VersionWithdrawal.objects.exists()


def test_an_editor_does_not_go_on_from_the_withdrawn_text(
    admin_client: Client, coming: PolicyVersion
) -> None:
    edit = f"/admin/pages/{coming.policy.page.pk}/edit/"
    assert "was withdrawn" not in admin_client.get(edit, follow=True).content.decode()
    withdraw(coming)
    asked = admin_client.get(edit, follow=True).content.decode()
    assert f"Version {coming.number} was withdrawn" in asked


def test_who_edits_a_draft_of_a_withdrawn_text_reads_which_version_was_withdrawn(
    admin_client: Client, coming: PolicyVersion
) -> None:
    page = PolicyPage.objects.get()
    edit = f"/admin/pages/{page.pk}/edit/"
    draft = page.get_latest_revision_as_object()
    for base, replaces in ((coming, None), (PolicyVersion.objects.get(number=1), coming)):
        draft.based_on, draft.replaces = base, replaces
        draft.save_revision()
        if not coming.is_withdrawn:
            withdraw(coming)
        asked = admin_client.get(edit, follow=True).content.decode()
        assert "Version 2, from which it starts, was withdrawn." in asked
    draft.based_on, draft.replaces = PolicyVersion.objects.get(number=1), None
    draft.save_revision()
    version(coming.policy, html="<p>Be fair.</p>")
    asked = admin_client.get(edit, follow=True).content.decode()
    assert "There is a draft that starts from version 1. Another version has taken effect since" in asked


@pytest.mark.both_databases
def test_the_dashboard_leads_who_may_withdraw_to_it_and_nobody_else(
    client: Client, coming: PolicyVersion
) -> None:
    publish(PolicyPage.objects.get(), body="<p>Be kinder.</p>")
    link = f'href="/admin/policy-versions/inspect/{coming.pk}/#withdraw"'
    reviewer = signed_in(client, "Legal reviewers")
    shown = reviewer.get("/admin/").content.decode()
    assert link in shown
    assert "Bring the change over to version 2" not in shown
    assert 'id="withdraw"' in reviewer.get(f"/admin/policy-versions/inspect/{coming.pk}/").content.decode()
    User.objects.get().groups.set(Group.objects.filter(name="Editors"))
    shown = client.get("/admin/").content.decode()
    assert link not in shown
    assert "Bring the change over to version 2" in shown


def test_an_editor_who_cannot_approve_cannot_withdraw_it(client: Client, coming: PolicyVersion) -> None:
    staff = signed_in(client, "Editors")
    inspected = staff.get(f"/admin/policy-versions/inspect/{coming.pk}/")
    assert inspected.status_code == 200
    assert "/withdraw/" not in inspected.content.decode()
    staff.post(f"/admin/policy-versions/{coming.pk}/withdraw/", {"reason": "I should not.", "sure": "on"})
    assert not VersionWithdrawal.objects.exists()


def test_it_can_be_withdrawn_although_its_page_is_gone(client: Client, coming: PolicyVersion) -> None:
    PolicyPage.objects.get().delete()
    signed_in(client, "Legal reviewers").post(
        f"/admin/policy-versions/{coming.pk}/withdraw/", {"reason": "Gone.", "sure": "on"}
    )
    assert VersionWithdrawal.objects.get().reason == "Gone."


def test_a_link_withdraws_nothing(client: Client, coming: PolicyVersion) -> None:
    reviewer = signed_in(client, "Legal reviewers")
    assert reviewer.get(f"/admin/policy-versions/{coming.pk}/withdraw/").status_code == 405


@pytest.mark.both_databases
def test_nothing_is_left_of_a_withdrawal_that_fails(
    coming: PolicyVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "_name_policy", None)
    with pytest.raises(TypeError, match="not callable"):
        publishing.withdraw(version=coming, by=None, reason="A test.")
    assert not VersionWithdrawal.objects.exists()
    assert not LedgerEntry.objects.filter(kind="withdrawal").exists()
