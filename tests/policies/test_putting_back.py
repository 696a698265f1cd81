"""Putting an older version back: a draft with its text, never a publication."""

import re

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from home.models import User
from policies.models import PolicyPage, PolicyVersion
from policies.versions import drafts
from tests.factories import cookie_policy, policy_page, publish

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def first_version(database_of_module: None) -> int:
    """Publish two versions, and return the first."""
    page = policy_page(
        body=[("heading", {"text": "Kindness", "level": "2"}), ("imported", "<p>Be kind.</p>")]
    )
    version = publish(page)
    publish(page, body="<p>Be brave.</p>", title="Brave rules")
    return version.pk


@pytest.fixture
def first(first_version: int, db: None) -> PolicyVersion:
    return PolicyVersion.objects.get(pk=first_version)


@pytest.fixture
def editor() -> User:
    user = User.objects.create_user("editor@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Editors"))
    return user


def put_back(version: PolicyVersion) -> str:
    return f"/admin/policy-versions/{version.pk}/put-back/"


def form_of(client: Client, version: PolicyVersion) -> dict[str, str]:
    """Return what the form on the page of a version sends where no box is ticked."""
    shown = client.get(f"/admin/policy-versions/inspect/{version.pk}/").content.decode()
    return dict(re.findall(r'name="(seen)" value="(\d*)"', shown))


def save_draft(words: str) -> None:
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    draft.title = words
    draft.save_revision()


def title_of_draft() -> str:
    return PolicyPage.objects.get().get_latest_revision_as_object().title


@pytest.mark.also_without_shop
def test_it_makes_a_draft_with_the_text_and_nothing_stated(
    client: Client, first: PolicyVersion, editor: User
) -> None:
    client.force_login(editor)
    answer = client.post(put_back(first), form_of(client, first))
    page = PolicyPage.objects.get()
    assert answer.headers["Location"] == f"/admin/pages/{page.pk}/edit/"
    draft = page.get_latest_revision_as_object()
    assert draft.title == "House rules"
    assert [block.block_type for block in draft.body] == ["heading", "imported"]
    assert (draft.change_summary, draft.change_kind, draft.takes_effect) == ("", "", "")
    assert PolicyVersion.objects.count() == 2
    assert page.has_unpublished_changes


def test_publishing_what_was_put_back_makes_a_version_with_the_very_same_text(
    first: PolicyVersion, editor: User
) -> None:
    drafts.put_back(version=first, user=editor)
    third = publish(PolicyPage.objects.get())
    assert (third.number, third.html, third.title) == (3, first.html, first.title)


def test_the_words_of_the_consent_bar_come_back_with_it(editor: User) -> None:
    page = cookie_policy(notice_text="First words.")
    cookie_policy(notice_text="Other words.")
    drafts.put_back(version=PolicyVersion.objects.get(number=1), user=editor)
    page.refresh_from_db()
    assert page.get_latest_revision_as_object().notice_text == "First words."


def test_without_a_page_it_says_what_to_do(client: Client, first: PolicyVersion, editor: User) -> None:
    PolicyPage.objects.get().delete()
    client.force_login(editor)
    answer = client.post(put_back(first), form_of(client, first), follow=True)
    assert "Create one with the slug “house-rules” first" in answer.content.decode()


def test_a_page_under_review_is_left_alone(client: Client, first: PolicyVersion, editor: User) -> None:
    page = PolicyPage.objects.get()
    page.get_workflow().start(page, editor)
    client.force_login(editor)
    answer = client.post(put_back(first), form_of(client, first), follow=True)
    assert "under review" in answer.content.decode()
    assert PolicyPage.objects.get().get_latest_revision_as_object().title == "Brave rules"


def test_who_may_not_edit_the_page_changes_nothing(client: Client, first: PolicyVersion) -> None:
    user = User.objects.create_user("reviewer@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Legal reviewers"))
    client.force_login(user)
    answer = client.post(put_back(first), follow=True)
    assert "You may not edit this page" in answer.content.decode()
    assert PolicyPage.objects.get().get_latest_revision_as_object().title == "Brave rules"


def test_an_unfinished_draft_is_replaced_only_where_the_editor_ticks_so(
    client: Client, first: PolicyVersion, editor: User
) -> None:
    save_draft("Hours of work")
    client.force_login(editor)
    sent = form_of(client, first)
    assert "The page has a draft." in client.post(put_back(first), sent, follow=True).content.decode()
    assert title_of_draft() == "Hours of work"
    shown = client.get(f"/admin/policy-versions/inspect/{first.pk}/").content.decode()
    assert 'name="replaces_draft" required' in shown
    client.post(put_back(first), {**sent, "replaces_draft": "on"})
    assert title_of_draft() == "House rules"


@pytest.mark.parametrize("sent", [{}, {"seen": ""}, {"seen": "x"}, None])
def test_a_draft_that_was_saved_since_the_look_is_not_replaced(
    client: Client, first: PolicyVersion, editor: User, sent: dict[str, str] | None
) -> None:
    client.force_login(editor)
    sent = form_of(client, first) if sent is None else sent
    save_draft("Hours of work")
    answer = client.post(put_back(first), {**sent, "replaces_draft": "on"}, follow=True)
    assert "Somebody else saved this page meanwhile" in answer.content.decode()
    assert title_of_draft() == "Hours of work"


def test_without_a_draft_no_box_is_shown(client: Client, first: PolicyVersion, editor: User) -> None:
    client.force_login(editor)
    assert "replaces_draft" not in client.get(f"/admin/policy-versions/inspect/{first.pk}/").content.decode()
