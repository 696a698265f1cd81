"""A site that has lived for two months: every kind of record that the ledger knows, sealed under many heads."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path

import time_machine
from django.apps import apps
from django.core.management import call_command
from django.http import QueryDict
from django.test import override_settings
from django.utils import timezone
from wagtail.log_actions import LogContext

from forms import personal_data as messages
from forms.models import FormPage, Submission
from home import spam
from home.models import User
from policies.consent import notices
from policies.consent import personal_data as consents
from policies.consent.choices import save_choice
from policies.models import ConsentRecord, PolicyPage, PolicyVersion
from policies.versions import publishing
from tests import factories
from tests.forms.building import ANSWERS, form_page
from tests.policies.verifying import HOUR, begin_ledger, seal

HAS_SHOP = apps.is_installed("store")


def choose(method: str = "all", *categories: str) -> ConsentRecord:
    """Choose as a visitor does."""
    now = timezone.now()
    notice = notices.current(now)
    assert notice is not None
    return save_choice(notice=notice, method=method, categories=categories, now=now)


def write(page: FormPage, *, version: PolicyVersion | None = None, **answers: str) -> Submission:
    """Send a message as a visitor does."""
    stamp = spam.new_stamp(page_id=page.pk, version_id=version.pk if version else None)
    sent = QueryDict(mutable=True)
    sent.update({**ANSWERS, **answers, spam.STAMP_FIELD: stamp.signed()})
    form = page.get_form(sent, page=page)
    form.is_valid()  # reads the stamp, whose age is no matter here
    return page.process_form_submission(form)


def approve(page: PolicyPage, *, editor: User, lawyer: User) -> PolicyVersion:
    """Submit the newest draft, and approve and publish it as a lawyer."""
    state = page.get_workflow().start(page, editor)
    task_state = state.current_task_state
    with LogContext(user=lawyer):
        task_state.task.specific.on_action(task_state, lawyer, "approve", comment="")
    return PolicyPage.objects.get(pk=page.pk).policy.versions.newest()


def draft(page: PolicyPage, words: str, *, user: User) -> PolicyPage:
    """Save another text as a draft, with all that it takes to publish it."""
    page = PolicyPage.objects.get(pk=page.pk).get_latest_revision_as_object()
    page.body = [("imported", f"<p>{words}</p>")]
    page.change_summary, page.change_kind, page.takes_effect = "What changed.", "material", "now"
    page.start_from_what_holds()
    page.undone_by = list(page.policy.versions.values_list("number", flat=True)) if page.policy else []
    page.save_revision(user=user)
    return page


def person(email: str, name: str) -> User:
    return User.objects.create_superuser(email, "a-long-password", first_name=name, last_name="Person")


@contextmanager
def two_months_ago() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now() - timedelta(days=60), tick=False) as clock:
        yield clock


class LivedSite:
    """Two months of a site's life, and what attackers look for in it. All of it is sealed.

    The rules have the versions 1, 2 (approved), 3 (withdrawn), 4 (coming); privacy, which shows live facts, and terms
    1 and 2. Among the consents are all, none, chosen.
    """

    def __init__(self, folder: Path) -> None:
        with two_months_ago() as self.clock:
            begin_ledger()
            self.editor, self.lawyer = person("ed@example.com", "Ed"), person("law@example.com", "Lena")
            self._publish()
            self._approve_and_import(folder)
            self._visit()
            self._change()
            self._clean_up()
        for page in (self.privacy, self.terms, self.rules):
            page.refresh_from_db()

    def _later(self, **duration: float) -> None:
        self.clock.shift(HOUR / 4)
        seal()
        self.clock.shift(timedelta(**duration))

    def _publish(self) -> None:
        factories.declare_cookies("necessary", is_required=True)
        factories.declare_cookies("analytics")
        factories.cookie_policy()
        self.choice_that_expires = choose("none")
        self._later(days=1)
        self.privacy = factories.policy_page(
            "Privacy policy", kind="privacy", body=[("live_fact", "company"), ("imported", "<p>Little.</p>")]
        )
        self.terms = factories.policy_page("Terms", kind="terms", body="<p>Pay.</p>")
        self.rules = factories.policy_page()
        for page in (self.privacy, self.terms, self.rules):
            factories.publish(page, user=self.editor)
        self._later(days=1)

    def _approve_and_import(self, folder: Path) -> None:
        self.contact = form_page(keep_days=30)
        write(self.contact, version=version_of(self.privacy, 1), message="An early one")
        approve(draft(self.rules, "Be very kind.", user=self.editor), editor=self.editor, lawyer=self.lawyer)
        for year in ("2019", "2020"):
            file = folder / f"{year}-01-02.md"
            file.write_text(f"# Old rules\n\nOf {year}.\n", encoding="utf-8")
            call_command("import_policy", str(file), page="old-rules", verbosity=0, stdout=StringIO())
        self._later(days=10)

    def _visit(self) -> None:
        factories.declare_cookies("media")
        factories.cookie_policy()
        self._later(hours=2)
        self.consents = [choose("all"), choose("none"), choose("chosen", "media")]
        if HAS_SHOP:
            factories.product()
            self._order(1)
        self._later(days=10)

    def _order(self, number: int) -> None:
        factories.placed_order(terms=version_of(self.terms, number), privacy=version_of(self.privacy, number))

    def _change(self) -> None:
        body = [("live_fact", "company"), ("imported", "<p>Less.</p>")]
        factories.publish(self.privacy, body=body, user=self.editor)
        factories.publish(self.terms, body="<p>Pay at once.</p>", user=self.editor)
        day = timezone.now() + timedelta(days=99)
        coming = factories.publish(self.rules, body="<p>Be wise.</p>", effective_from=day)
        publishing.withdraw(version=coming, by=self.lawyer, reason="Not yet.")
        self._later(days=2)
        factories.publish(self.rules, body="<p>Be fair.</p>", effective_from=day)
        self.messages = [
            write(self.contact, version=version_of(self.privacy, 2), message=f"{n}") for n in range(3)
        ]
        if HAS_SHOP:
            self._order(2)
        self._later(days=12)

    def _clean_up(self) -> None:
        housekeeping()
        self.messages.pop().delete()
        self._later(hours=1)


def housekeeping(*, keep_consents: int = 30) -> None:
    """Remove what was kept long enough."""
    with override_settings(CONSENT_RECORD_DAYS=keep_consents):
        consents.expire(timezone.now())
    messages.expire(timezone.now())


def version_of(page: PolicyPage, number: int) -> PolicyVersion:
    return PolicyVersion.objects.get(policy__pages=page.pk, number=number)
