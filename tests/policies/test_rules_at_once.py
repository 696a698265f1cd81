"""Two people who publish, announce or withdraw at the same moment: one does, and the other is told why not."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from wagtail.test.utils.form_data import streamfield

from home.models import User
from policies.models import Policy, PolicyPage, PolicyVersion, VersionWithdrawal
from policies.models.versions import PolicyQuerySet
from policies.versions import publishing
from tests import factories

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

EXPECTED = (publishing.RefusedContentError, publishing.NotWithdrawableError)


@pytest.fixture
def published() -> PolicyPage:
    """Publish a policy of one sentence."""
    factories.publish(factories.policy_page())
    return PolicyPage.objects.get()


def at_once(*actions: Callable[[], object]) -> list[object]:
    """Do all of it at the same moment; an action that is refused gives its exception."""
    barrier = threading.Barrier(len(actions))

    def run(action: Callable[[], object]) -> object:
        try:
            barrier.wait(20)
            return action()
        except EXPECTED as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as threads:
        return list(threads.map(run, actions))


def just_before_the_lock(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Let somebody else do something when the first one is about to lock the policy."""
    lock, others = PolicyQuerySet.select_for_update, [action]

    def act_and_lock(policies: PolicyQuerySet) -> PolicyQuerySet:
        if others:
            at_once(others.pop())
        return lock(policies)

    monkeypatch.setattr(PolicyQuerySet, "select_for_update", act_and_lock)


def by_form(*, ticks: list[str]) -> str:
    """Publish another word with the editor's form, and return what it answers."""
    client, page = Client(), PolicyPage.objects.get()
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    values = factories.policy_form(
        body=streamfield([("imported", "<p>Be kinder.</p>")]), **{"action-publish": "1"}
    )
    sent = {**values, "undone_by": ticks}
    return client.post(f"/admin/pages/{page.pk}/edit/", sent, follow=True).content.decode()


def announce() -> PolicyVersion:
    tomorrow = timezone.now() + timedelta(days=1)
    return factories.version(Policy.objects.get(), html="<p>Be brave.</p>", at=tomorrow)


def test_of_two_editors_who_publish_at_once_the_second_starts_again(published: PolicyPage) -> None:
    drafts = []
    for words in ("One.", "Other."):
        draft = published.get_latest_revision_as_object()
        draft.body, draft.based_on = [("imported", f"<p>{words}</p>")], PolicyVersion.objects.get()
        drafts.append(draft.save_revision())
    results = at_once(*(draft.publish for draft in drafts))
    refused = [result for result in results if isinstance(result, publishing.RefusedContentError)]
    assert len(refused) == 1
    assert "start again from version 2" in str(refused[0])
    assert PolicyVersion.objects.count() == 2
    assert (
        PolicyPage.objects.get().live_revision.as_object().render_body().text
        == Policy.objects.get().in_force().text
    )


def test_an_announcement_between_form_and_lock_is_asked_about(
    published: PolicyPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    just_before_the_lock(monkeypatch, announce)
    assert "Version 2, announced for" in by_form(ticks=[])
    assert [version.text for version in PolicyVersion.objects.all()] == ["Be kind.", "Be brave."]
    assert PolicyPage.objects.get().has_unpublished_changes


def test_a_publication_between_form_and_lock_is_not_undone(
    published: PolicyPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    just_before_the_lock(
        monkeypatch, lambda: factories.version(Policy.objects.get(), html="<p>Be quiet.</p>")
    )
    assert "start again from version 2" in by_form(ticks=[])
    assert Policy.objects.get().in_force().text == "Be quiet."


def test_without_the_question_under_the_lock_it_would_be_undone(
    published: PolicyPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race is real: this is what the second question is for."""
    just_before_the_lock(
        monkeypatch, lambda: factories.version(Policy.objects.get(), html="<p>Be quiet.</p>")
    )
    monkeypatch.setattr(publishing, "problems", lambda **of: [])
    by_form(ticks=[])
    assert Policy.objects.get().in_force().text == "Be kinder."


@pytest.mark.parametrize("attempt", range(3))
def test_what_is_withdrawn_and_replaced_at_once_is_withdrawn_once(
    published: PolicyPage, attempt: int
) -> None:
    second = announce()
    first = PolicyVersion.objects.get(number=1)
    draft = published.get_latest_revision_as_object()
    draft.body, draft.based_on, draft.replaces = [("imported", "<p>Be fair.</p>")], first, second
    replace = draft.save_revision().publish
    results = at_once(lambda: publishing.withdraw(version=second, by=None, reason="A test."), replace)
    assert len([result for result in results if isinstance(result, EXPECTED)]) == 1, attempt
    assert VersionWithdrawal.objects.count() == 1
