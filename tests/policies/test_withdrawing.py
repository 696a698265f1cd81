"""Taking back a version before its hour: who may, what becomes of it, and that one that has begun stays."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from home.models import User
from policies import publishing
from policies.models import Policy, PolicyPage, PolicyVersion, VersionWithdrawal
from tests.factories import home_page, policy_page, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def coming(db: None) -> PolicyVersion:
    """Announce a second version for tomorrow."""
    page = policy_page()
    publish(page)
    return publish(
        page,
        title="New rules",
        body="<p>Be very kind.</p>",
        effective_from=timezone.now() + timedelta(days=1),
    )


def signed_in(client: Client, *groups: str, **fields: bool) -> Client:
    user = User.objects.create_user(
        "staff@example.com", "a-long-password", first_name="The", last_name="Editor", **fields
    )
    user.groups.set(Group.objects.filter(name__in=groups))
    client.force_login(user)
    return client


def test_a_version_that_was_taken_back_never_takes_effect(coming: PolicyVersion) -> None:
    publishing.withdraw(version=coming, by=None, reason="It was a mistake.")

    policy = Policy.objects.get()
    assert policy.in_force(timezone.now() + timedelta(days=2)).number == 1
    assert policy.title == "House rules"
    withdrawal = VersionWithdrawal.objects.get()
    assert (withdrawal.version, withdrawal.reason) == (coming, "It was a mistake.")


def test_one_that_has_begun_cannot_be_taken_back(coming: PolicyVersion) -> None:
    with time_machine.travel(coming.effective_at), pytest.raises(publishing.NotWithdrawableError):
        publishing.withdraw(version=coming, by=None, reason="Too late.")
    assert not VersionWithdrawal.objects.exists()


def test_one_is_taken_back_once(coming: PolicyVersion) -> None:
    publishing.withdraw(version=coming, by=None, reason="It was a mistake.")
    again = PolicyVersion.objects.get(pk=coming.pk)
    with pytest.raises(publishing.NotWithdrawableError):
        publishing.withdraw(version=again, by=None, reason="Once more.")
    assert VersionWithdrawal.objects.get().reason == "It was a mistake."


def test_the_same_text_can_be_published_again_afterwards(coming: PolicyVersion) -> None:
    publishing.withdraw(version=coming, by=None, reason="Later, then.")
    assert publish(PolicyPage.objects.get()).number == 3


def test_an_editor_takes_it_back_on_its_page_and_the_public_sees_it_at_once(
    client: Client, coming: PolicyVersion, django_capture_on_commit_callbacks: object
) -> None:
    visitor = Client()
    assert "/house-rules/versions/2/" in visitor.get("/house-rules/").content.decode()
    editor = signed_in(client, "Editors")
    inspect = f"/admin/policy-versions/inspect/{coming.pk}/"
    assert f'action="/admin/policy-versions/{coming.pk}/withdraw/"' in editor.get(inspect).content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        answer = editor.post(f"/admin/policy-versions/{coming.pk}/withdraw/", {"reason": " A mistake. "})

    assert answer.headers["Location"] == inspect
    withdrawal = VersionWithdrawal.objects.get()
    assert (withdrawal.withdrawn_by, withdrawal.reason) == ("The Editor", "A mistake.")
    assert "/house-rules/versions/2/" not in visitor.get("/house-rules/").content.decode()
    page = editor.get(inspect).content.decode()
    assert "A mistake." in page
    assert "/withdraw/" not in page


def test_too_late_or_without_a_reason_it_is_refused_in_plain_words(
    client: Client, coming: PolicyVersion
) -> None:
    editor = signed_in(client, "Editors")
    path = f"/admin/policy-versions/{coming.pk}/withdraw/"
    assert "why" in editor.post(path, {"reason": " "}, follow=True).content.decode()
    with time_machine.travel(coming.effective_at + timedelta(seconds=1)):
        editor.force_login(User.objects.get())
        answer = editor.post(path, {"reason": "Late."}, follow=True).content.decode()
    assert "has taken effect" in answer
    assert "/withdraw/" not in answer
    assert not VersionWithdrawal.objects.exists()


def test_only_who_may_publish_the_page_may_take_it_back(client: Client, coming: PolicyVersion) -> None:
    staff = signed_in(client)
    User.objects.get().user_permissions.set(
        Permission.objects.filter(codename__in=["access_admin", "view_policyversion"])
    )
    assert "/withdraw/" not in staff.get(f"/admin/policy-versions/inspect/{coming.pk}/").content.decode()
    staff.post(f"/admin/policy-versions/{coming.pk}/withdraw/", {"reason": "I should not."})
    assert not VersionWithdrawal.objects.exists()


def test_without_its_page_whoever_may_publish_below_home_decides(
    client: Client, coming: PolicyVersion
) -> None:
    PolicyPage.objects.get().delete()
    assert home_page()
    signed_in(client, "Editors").post(f"/admin/policy-versions/{coming.pk}/withdraw/", {"reason": "Gone."})
    assert VersionWithdrawal.objects.get().reason == "Gone."


def test_a_link_takes_nothing_back(client: Client, coming: PolicyVersion) -> None:
    assert (
        signed_in(client, "Editors").get(f"/admin/policy-versions/{coming.pk}/withdraw/").status_code == 405
    )
