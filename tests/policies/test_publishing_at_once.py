"""Two publications of one policy at the same moment: one after the other, numbers and chain without a fork."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.utils import timezone
from wagtail.query import PageQuerySet

from home.models import User
from policies.ledger import encoding
from policies.models import Policy, PolicyPage, PolicyVersion, VersionWithdrawal
from policies.models.versions import PolicyQuerySet
from policies.versions import publication_preview, publishing, records
from tests import factories
from tests.policies.verifying import damage

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
LONG_ENOUGH = 20  # seconds, for what comes
IN_VAIN = 0.5  # for what a lock keeps from coming
Meet = Callable[[float], None]


@pytest.fixture
def meet(monkeypatch: pytest.MonkeyPatch) -> Meet:
    """Return a function that makes two writers wait for each other after they have read, so many seconds at most."""
    encode = records.encode

    def meet(seconds: float) -> None:
        barrier = threading.Barrier(2)

        def encode_together(content: dict[str, Any]) -> str:
            with suppress(threading.BrokenBarrierError):
                barrier.wait(seconds)
            return encode(content)

        monkeypatch.setattr(records, "encode", encode_together)

    return meet


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
    # As imports: of two publications at once the second is refused (test_rules_at_once.py).
    once = {"import_sha256": words}
    return lambda: factories.version(Policy.objects.get(pk=policy.pk), html=f"<p>{words}</p>", **once)


def test_without_the_lock_one_of_them_is_lost(meet: Meet, monkeypatch: pytest.MonkeyPatch) -> None:
    """The race is real: this is what the lock is for, and the constraint is what keeps the chain whole without it."""
    monkeypatch.setattr(PolicyQuerySet, "select_for_update", lambda self: self)
    policy = factories.policy()
    meet(LONG_ENOUGH)
    results = at_once(recording(policy, "One."), recording(policy, "Other."))
    assert [type(result) for result in results].count(IntegrityError) == 1
    assert policy.versions.count() == 1


def test_both_are_recorded_and_the_second_follows_the_first(meet: Meet) -> None:
    policy = factories.policy()
    meet(IN_VAIN)
    results = at_once(recording(policy, "One."), recording(policy, "Other."))
    assert sorted(version.number for version in results) == [1, 2]
    assert damage() == []


def test_two_versions_that_are_withdrawn_at_once_are_both_in_the_ledger(meet: Meet) -> None:
    policy = factories.policy()
    tomorrow = timezone.now() + timedelta(days=1)
    coming = [factories.version(policy, html=f"<p>{words}</p>", at=tomorrow) for words in ("One.", "Other.")]
    meet(IN_VAIN)
    at_once(*(partial(publishing.withdraw, version=one, by=None, reason="A test.") for one in coming))
    assert VersionWithdrawal.objects.count() == 2
    assert damage() == []


def approving_while_somebody_saves(words: str, monkeypatch: pytest.MonkeyPatch, *, seconds: float) -> None:
    """Approve a draft, and save another one after the approval has read it; the approval waits so long for that."""
    page = factories.policy_page()
    page.save_revision()
    page.get_workflow().start(page, None)
    lawyer = User.objects.create_superuser("owner@example.com", "a-long-password")
    seen = publication_preview.preview_latest_draft(page).fingerprint
    encode, read, saved = encoding.encode, threading.Event(), threading.Event()

    def encode_when_saved(content: dict[str, Any]) -> str:
        read.set()
        saved.wait(seconds)
        return encode(content)

    def approve() -> None:
        client = Client()
        client.force_login(lawyer)
        client.post(f"/admin/policies/{page.pk}/review/", {"decision": "approve", "seen": seen})

    def save() -> None:
        assert read.wait(LONG_ENOUGH)
        draft = PolicyPage.objects.get().get_latest_revision_as_object()
        draft.body = [("imported", f"<p>{words}</p>")]
        draft.save_revision()
        saved.set()

    monkeypatch.setattr(encoding, "encode", encode_when_saved)
    at_once(approve, save)


def test_without_the_lock_a_lawyer_approves_what_nobody_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PageQuerySet, "select_for_update", lambda self: self)
    approving_while_somebody_saves("Be cruel.", monkeypatch, seconds=LONG_ENOUGH)
    assert PolicyVersion.objects.get().text == "Be cruel."


def test_a_lawyer_approves_what_was_shown_whatever_is_saved_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    approving_while_somebody_saves("Be cruel.", monkeypatch, seconds=IN_VAIN)
    assert PolicyVersion.objects.get().text == "Be kind."
    assert PolicyPage.objects.get().latest_revision.content["body"].count("cruel") == 1
