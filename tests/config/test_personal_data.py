"""Answering a request about one's data: everything about an address, and nothing about anybody else."""

import io
import json

import pytest
from axes.models import AccessAttempt
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from post_office.models import Email
from wagtail import hooks
from wagtail.log_actions import log

from forms.models import Submission
from home import mail_queue
from home.models import User
from policies.personal_data import register
from tests.factories import home_page

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.every_case]

ADDRESS = "visitor@example.com"


@pytest.fixture(autouse=True)
def _data_of_two_people(db: None) -> None:
    for address in (ADDRESS, "other@example.com"):
        Submission.objects.create(page=home_page().page_ptr, form_data={"e_mail": address})
        mail_queue.queue(to=["shop@example.com"], subject="x", text=f"From {address}.", reply_to=address)
        AccessAttempt.objects.create(username=address, user_agent=address, failures_since_start=1)


def command(*args: str) -> str:
    """Run the command and return what it printed."""
    out = io.StringIO()
    call_command("personal_data", *args, stdout=out)
    return out.getvalue()


def test_export_prints_everything_about_an_address_as_json() -> None:
    found = json.loads(command("export", "Visitor@Example.com"))
    assert set(found) == {"forms.submissions", "mail.queue", "sign-in.attempts"}
    assert "other@example.com" not in json.dumps(found)


def test_export_changes_nothing() -> None:
    command("export", ADDRESS)
    assert Submission.objects.count() == Email.objects.count() == AccessAttempt.objects.count() == 2


def test_erase_removes_it_and_nothing_else() -> None:
    printed = command("erase", ADDRESS, "--yes")
    assert "forms.submissions: 1 erased" in printed
    assert Submission.objects.get().form_data == {"e_mail": "other@example.com"}
    assert Email.objects.get().headers["Reply-To"] == "other@example.com"
    assert AccessAttempt.objects.get().username == "other@example.com"
    with pytest.raises(CommandError, match="Nothing is held"):
        command("export", ADDRESS)


@pytest.mark.parametrize("answer", ["", "n", "no"])
def test_erase_asks_first(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: answer)
    with pytest.raises(CommandError, match="Nothing was erased"):
        command("erase", ADDRESS)
    assert Submission.objects.count() == 2


def test_erase_takes_yes_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: "y")
    command("erase", ADDRESS)
    assert Submission.objects.count() == 1


def test_erase_is_all_or_nothing() -> None:
    def fail(_email: str) -> int:
        raise ZeroDivisionError

    last = register.PersonalData(key="z.last", label="", what="", purpose="", keep=lambda: None, erase=fail)
    with (
        hooks.register_temporarily("register_personal_data", lambda: [last]),
        pytest.raises(ZeroDivisionError),
    ):
        command("erase", ADDRESS, "--yes")
    assert Submission.objects.count() == Email.objects.count() == 2


@pytest.mark.parametrize("action", ["export", "erase"])
@pytest.mark.parametrize("address", ["nobody@example.com", "itor@example.com", "visitor@example.co"])
def test_an_unknown_address_is_said_to_be_unknown(action: str, address: str) -> None:
    with pytest.raises(CommandError, match=f"Nothing is held about {address}") as error:
        command(action, address, "--yes")
    assert error.value.returncode == 1


@pytest.mark.parametrize("address", ["", "visitor", "a@b c", "%@example.com%"])
def test_erase_refuses_an_invalid_address(address: str) -> None:
    with pytest.raises(CommandError):
        command("erase", address, "--yes")
    assert Submission.objects.count() == 2


def test_staff_are_exported_but_kept() -> None:
    user = User.objects.create_user("staff@example.com", "a-long-password", first_name="Shop")
    user.groups.add(Group.objects.get(name="Editors"))
    log(home_page(), "wagtail.edit", user=user)
    found = json.loads(command("export", "STAFF@example.com"))
    assert found["staff.accounts"][0]["groups"] == ["Editors"]
    assert found["staff.log"][0]["action"] == "wagtail.edit"
    assert "staff.accounts: kept." in command("erase", "staff@example.com", "--yes")
    assert User.objects.filter(pk=user.pk).exists()


@pytest.mark.parametrize(
    ("text", "is_mentioned"),
    [
        ("visitor@example.com", True),
        ("Write to VISITOR@EXAMPLE.COM.", True),
        ("<visitor@example.com>, other@example.com", True),
        ("a.visitor@example.com", False),
        ("visitor@example.com.au", False),
        ("visitor@example.community", False),
        ("visitor@exampleXcom", False),
    ],
)
def test_an_address_is_not_a_part_of_another(text: str, is_mentioned: bool) -> None:
    assert register.mentions(text, ADDRESS) == is_mentioned


# Registered, or known to hold nothing of a visitor's. A new table is to be registered, not to be added here.
KNOWN_TABLES_WITH_ADDRESSES = {
    "axes.AccessAttempt",
    "axes.AccessFailureLog",
    "axes.AccessLog",
    "home.User",
    "store.FindLink",
    "store.Offer",
    "store.Order",
    "post_office.Email",
    "post_office.Log",  # goes with its e-mail
    "home.BrandSettings",  # the trader's own address, public
    "forms.FormPage",  # the shop's own addresses
    "forms.Submission",
    "forms.ThreadEntry",  # the mail of a reply
}


def test_no_table_with_an_address_is_forgotten() -> None:
    words = ("email", "ip_address", "username", "phone")
    found = {
        model._meta.label
        for model in apps.get_models()
        for field in model._meta.local_fields
        if any(word in field.name for word in words) or field.get_internal_type() == "GenericIPAddressField"
    }
    assert found - KNOWN_TABLES_WITH_ADDRESSES == set()
