"""Two publications of one policy at the same moment: one after the other, numbers and chain without a fork."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from wagtail.query import PageQuerySet

from home.models import User
from policies.models import Policy, PolicyPage, PolicyVersion
from policies.models.versions import PolicyQuerySet
from policies.versions import publication_preview, records
from tests import factories

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def slow_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the other time to come between, if it may."""
    encode = records.encode

    def slowly(content: dict[str, Any]) -> str:
        time.sleep(0.3)
        return encode(content)

    monkeypatch.setattr(records, "encode", slowly)


def at_once(*actions: Callable[[], PolicyVersion]) -> list[PolicyVersion | Exception]:
    """Do all of it at the same moment; an action that fails gives its exception."""

    def run(action: Callable[[], PolicyVersion]) -> PolicyVersion | Exception:
        try:
            return action()
        except IntegrityError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(run, actions))


def recording(policy: Policy, words: str) -> Callable[[], PolicyVersion]:
    return lambda: factories.version(Policy.objects.get(pk=policy.pk), html=f"<p>{words}</p>")


def test_without_the_lock_one_of_them_is_lost(slow_writing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The race is real: this is what the lock is for, and the constraint is what keeps the chain whole without it."""
    monkeypatch.setattr(PolicyQuerySet, "select_for_update", lambda self: self)
    policy = factories.policy()
    results = at_once(recording(policy, "One."), recording(policy, "Other."))
    assert [type(result) for result in results].count(IntegrityError) == 1
    assert policy.versions.count() == 1


def test_both_are_recorded_and_the_second_follows_the_first(slow_writing: None) -> None:
    policy = factories.policy()
    results = at_once(recording(policy, "One."), recording(policy, "Other."))
    assert sorted(version.number for version in results) == [1, 2]
    assert list(records.problems(policy.versions.order_by("number"))) == []


def approving_while_somebody_saves(words: str) -> None:
    """Approve a draft, and save another one while the approval looks at what it publishes."""
    page = factories.policy_page()
    page.save_revision()
    page.get_workflow().start(page, None)
    lawyer = User.objects.create_superuser("owner@example.com", "a-long-password")
    seen = publication_preview.of_latest_draft(page).fingerprint

    def approve() -> None:
        client = Client()
        client.force_login(lawyer)
        client.post(f"/admin/policies/{page.pk}/review/", {"decision": "approve", "seen": seen})

    def save() -> None:
        time.sleep(0.4)
        draft = PolicyPage.objects.get().get_latest_revision_as_object()
        draft.body = [("imported", f"<p>{words}</p>")]
        draft.save_revision()

    at_once(approve, save)


def test_without_the_lock_a_lawyer_approves_what_nobody_saw(
    slow_writing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PageQuerySet, "select_for_update", lambda self: self)
    approving_while_somebody_saves("Be cruel.")
    assert PolicyVersion.objects.get().text == "Be cruel."


def test_a_lawyer_approves_what_was_shown_whatever_is_saved_meanwhile(slow_writing: None) -> None:
    approving_while_somebody_saves("Be cruel.")
    assert PolicyVersion.objects.get().text == "Be kind."
    assert PolicyPage.objects.get().latest_revision.content["body"].count("cruel") == 1


def test_two_editors_who_publish_the_same_page_at_once_make_two_versions(slow_writing: None) -> None:
    page = factories.policy_page()
    factories.publish(page)
    drafts = []
    for words in ("One.", "Other."):
        draft = PolicyPage.objects.get().get_latest_revision_as_object()
        draft.body = [("imported", f"<p>{words}</p>")]
        drafts.append(draft.save_revision())
    at_once(*(draft.publish for draft in drafts))
    policy = Policy.objects.get()
    assert policy.versions.count() == 3
    assert {version.text for version in policy.versions.all()} == {"Be kind.", "One.", "Other."}
    assert list(records.problems(policy.versions.order_by("number"))) == []
