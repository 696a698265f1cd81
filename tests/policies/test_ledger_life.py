"""Whatever a site lives through is no damage: any sequence of what editors, visitors, staff, the worker and time do."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
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

from forms import personal_data
from forms.models import FormPage, Submission
from home.models import User
from policies.models import LedgerHead, PolicyPage, PolicyVersion
from policies.versions import publishing
from tests import factories
from tests.forms.building import form_page
from tests.policies.lived_site import HAS_SHOP, approve, choose, draft, housekeeping, person, write
from tests.policies.verifying import begin_ledger, damage, seal

pytestmark = pytest.mark.both_databases
WORDS = st.sampled_from(["kind", "brave", "calm", "wise", "fair"])
BEGINNING = datetime(2026, 3, 1, 12, tzinfo=UTC)


@contextmanager
def unless_the_clock_was_set_back() -> Iterator[None]:
    """Publish, or be refused as long as the clock says that what was published last is still to come."""
    with suppress(publishing.RefusedContentError), transaction.atomic():
        yield


class Life(RuleBasedStateMachine):
    """A site with policies, cookies, a form, a shop, people, and time."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.travelling = time_machine.travel(BEGINNING, tick=False)
        self.clock = self.travelling.start()
        self.numbers = itertools.count(1)
        begin_ledger()
        factories.declare_cookies()
        factories.cookie_policy()
        factories.publish(factories.policy_page())
        factories.publish(factories.policy_page("Privacy", kind="privacy", body=[("live_fact", "company")]))
        form_page(keep_days=30)
        if HAS_SHOP:
            factories.product(on_hand=99)
            factories.shipping()

    def teardown(self) -> None:
        self.travelling.stop()
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    @property
    def pages(self) -> list[PolicyPage]:
        self.clock.shift(timedelta(seconds=1))  # nobody publishes a page twice in one instant
        return list(PolicyPage.objects.exclude(policy__kind="cookies").order_by("pk"))

    @rule(hours=st.integers(1, 24 * 20))
    def let_time_pass(self, hours: int) -> None:
        seal()
        self.clock.shift(timedelta(hours=hours))

    @rule()
    def seal(self) -> None:
        seal()

    @rule(minutes=st.integers(-15, 15))
    def set_the_clock(self, minutes: int) -> None:
        self.clock.shift(timedelta(minutes=minutes))

    @rule(word=WORDS, hours=st.one_of(st.none(), st.integers(1, 72)))
    def publish(self, word: str, hours: int | None) -> None:
        later = timezone.now() + timedelta(hours=hours) if hours else None
        for page in self.pages[:1]:
            with unless_the_clock_was_set_back():
                factories.publish(page, body=f"<p>Be {word}.</p>", effective_from=later)

    @rule(kind=st.sampled_from(["other", "terms"]))
    def publish_as_another_kind(self, kind: str) -> None:
        for page in self.pages[:1]:
            with unless_the_clock_was_set_back():
                factories.publish(page, page_kind=kind)

    @rule(word=WORDS)
    def approve(self, word: str) -> None:
        for page in self.pages[:1]:
            editor, lawyer = (person(f"{next(self.numbers)}@example.com", name) for name in ("Ed", "Lena"))
            with unless_the_clock_was_set_back():
                approve(draft(page, f"Be {word} indeed.", user=editor), editor=editor, lawyer=lawyer)

    @rule()
    def withdraw(self) -> None:
        for version in PolicyVersion.objects.pending(timezone.now())[:1]:
            publishing.withdraw(version=version, by=None, reason="A mistake.")

    @rule(year=st.integers(2001, 2025))
    def import_one(self, year: int) -> None:
        with TemporaryDirectory() as folder:
            file = Path(folder) / f"{year}-01-02.md"
            file.write_text(f"# Old rules\n\nOf {year}.\n", encoding="utf-8")
            call_command("import_policy", str(file), page="old-rules", verbosity=0, stdout=StringIO())

    @rule(is_deep=st.booleans())
    def delete_a_policy_page(self, is_deep: bool) -> None:
        for page in self.pages[: 1 if is_deep else 0]:
            page.delete()

    @precondition(lambda self: not PolicyPage.objects.filter(slug="house-rules").exists())
    @rule(word=WORDS)
    def begin_again(self, word: str) -> None:
        self.clock.shift(timedelta(seconds=1))
        with unless_the_clock_was_set_back():
            factories.publish(factories.policy_page(body=f"<p>Be {word} anew.</p>"))

    @rule()
    def purge_revisions(self) -> None:
        call_command("purge_revisions", verbosity=0)

    @rule()
    def unpublish(self) -> None:
        for page in self.pages[:1]:
            page.unpublish()

    @rule(method=st.sampled_from(["all", "none"]))
    def choose(self, method: str) -> None:
        if PolicyVersion.objects.of_kind("cookies").in_force(timezone.now()):
            choose(method)

    @rule(varname=st.sampled_from(["media", "ads"]))
    def declare_cookies(self, varname: str) -> None:
        self.clock.shift(timedelta(seconds=1))
        factories.declare_cookies(varname, f"{varname}_{next(self.numbers)}")
        with unless_the_clock_was_set_back():
            factories.cookie_policy()

    @rule(name=st.sampled_from(["a", "b"]))
    def write(self, name: str) -> None:
        for page in FormPage.objects.all()[:1]:
            write(page, e_mail=f"{name}@example.com", message=f"{next(self.numbers)}")

    @rule(days=st.integers(7, 60))
    def keep_messages_for(self, days: int) -> None:
        FormPage.objects.update(keep_days=days)

    @rule(name=st.sampled_from(["a", "b"]))
    def erase(self, name: str) -> None:
        personal_data.erase(f"{name}@example.com")

    @rule()
    def delete_a_message(self) -> None:
        for message in Submission.objects.order_by("pk")[:1]:
            message.delete()

    @rule()
    def delete_the_form(self) -> None:
        for page in FormPage.objects.all():
            page.delete()
        form_page(f"Contact-{next(self.numbers)}")

    @rule(days=st.integers(10, 60))
    def do_the_housekeeping(self, days: int) -> None:
        housekeeping(keep_consents=days)

    @rule()
    def delete_everybody(self) -> None:
        User.objects.all().delete()

    @precondition(lambda self: HAS_SHOP)
    @rule()
    def order(self) -> None:
        factories.placed_order(privacy=PolicyVersion.objects.of_kind("privacy").in_force(timezone.now()))

    @invariant()
    def nothing_is_damaged(self) -> None:
        assert damage() == []

    @invariant()
    def heads_never_go_back(self) -> None:
        times = list(LedgerHead.objects.order_by("number").values_list("time", flat=True))
        assert times == sorted(times)


@pytest.mark.hypothesis
@pytest.mark.django_db
def test_no_life_of_a_site_is_damage() -> None:
    checked = settings(
        max_examples=8,
        stateful_step_count=15,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(Life, settings=checked)
