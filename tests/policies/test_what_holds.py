"""Whatever is edited, announced, withdrawn and rebased, each version in force holds what its editor saw and said.

A machine draws the steps and does them in the admin, as an editor would: it opens the page, chooses where the draft
begins, changes the text that it sees, and publishes. A plain model beside it knows the words of each version.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
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
from wagtail.test.utils.form_data import streamfield

from home.models import User
from policies.models import Policy, PolicyPage, PolicyVersion
from policies.versions import drafts, publishing
from policies.versions.dashboard import statuses
from tests.factories import policy_form, policy_page, publish

pytestmark = pytest.mark.both_databases

BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)
Words = tuple[str, ...]


@dataclass
class Said:
    """What an editor saw in the form when a version was published, and said of it."""

    words: Words
    summary: str
    kind: str
    effective_at: datetime


class Editing(RuleBasedStateMachine):
    """One policy, its editor, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.clock = time_machine.travel(BEGINNING, tick=False)
        self.time = self.clock.start()
        self.owner = User.objects.create_superuser("owner@example.com", "a-long-password")
        start: Words = ("one", "two", "three")
        page = policy_page(body=[("imported", f"<p>{word}</p>") for word in start])
        publish(page, summary="The first.")
        self.said = {1: Said(start, "The first.", "material", BEGINNING)}
        self.edit, self.begin = f"/admin/pages/{page.pk}/edit/", f"/admin/policies/{page.pk}/begin/"
        self.known: set[int] = set()  # announced versions that were red before their hour
        self.count = 0

    def teardown(self) -> None:
        self.clock.stop()
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    # --- What there is -------------------------------------------------------------------------------------------
    @property
    def policy(self) -> Policy:
        return Policy.objects.get()

    @property
    def pending(self) -> list[PolicyVersion]:
        return list(self.policy.versions.pending(timezone.now()))

    @property
    def red(self) -> list[PolicyVersion]:
        [status] = statuses([self.policy], now=timezone.now())
        return [coming for coming, _undone in status.undoing]

    def client(self) -> Client:
        client = Client()
        client.force_login(self.owner)
        return client

    def draft(self) -> PolicyPage | None:
        page = PolicyPage.objects.get()
        return page.get_latest_revision_as_object() if page.has_unpublished_changes else None

    # --- What happens --------------------------------------------------------------------------------------------
    @rule(hours=st.integers(1, 72))
    def let_time_pass(self, hours: int) -> None:
        self.time.shift(timedelta(hours=hours))

    @rule(
        choice=st.integers(0, 5),
        keep=st.booleans(),
        place=st.integers(0, 3),
        removes=st.booleans(),
        hours=st.sampled_from([0, 0, 5, 24, 48, 100]),
        kind=st.sampled_from(["material", "editorial"]),
        knows=st.booleans(),
        publishes=st.sampled_from([True, True, False]),
    )
    def change(self, choice: int, place: int, hours: int, kind: str, **does: bool) -> None:
        """Open the page, change a word of what is there, and publish it or save it as a draft."""
        self.time.shift(
            timedelta(minutes=1)
        )  # no two publications of a page are made in the same microsecond
        client = self.client()
        words = self.open(client, choice, keep=does["keep"])
        new = words[:place] + words[place + 1 :] if does["removes"] and len(words) > 1 else None
        words = new or (*words[:place], f"word{'x' * self.count}", *words[place:])
        moment = timezone.now() + timedelta(hours=hours) if hours else None
        self.send(client, words, moment=moment, kind=kind, **does)

    @precondition(lambda self: self.pending)
    @rule(which=st.integers(0, 5))
    def withdraw(self, which: int) -> None:
        version = self.pending[which % len(self.pending)]
        publishing.withdraw(version=version, by=None, reason="A test.")

    @precondition(lambda self: self.red)
    @rule(which=st.integers(0, 5))
    def rebase(self, which: int) -> None:
        """Rebase an announced version that is red, and publish what comes of it."""
        self.time.shift(timedelta(minutes=1))
        if not (red := self.red):
            return
        version = red[which % len(red)]
        drafts.rebase(version=version, user=self.owner)
        client = self.client()
        form = client.get(self.edit).context["form"]
        words = shown(form)
        takes_effect, moment = form["takes_effect"].value(), form["effective_from"].value()
        assert (takes_effect, timezone.make_aware(moment)) == ("later", version.effective_at)
        self.send(client, words, moment=version.effective_at, kind="material", knows=True, publishes=True)

    # --- How it is done ------------------------------------------------------------------------------------------
    def open(self, client: Client, choice: int, *, keep: bool) -> Words:
        """Open the page in the editor, choose what is asked, and return the words that the form shows."""
        answer, kept = client.get(self.edit), self.draft()
        in_force = self.policy.in_force()
        expected = texts(kept) if kept else self.said[in_force.number].words
        if answer.status_code == 302:
            options = client.get(self.begin).context["options"]
            option = options[choice % len(options)]
            sent = {"beginning": option.key, **({"keep": "yes"} if keep else {})}
            client.post(self.begin, sent)
            if not (keep and kept):
                expected = self.said[option.start.number].words
            answer = client.get(self.edit)
        assert answer.status_code == 200  # never asked twice
        words = shown(answer.context["form"])
        assert words == expected
        return words

    def send(self, client: Client, words: Words, *, moment: datetime | None, kind: str, **does: bool) -> None:
        """Publish or save; a publication that is refused changes nothing."""
        self.count += 1
        summary = f"Change {self.count}."
        stated: dict[str, Any] = {
            "body": streamfield([("imported", f"<p>{word}</p>") for word in words]),
            "change_summary": summary,
            "change_kind": kind,
            "takes_effect": "later" if moment else "now",
            "effective_from": timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else "",
        }
        values = policy_form(**stated)
        if does.get("knows"):
            values["undone_by"] = [str(version.number) for version in self.pending]
        before = list(PolicyVersion.objects.values_list("pk", "withdrawal"))
        if not does["publishes"]:
            assert client.post(self.edit, values).status_code == 302
            assert list(PolicyVersion.objects.values_list("pk", "withdrawal")) == before
            return
        answer = client.post(self.edit, {**values, "action-publish": "1"})
        newest = self.policy.versions.newest()
        if answer.status_code == 200 or newest.number in self.said:
            assert list(PolicyVersion.objects.values_list("pk", "withdrawal")) == before
            return
        self.said[newest.number] = Said(words, summary, kind, moment or timezone.now())

    # --- What is always true -------------------------------------------------------------------------------------
    @invariant()
    def each_version_says_what_its_editor_saw_and_said(self) -> None:
        for version in PolicyVersion.objects.all():
            said = self.said[version.number]
            assert tuple(version.text.split("\n")) == said.words
            assert (version.change_summary, version.change_kind) == (said.summary, said.kind)
            assert version.effective_at == said.effective_at

    @invariant()
    def what_is_in_force_changes_what_was_in_force_before_as_its_editor_saw_it(self) -> None:
        self.known |= {version.number for version in self.red}
        version = self.policy.in_force()
        before = PolicyVersion.objects.preceding(version).first()
        if before is None or version.number in self.known:
            return
        base = self.policy.versions.get(number=version.content["based_on"])
        was, now, new = (set(self.said[one.number].words) for one in (base, before, version))
        # Nothing that was put in or taken out since its editor looked is taken back, unless staff were told in red.
        assert now - was <= new
        assert not (was - now) & new

    @invariant()
    def the_public_page_shows_it(self) -> None:
        waiting, connection.run_on_commit = connection.run_on_commit, []
        for (
            _savepoints,
            function,
            _robust,
        ) in waiting:  # as the end of a request would: no example ever commits
            function()
        shown = Client().get("/house-rules/").content.decode()
        for word in self.said[self.policy.in_force().number].words:
            assert f"<p>{word}</p>" in shown


def texts(page: PolicyPage) -> Words:
    return tuple(page.render_body().text.split("\n"))


def shown(form: Any) -> Words:
    return tuple(block.value.removeprefix("<p>").removesuffix("</p>") for block in form["body"].value())


@pytest.mark.hypothesis
@pytest.mark.django_db
def test_each_version_in_force_holds_what_its_editor_saw_and_said() -> None:
    run_state_machine_as_test(
        Editing,
        settings=settings(
            max_examples=10,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
