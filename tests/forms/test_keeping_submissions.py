"""What forms hold of people: exported and erased by address, kept as long as each page says, printed as it is done."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone
from post_office.models import Email
from pytest_django import DjangoCaptureOnCommitCallbacks

from forms import personal_data
from forms.models import Attachment, FormPage, Submission, ThreadEntry
from home import mail_queue
from policies.personal_data import register
from tests.forms.building import add_field, form_page
from tests.forms.conftest import Send

pytestmark = pytest.mark.django_db


def submission(page: FormPage, *, days_ago: float = 0, **answers: object) -> Submission:
    """Make a submission of that age."""
    made = Submission.objects.create(page=page, form_data=answers)
    Submission.objects.filter(pk=made.pk).update(submit_time=timezone.now() - timedelta(days=days_ago))
    return made


def fact() -> dict[str, object]:
    """Return what the privacy policy prints about submissions."""
    return next(row for row in register.as_fact() if row["key"] == "forms.submissions")


def test_export_finds_an_address_in_any_field_and_any_case(contact_page: FormPage) -> None:
    mine = submission(contact_page, e_mail="Visitor@Example.com", message="Hello")
    submission(contact_page, e_mail="other@example.com", message="I know visitor@example.com")
    submission(contact_page, e_mail="a.visitor@example.com", number=1, colours=["visitor@example.com"])
    rows = register.export("visitor@example.COM")["forms.submissions"]
    assert [row["answers"] for row in rows] == [mine.form_data]
    assert rows[0]["page"] == "Contact"


@pytest.mark.both_databases
def test_erase_removes_only_submissions_with_the_address(contact_page: FormPage) -> None:
    submission(contact_page, e_mail="visitor@example.com")
    other = submission(contact_page, e_mail="other@example.com")
    assert personal_data.erase("VISITOR@example.com ") == 1
    assert list(Submission.objects.all()) == [other]


def test_each_page_has_its_own_period() -> None:
    short, long = form_page("Short", keep_days=30), form_page("Long", keep_days=200)
    kept = [submission(short, days_ago=29.9), submission(long, days_ago=199.9), submission(long, days_ago=31)]
    submission(short, days_ago=30.1)
    submission(long, days_ago=200.1)
    assert personal_data.expire(timezone.now()) == 2
    assert set(Submission.objects.all()) == set(kept)
    assert personal_data.expire(timezone.now()) == 0


def test_a_message_keeps_the_end_date_of_its_day_whatever_the_form_says_later(
    send: Send, contact_page: FormPage, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    photo = add_field(contact_page, "Photo", "file")
    send(**{photo: SimpleUploadedFile("a.pdf", b"%PDF-1.7")})
    message = Submission.objects.get()
    ends = timezone.now() + timedelta(days=90)
    assert abs(message.expires_at - ends) < timedelta(minutes=1)
    ThreadEntry.objects.create(submission=message, kind=ThreadEntry.Kind.NOTE, text="Ask Bea.")
    file = Attachment.objects.get().file
    FormPage.objects.update(keep_days=400)
    assert personal_data.expire(ends - timedelta(hours=1)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert personal_data.expire(ends + timedelta(hours=1)) == 1
    assert not any(
        rows.exists() for rows in (Submission.objects, ThreadEntry.objects, Attachment.objects, Email.objects)
    )
    assert not file.storage.exists(file.name)


@pytest.mark.both_databases
def test_an_address_that_only_looks_like_somebodys_gets_nothing_of_theirs(contact_page: FormPage) -> None:
    kate = submission(contact_page, e_mail="Kate@example.com")
    mail_queue.queue(to=["kate@example.com"], subject="Re: Contact", text="Dear Kate")
    assert register.export("\u212aate@example.com") == {}
    register.erase("\u212aate@example.com")
    assert Submission.objects.get() == kate
    assert {*register.export("KATE@example.com")} == {"forms.submissions", "mail.queue"}


def test_the_policy_prints_the_longest_period_and_each_page(contact_page: FormPage) -> None:
    form_page("Feedback", keep_days=400)
    assert fact()["days"] == 400
    assert fact()["what"] == (
        "With “Contact” we ask for your name, e-mail and message; kept for 90 days. "
        "With “Feedback” we ask for your name, e-mail and message; kept for 400 days."
    )


def test_housekeeping_keeps_submissions_as_long_as_the_policy_prints(contact_page: FormPage) -> None:
    days = fact()["days"]
    kept = submission(contact_page, days_ago=days - 0.01)
    submission(contact_page, days_ago=days + 0.01)
    call_command("housekeeping")
    assert list(Submission.objects.all()) == [kept]


def test_a_site_without_forms_says_so() -> None:
    assert fact()["what"] == "Nothing: the site has no form."
    assert personal_data.expire(timezone.now()) == 0
