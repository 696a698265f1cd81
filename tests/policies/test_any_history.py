"""The invariants of versions as a property: any sequence of what editors, Wagtail and time can do keeps them.

A machine draws the steps; after each one every version that was ever recorded is as it was, the chain holds, and the
public address shows the version that a plain rule (written here a second time) says is in force.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from policies.models import Policy, PolicyPage, PolicyVersion
from policies.versions import publishing
from tests.factories import policy_page, publish
from tests.policies.verifying import begin_ledger, damage, seal

pytestmark = pytest.mark.both_databases

WORDS = st.sampled_from(["kind", "brave", "calm", "wise", "fair"])
HOURS = st.integers(1, 72)
BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)


class History(RuleBasedStateMachine):
    """One policy, everything that can happen to its page, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.clock = time_machine.travel(BEGINNING, tick=False)
        self.time = self.clock.start()
        begin_ledger()
        self.seen: dict[int, tuple[str, str]] = {}
        self.first = publish(policy_page())

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    @property
    def page(self) -> PolicyPage | None:
        return PolicyPage.objects.filter(policy__slug="house-rules").first()

    @property
    def has_page(self) -> bool:
        return self.page is not None

    def latest(self) -> PolicyPage:
        return self.page.get_latest_revision_as_object()

    @rule(hours=HOURS)
    def let_time_pass(self, hours: int) -> None:
        self.time.shift(timedelta(hours=hours))

    @precondition(lambda self: self.has_page)
    @rule(word=WORDS)
    def publish_now(self, word: str) -> None:
        self._tick()
        publish(self.page, body=f"<p>Be {word}.</p>")

    @precondition(lambda self: self.has_page)
    @rule(word=WORDS, hours=HOURS)
    def announce(self, word: str, hours: int) -> None:
        self._tick()
        later = timezone.now() + timedelta(hours=hours)
        publish(self.page, body=f"<p>Be {word} then.</p>", effective_from=later)

    @precondition(lambda self: self.has_page)
    @rule(word=WORDS, overwrites=st.booleans())
    def save_a_draft(self, word: str, overwrites: bool) -> None:
        draft = self.latest()
        draft.body = [("imported", f"<p>Perhaps be {word}.</p>")]
        draft.save_revision(overwrite_revision=self.page.latest_revision if overwrites else None)

    @precondition(lambda self: self.has_page and self.page.revisions.exists())
    @rule()
    def publish_the_oldest_revision_again(self) -> None:
        self._tick()
        with suppress(publishing.RefusedContentError), transaction.atomic():  # another text has held since
            self.page.revisions.order_by("created_at", "pk").first().publish()

    @rule()
    def seal(self) -> None:
        seal()

    @rule()
    def purge_revisions(self) -> None:
        call_command("purge_revisions", verbosity=0)

    @precondition(lambda self: self.has_page)
    @rule()
    def unpublish(self) -> None:
        self.page.unpublish()

    @precondition(lambda self: self.has_page)
    @rule(slug=st.sampled_from(["house-rules", "renamed-rules"]))
    def rename(self, slug: str) -> None:
        self._tick()
        publish(self.page, slug=slug)

    @precondition(lambda self: self.has_page)
    @rule()
    def move_to_the_front(self) -> None:
        self.page.move(self.page.get_parent(), pos="first-child")

    @precondition(lambda self: self.has_page)
    @rule(keeps_live=st.booleans(), number=st.integers(1, 10**9))
    def copy(self, keeps_live: bool, number: int) -> None:
        slug = f"copy-{number}"
        if not PolicyPage.objects.filter(slug=slug).exists():
            self.page.copy(update_attrs={"slug": slug, "title": "A copy"}, keep_live=keeps_live)

    @precondition(lambda self: self.has_page)
    @rule()
    def delete_the_page(self) -> None:
        self.page.delete()

    @precondition(lambda self: not self.has_page)
    @rule(word=WORDS)
    def begin_again_at_its_address(self, word: str) -> None:
        self._tick()
        publish(policy_page(body=f"<p>Be {word} anew.</p>"))

    @rule()
    def withdraw_the_next_one(self) -> None:
        pending = Policy.objects.get(slug="house-rules").versions.pending(timezone.now()).first()
        if pending is not None:
            publishing.withdraw(version=pending, by=None, reason="It was a mistake.")

    @invariant()
    def nothing_recorded_ever_changes(self) -> None:
        now = {v.number: (v.record, v.sha256) for v in self._versions()}
        assert all(now.get(number) == was for number, was in self.seen.items())
        assert list(now) == list(range(1, len(now) + 1))
        self.seen = now

    @invariant()
    def nothing_is_damaged(self) -> None:
        assert damage() == []

    @invariant()
    def the_public_reads_the_version_in_force(self) -> None:
        _end_request()
        now = timezone.now()
        begun = [v for v in self._versions() if not v.is_withdrawn and v.effective_at <= now]
        expected = max(begun, key=lambda v: (v.effective_at, v.number))
        answer = Client().get("/house-rules/")
        assert answer.status_code == 200
        assert f"Version {expected.number}" in answer.content.decode()
        assert expected.text in answer.content.decode()

    def _tick(self) -> None:
        self.time.shift(timedelta(seconds=1))  # nobody publishes a page twice in one instant

    def _versions(self) -> list[PolicyVersion]:
        found = PolicyVersion.objects.filter(policy__slug="house-rules")
        return list(found.select_related("policy", "withdrawal").order_by("number"))


def _end_request() -> None:
    """Do what waits for the commit, as the end of an editor's request would: the example itself never commits."""
    waiting, connection.run_on_commit = connection.run_on_commit, []
    for _savepoints, function, _robust in waiting:
        function()


@pytest.mark.hypothesis
@pytest.mark.django_db
def test_no_sequence_of_edits_publications_accidents_and_time_breaks_the_record() -> None:
    checked = settings(
        max_examples=8,
        stateful_step_count=12,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(History, settings=checked)
