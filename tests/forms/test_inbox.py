"""The inbox: who may read and delete messages, how one is found, and an export that runs nowhere as a formula."""

import csv
import importlib
import io
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook
from pytest_django import DjangoCaptureOnCommitCallbacks

from forms.models import Attachment, FormPage, Submission, ThreadEntry
from home.models import User
from policies.ledger import sealing
from tests.forms.building import add_field, form_page, sent
from tests.forms.conftest import Send
from tests.queries import warm

pytestmark = pytest.mark.django_db
Status = Submission.Status
INBOX = "/admin/messages/"


def signed_in(client: Client, *groups: str, **fields: bool) -> User:
    """Sign in as somebody of these groups."""
    user = User.objects.create_user("staff@example.com", "a-long-password", **fields)
    user.groups.set(Group.objects.filter(name__in=groups))
    client.force_login(user)
    return user


def listed(client: Client, **query: str) -> list[str]:
    """Return what the messages of the list say."""
    response = client.get(f"{INBOX}?{urlencode(query)}")
    assert response.status_code == 200
    return [row.form_data["message"] for row in response.context["object_list"]]


def exported(client: Client, **query: str) -> list[dict[str, str]]:
    """Return the rows of the CSV export."""
    response = client.get(f"{INBOX}?{urlencode({**query, 'export': 'csv'})}")
    return list(csv.DictReader(io.StringIO(response.getvalue().decode())))


# --- Who may ---------------------------------------------------------------------------------------------
def test_an_editor_of_the_form_page_cannot_read_its_messages(client: Client, contact_page: FormPage) -> None:
    message = sent(contact_page)
    file = Attachment.objects.create(submission=message, field="file", name="a.pdf", size=1)
    signed_in(client, "Editors")
    assert client.get(f"/admin/pages/{contact_page.pk}/edit/").status_code == 200
    one = f"{INBOX}{message.pk}/"
    paths = ("results/", f"inspect/{message.pk}/", f"{message.pk}/proof/", f"{message.pk}/files/{file.pk}/")
    for path in (INBOX, f"{INBOX}?export=csv", *(f"{INBOX}{path}" for path in paths), one):
        assert client.get(path).status_code in {302, 404}, path
    assert client.post(f"{INBOX}delete/?selected={message.pk}").status_code == 302
    assert Submission.objects.exists()


def test_customer_service_reads_and_answers_without_editing_pages(
    client: Client, contact_page: FormPage
) -> None:
    sent(contact_page)
    user = signed_in(client, "Customer service")
    assert user.has_perm("forms.answer_submission")
    assert listed(client) == ["Do you sell kettles?"]
    assert client.get(f"{INBOX}results/").status_code == 200
    assert client.get(f"/admin/pages/{contact_page.pk}/edit/").status_code == 302


def test_each_right_can_be_given_to_a_group(client: Client) -> None:
    signed_in(client, is_superuser=True)
    html = client.get("/admin/groups/new/").content.decode()
    for codename in ("view_submission", "answer_submission", "delete_submission"):
        permission = Permission.objects.get(codename=codename, content_type__app_label="forms")
        assert f'value="{permission.pk}"' in html


def test_groups_that_read_messages_may_answer_them_after_an_upgrade(db: None) -> None:
    migration = importlib.import_module("forms.migrations.0007_who_answers")
    readers, others = Group.objects.create(name="Readers"), Group.objects.create(name="Others")
    readers.permissions.add(Permission.objects.get(codename="view_submission"))
    migration.let_readers_answer(apps, None)
    assert readers.permissions.filter(codename="answer_submission").exists()
    assert not others.permissions.exists()


@pytest.mark.both_databases
def test_several_messages_are_deleted_with_their_files_by_those_who_may(
    client: Client,
    contact_page: FormPage,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    gone, kept = [sent(contact_page), sent(contact_page)], sent(contact_page, message="Thank you.")
    file = Attachment.objects.create(
        submission=gone[0], field="file", name="a.pdf", size=1, file=ContentFile(b"a", "a.pdf")
    )
    url = f"{INBOX}delete/?selected={gone[0].pk}&selected={gone[1].pk}&selected=x&selected={2**63 - 1}"
    user = signed_in(client, "Customer service")
    assert "Delete the chosen" not in client.get(INBOX).content.decode()
    assert client.post(url).status_code == 302
    assert Submission.objects.count() == 3
    user.user_permissions.add(Permission.objects.get(codename="delete_submission"))
    assert "Delete the chosen" in client.get(INBOX).content.decode()
    assert "Delete 2 messages" in client.get(url).content.decode()
    assert Submission.objects.count() == 3
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(url).status_code == 302
    assert [*Submission.objects.all()] == [kept]
    assert not file.file.storage.exists(file.file.name)
    assert "No message is chosen" in client.get(f"{INBOX}delete/").content.decode()


def test_staff_who_read_messages_get_the_proof_of_one(
    send: Send, client: Client, contact_page: FormPage
) -> None:
    send()
    message = Submission.objects.get()
    url = f"{INBOX}{message.pk}/proof/"
    assert client.get(url).status_code == 302
    signed_in(client, "Customer service")
    assert f'href="{url}"' in client.get(f"{INBOX}inspect/{message.pk}/").content.decode()
    assert client.get(url).status_code == 409
    sealing.seal(now=timezone.now())
    answer = client.get(url)
    assert answer.json()["entry"]["content"]["message"] == str(message.token)
    assert "kettles" not in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert client.get(f"{INBOX}999/proof/").status_code == 404


@pytest.mark.parametrize("path", ["", "results/", "delete/"])
def test_wagtails_lists_lead_to_the_inbox(client: Client, contact_page: FormPage, path: str) -> None:
    signed_in(client, "Customer service")
    old = f"/admin/forms/submissions/{contact_page.pk}/{path}"
    assert client.get(old)["Location"] == f"{INBOX}?page={contact_page.pk}"
    assert client.get("/admin/forms/")["Location"] == INBOX


# --- The list --------------------------------------------------------------------------------------------
@pytest.mark.also_without_shop
@pytest.mark.both_databases
def test_the_list_begins_with_what_waits_for_an_answer(client: Client, contact_page: FormPage) -> None:
    for status in Status:
        sent(contact_page, message=status.label, status=status)
    sent(contact_page, message="Newer", email="other@example.com")
    signed_in(client, "Customer service")
    assert listed(client) == ["Newer", "To answer"]
    assert listed(client, status="spam") == ["Spam"]
    assert len(listed(client, status="all")) == len(listed(client, page=str(contact_page.pk))) == 5
    assert listed(client, status="nonsense") == ["Newer", "To answer"]
    page = client.get(INBOX)
    assert "Page 1 of" not in page.content.decode()
    tabs = page.context["view"].tabs
    assert [tab["count"] for tab in tabs] == ["2", "1", "1", "1", ""]
    tabs = client.get(INBOX, {"assigned": "me"}).context["view"].tabs
    assert {tab["count"] for tab in tabs} == {""}, "a tab counts what it leads to"


def test_what_waits_for_longer_than_the_form_promises_is_late(contact_page: FormPage) -> None:
    FormPage.objects.update(answer_days=2)
    message = sent(contact_page)

    def is_late(day: str, **changes: object) -> bool:
        Submission.objects.filter(pk=message.pk).update(**changes)
        with time_machine.travel(f"2026-11-{day}T12:00Z", tick=False):
            return Submission.objects.get().is_late

    friday = datetime(2026, 11, 27, 9, tzinfo=UTC)
    found = [is_late(day, submit_time=friday, heard_at=None) for day in ("27", "30")]
    assert found == [False, False], "two days of the week later are Tuesday"
    assert is_late("30", submit_time=friday - timedelta(days=1)) is False
    assert is_late("30", submit_time=friday - timedelta(days=2)) is True
    assert is_late("30", heard_at=friday) is False, "it waits since the last answer"
    assert is_late("30", heard_at=None, status=Status.ANSWERED) is False
    FormPage.objects.update(answer_days=None)
    assert is_late("30", status=Status.NEW) is False


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "query", ["jos", "JOSÉ", "visitor@ex", "kettle", 'say "now"', "Enamel", "on monday", "REFERENCE", "refer"]
)
def test_a_message_is_found_by_its_reference_and_by_words(
    client: Client, contact_page: FormPage, query: str
) -> None:
    answers = {"your_name": "José JOSÉ", "message": 'A kettle: say "now"?'}
    wanted = sent(contact_page, form_data=answers, subject_name="Enamel mug", status=Status.DONE)
    ThreadEntry.objects.create(submission=wanted, kind="note", text="Comes on Monday")
    sent(contact_page, message="Pans", email="other@example.com", form_data={"message": "Pans"})
    signed_in(client, "Customer service")
    asked = {"REFERENCE": wanted.reference, "refer": wanted.reference.lower().replace("-", " ")}.get(query)
    assert listed(client, q=asked or query) == [answers["message"]]


@pytest.mark.parametrize("query", ["your_name", "%", "\\", "0000-0000", "\N{COMBINING ACUTE ACCENT}", "'"])
def test_what_no_message_says_finds_none(client: Client, contact_page: FormPage, query: str) -> None:
    sent(contact_page)
    signed_in(client, "Customer service")
    assert listed(client, q=query) == []
    assert 'href="/admin/messages/">Clear the search</a>' in " ".join(
        client.get(INBOX, {"q": query}).content.decode().split()
    )


@pytest.mark.both_databases
def test_messages_are_filtered_by_form_staff_subject_and_day(client: Client, contact_page: FormPage) -> None:
    user = signed_in(client, "Customer service")
    mine = sent(contact_page, message="Mine", assigned_to=user)
    about = sent(form_page("Feedback"), message="Mug", subject_kind="product", subject_key="MUG")
    Submission.objects.filter(pk=mine.pk).update(submit_time=timezone.now() - timedelta(days=9))
    assert listed(client, assigned="me") == ["Mine"]
    assert listed(client, assigned="nobody") == ["Mug"]
    assert listed(client, page=str(about.page_id)) == ["Mug"]
    assert listed(client, about="product:MUG") == ["Mug"]
    assert listed(client, about="product:PAN") == []
    day = timezone.localdate() - timedelta(days=9)
    assert listed(client, submit_time_from=str(day), submit_time_to=str(day)) == ["Mine"]


@pytest.mark.both_databases
def test_the_list_asks_as_much_for_many_messages(client: Client, contact_page: FormPage) -> None:
    user = signed_in(client, "Customer service")
    sent(contact_page)
    asked = warm(client, INBOX)
    for number in range(5):
        sent(contact_page, assigned_to=user, email=f"visitor{number}@example.com")
    assert warm(client, INBOX) == asked


def test_an_empty_list_says_why(client: Client, contact_page: FormPage) -> None:
    signed_in(client, "Customer service")
    assert "Nobody has written yet." in client.get(INBOX).content.decode()
    sent(contact_page, status=Status.DONE)
    assert "No message waits for an answer." in client.get(INBOX).content.decode()


# --- The export ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_the_export_holds_no_formula(client: Client, contact_page: FormPage, start: str) -> None:
    contact_page.form_fields.filter(clean_name="e_mail").update(label="=1+1")
    sent(contact_page, form_data={"your_name": f"{start}1+1", "message": [f"{start}A1"], "e_mail": "a@b.c"})
    signed_in(client, is_superuser=True)
    [row] = exported(client, page=str(contact_page.pk))
    assert (row["Your name"], row["Message"]) == (f"'{start}1+1", f"'{start}A1")
    assert row["'=1+1"] == "a@b.c"


def test_the_export_has_the_answers_of_each_form(client: Client, contact_page: FormPage) -> None:
    feedback = form_page("Feedback")
    add_field(feedback, "Stars", "rating")
    sent(contact_page, status=Status.DONE)
    sent(feedback, form_data={"stars": "4", "colour": "=red", "empty": ""}, rating=4)
    signed_in(client, is_superuser=True)
    newest, oldest = exported(client, status="all")
    assert (oldest["Contact: Message"], oldest["Feedback: Stars"]) == ("Do you sell kettles?", "")
    assert (newest["Contact: Message"], newest["Feedback: Stars"], newest["Rating"]) == ("", "4", "4")
    assert (oldest["Status"], oldest["E-mail address"]) == ("Done", "visitor@example.com")
    assert (oldest["Other answers"], newest["Other answers"]) == ("", "colour: =red"), "no field asks it now"


def test_control_characters_do_not_break_the_workbook(client: Client, contact_page: FormPage) -> None:
    sent(contact_page, message="a\x0bb\x01c =1+1")
    signed_in(client, is_superuser=True)
    response = client.get(f"{INBOX}?export=xlsx&page={contact_page.pk}")
    sheet = load_workbook(io.BytesIO(response.getvalue())).active
    assert "abc =1+1" in {cell.value for cell in sheet[2]}
