"""The log of access: who read, searched or exported personal data, before it is shown; and the owners' report of it."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from forms.models import Submission
from home import mail_queue
from home.append_only import ImmutableRecordError
from home.models import User
from policies.models import PersonalDataAccess
from policies.personal_data import register
from policies.personal_data.access_log import KEEP, RecordedListMixin, RecordedPageMixin
from tests import queries
from tests.forms.building import form_page
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.also_without_shop]
REPORT, MAILS = "/admin/accesses/", "/admin/mails/"
Row = tuple[str, str, int]


@pytest.fixture(scope="module")
def page_of_module(database_of_module: None) -> int:
    """A form with two messages, about which two e-mails were queued."""
    page = form_page()
    for name in ("ann", "ben"):
        email = f"{name}@example.com"
        Submission.objects.create(page=page.page_ptr, form_data={"e_mail": email}, email=email)
        mail_queue.queue(to=["shop@example.com"], subject="A message", text=f"From {email}.", reply_to=email)
    return page.pk


@pytest.fixture
def messages(page_of_module: int, db: None) -> str:
    """The URL of their list."""
    return "/admin/messages/"


def rows() -> list[Row]:
    """Return what was recorded, the oldest first."""
    found = PersonalDataAccess.objects.order_by("pk").values_list("kind", "action", "count")
    return [(kind, action, count) for kind, action, count in found]


def access(**values: Any) -> PersonalDataAccess:
    given = {"by": "ann@example.com", "action": "read", "kind": "mail.queue", "count": 1, **values}
    return PersonalDataAccess.objects.create(**given)


# --- What is recorded --------------------------------------------------------------------------------------
def test_each_request_is_one_row_with_who_what_and_how_many(owner: Client, messages: str) -> None:
    email = Email.objects.get(message__contains="ann@")
    asked = {
        messages: ("forms.submissions", "read", 2),
        f"{messages}?export=csv": ("forms.submissions", "export", 2),
        f"{messages}?status=new&export=xlsx": ("forms.submissions", "export", 2),
        MAILS: ("mail.queue", "read", 2),
        f"{MAILS}results/?q=ann@": ("mail.queue", "search", 1),
        f"{MAILS}?q=nobody": ("mail.queue", "search", 0),
        f"{MAILS}inspect/{email.pk}/": ("mail.queue", "read", 1),
        "/admin/consents/?q=0": ("policies.consent", "search", 0),
    }
    for url in asked:
        assert owner.get(url).status_code == 200, url
    assert rows() == [*asked.values()]
    assert {*PersonalDataAccess.objects.values_list("by", "user__email")} == {("owner@example.com",) * 2}


def test_what_shows_nobodys_data_leaves_no_row(owner: Client, messages: str) -> None:
    for url in ("/admin/", "/admin/forms/", f"{messages}?status=spam", f"{MAILS}inspect/999/", REPORT):
        owner.get(url)
    Client().get(messages)
    assert rows() == []


def test_what_cannot_be_recorded_is_not_shown(
    owner: Client, messages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert b"ann@example.com" in owner.get(messages).content
    owner.raise_request_exception = False
    monkeypatch.setattr(PersonalDataAccess, "save", lambda *_args, **_options: 1 / 0)
    for url in (messages, f"{messages}?export=csv", MAILS):
        answer = owner.get(url)
        assert answer.status_code == 500
        assert b"ann@example.com" not in answer.content


def test_an_answer_from_the_command_line_is_recorded_by_kind(messages: str) -> None:
    for action, done in (("export", ["export"]), ("erase", ["search", "erase"])):
        call_command("personal_data", action, "ann@example.com", "--yes", stdout=io.StringIO())
        assert rows() == [(kind, one, 1) for one in done for kind in ("forms.submissions", "mail.queue")]
        assert {row.by for row in PersonalDataAccess.objects.all()} == {"command line"}
        PersonalDataAccess.objects.remove_made_before(timezone.now())
    with pytest.raises(CommandError):
        call_command("personal_data", "export", "ann@example.com", stdout=io.StringIO())
    assert rows() == []


def views_below(base: type) -> Iterator[type]:
    for view in base.__subclasses__():
        yield view
        yield from views_below(view)


def test_every_screen_that_is_recorded_names_a_kind_of_the_register(owner: Client) -> None:
    owner.get("/admin/")  # its URLs load every screen
    known = {entry.key for entry in register.registered()}
    views = [*views_below(RecordedListMixin), *views_below(RecordedPageMixin)]
    assert len(views) >= 3
    assert {view.access_kind for view in views} <= known


# --- How long it is kept -----------------------------------------------------------------------------------
def test_rows_go_after_a_year_and_in_no_other_way(messages: str) -> None:
    user = User.objects.create_user("gone@example.com")
    access(at=timezone.now() - KEEP - timedelta(hours=1))
    kept = access(at=timezone.now() - KEEP + timedelta(hours=1), user=user, by=str(user))
    out = io.StringIO()
    call_command("housekeeping", stdout=out)
    assert "policies.accesses: 1 removed (kept for 365 days)" in out.getvalue()
    for change in (kept.delete, PersonalDataAccess.objects.all().delete, kept.save):
        with pytest.raises(ImmutableRecordError):
            change()
    user.delete()
    left = PersonalDataAccess.objects.get()
    assert (left.user, left.by) == (None, "gone@example.com")


def test_the_privacy_policy_prints_it(messages: str) -> None:
    stated = {entry["key"]: entry for entry in register.as_fact()}["policies.accesses"]
    assert stated["days"] == 365
    assert "Log of who saw personal data" in stated["label"]


# --- The report --------------------------------------------------------------------------------------------
@pytest.fixture
def log(messages: str) -> User:
    """Two rows of Ann's, a month apart, and one of somebody whose account is gone."""
    ann = User.objects.create_user("ann@example.com")
    access(user=ann, at=timezone.now() - timedelta(days=30), count=41)
    access(user=ann, action="export", kind="forms.submissions", count=42)
    access(by='=HYPERLINK("x")', kind="of.another.app", count=43)
    return ann


def counts(client: Client, **query: object) -> set[str]:
    """Return the figures that the report shows."""
    answer = client.get(REPORT, query)
    assert answer.status_code == 200
    return {
        figure for figure in ("41", "42", "43") if f">{figure}<" in "".join(answer.content.decode().split())
    }


def test_owners_see_who_did_what_and_filter_it(owner: Client, log: User) -> None:
    page = owner.get(REPORT).content.decode()
    for words in ("ann@example.com", "exported", "Messages sent with a form", "of.another.app"):
        assert words in page
    assert counts(owner) == {"41", "42", "43"}
    assert counts(owner, user=log.pk) == {"41", "42"}
    assert counts(owner, kind="forms.submissions") == {"42"}
    assert counts(owner, at_to=timezone.localdate() - timedelta(days=9)) == {"41"}
    assert counts(owner, user="x", kind="x", at_from="x") == {"41", "42", "43"}


def test_what_one_account_did_in_a_row_is_one_row_with_the_sum(owner: Client, log: User) -> None:
    for minutes in (3, 2, 1):
        at = timezone.now() + timedelta(minutes=minutes)
        access(user=log, at=at, action="export", kind="forms.submissions", count=1000)
    page = " ".join(owner.get(REPORT).content.decode().split())
    assert "exported, 3 times" in page
    assert re.search(r"> ?3,?000 ?<", page)
    exported = owner.get(f"{REPORT}?export=csv").getvalue().decode()
    assert exported.count("exported") == 4, "a download has each"


def test_its_export_holds_no_formula(owner: Client, log: User) -> None:
    content = owner.get(f"{REPORT}?export=csv").getvalue().decode()
    found = {row["How many"]: row for row in csv.DictReader(io.StringIO(content))}
    assert found["43"]["Who"] == '\'=HYPERLINK("x")'
    assert found["42"]["Kind of data"] == "Messages sent with a form"


def test_nobody_else_sees_it_without_the_permission(messages: str) -> None:
    clerk = signed_in("view_submission", "view_email")
    user = User.objects.get(email="clerk@example.com")
    user.groups.add(*Group.objects.all())
    assert clerk.get(REPORT).status_code == 302
    assert REPORT not in clerk.get("/admin/").content.decode()
    user.user_permissions.add(Permission.objects.get(codename="view_personaldataaccess"))
    assert clerk.get(REPORT).status_code == 200


def test_a_long_report_asks_as_often_as_a_short_one(owner: Client, log: User) -> None:
    queries.cold(owner, REPORT)
    for_few = queries.cold(owner, REPORT)
    for _ in range(5):
        access(user=log)
    assert queries.cold(owner, REPORT) == for_few
