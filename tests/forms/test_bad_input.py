"""Bad input: a clear error at the field, what was typed is kept, nothing is stored, never a 500."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client
from post_office.models import Email

from forms.models import FormPage, Submission
from home import spam
from tests.forms.building import ANSWERS, add_field, stamp_of
from tests.forms.conftest import Send

pytestmark = pytest.mark.django_db

HUGE = "x" * 100_000


@pytest.fixture(autouse=True)
def _nothing_is_stored(db: None) -> Iterator[None]:
    """Hold every test of this file to it."""
    yield
    assert not Submission.objects.exists()
    assert not Email.objects.exists()


def errors_of(response: HttpResponse) -> dict[str, list[str]]:
    """Return the errors of a refused form: field → messages."""
    assert response.status_code == 422
    return response.context["form"].errors


@pytest.mark.parametrize("name", ["your_name", "e_mail", "message"])
@pytest.mark.parametrize("value", ["", "   ", "nul\x00byte", HUGE])
def test_the_error_summary_links_to_the_wrong_field(send: Send, name: str, value: str) -> None:
    response = send(**{name: value})
    assert list(errors_of(response)) == [name]
    html = response.content.decode()
    assert f'href="#id_{name}"' in html
    assert 'role="alert" tabindex="-1" autofocus' in html


@pytest.mark.parametrize(
    "address",
    [
        "visitor",
        "a@b",
        f"{'a' * 250}@example.com",
        "a@b.com\nBcc: c@d.com",
        "a@b,c@d.com",
        '"a\x0cBcc:c@d.com"@example.com',
        '"a\x01b"@example.com',
        '"a\\\x7fb"@example.com',
    ],
)
def test_an_invalid_email_address_is_refused(send: Send, address: str) -> None:
    assert list(errors_of(send(e_mail=address))) == ["e_mail"]


def test_answers_are_still_in_the_form_after_an_error(send: Send) -> None:
    html = send(e_mail="visitor").content.decode()
    assert "Do you sell kettles?" in html
    assert 'value="A visitor"' in html


def test_markup_in_an_answer_is_escaped_after_an_error(send: Send) -> None:
    html = send(e_mail="visitor", message="<script>alert(1)</script>").content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in html


def test_the_error_is_in_the_title(send: Send) -> None:
    assert "<title>Error: Contact" in send(message="").content.decode()


@pytest.mark.parametrize(
    ("field_type", "value"),
    [
        ("singleline", "x" * 256),
        ("multiline", "x" * 5001),
        ("url", f"https://example.com/{'x' * 2000}"),
        ("url", "javascript:alert(1)"),
        ("number", "NaN"),
        ("number", "1e999999999"),
        ("number", "9" * 21),
        ("date", "2026-02-30"),
        ("date", HUGE),
        ("datetime", "yesterday"),
        ("dropdown", "Blue"),
        ("radio", "\x00"),
        ("checkboxes", "Blue"),
        ("multiselect", HUGE),
        ("hidden", HUGE),
        ("hidden", "a\u202eb"),
        ("singleline", "a\x1bb"),
        ("multiline", "a\u202eb"),
        ("url", "https://example.com/\u2066"),
        ("phone", "call me"),
        ("phone", "12\x00"),
        ("phone", "1" * 41),
        ("rating", "6"),
        ("rating", HUGE),
    ],
)
def test_every_type_of_field_has_its_limits(
    send: Send, contact_page: FormPage, field_type: str, value: str
) -> None:
    name = add_field(contact_page, "Extra", field_type, required=True, choices="Red\nGreen")
    response = send(**{name: value})
    assert list(errors_of(response)) == [name]
    assert not any(HUGE in message for message in response.context["form"].errors[name])


def test_a_field_that_came_twice_is_refused(client: Client, contact_page: FormPage) -> None:
    data = [*ANSWERS.items(), ("message", "another"), (spam.STAMP_FIELD, stamp_of(contact_page))]
    response = client.post("/contact/", urlencode(data), content_type="application/x-www-form-urlencoded")
    assert errors_of(response) == {"message": ["This came more than once. Please answer it once."]}


def test_a_stamp_that_came_twice_is_refused(client: Client, contact_page: FormPage) -> None:
    stamps = [(spam.STAMP_FIELD, stamp_of(contact_page))] * 2
    body = urlencode([*ANSWERS.items(), *stamps])
    response = client.post("/contact/", body, content_type="application/x-www-form-urlencoded")
    assert list(errors_of(response)) == ["__all__"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"your_name=%00&e_mail=%ff%fe&message=%ed%a0%80", "application/x-www-form-urlencoded"),
        (b'{"your_name": 1}', "application/json"),
        (b"garbage", "text/plain"),
    ],
)
def test_a_body_that_is_no_form_is_refused_like_an_empty_one(
    client: Client, contact_page: FormPage, body: bytes, content_type: str
) -> None:
    assert "your_name" in errors_of(client.post("/contact/", body, content_type=content_type))


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"a=" + b"x" * 3_000_000, "application/x-www-form-urlencoded", 413),
        (b"a=1&" * 10_001, "application/x-www-form-urlencoded", 400),
        (b"a=1", "application/x-www-form-urlencoded; charset=latin-1", 400),
        (b"nonsense", "multipart/form-data; boundary=", 400),
    ],
)
def test_a_body_that_no_form_could_send_is_refused(
    client: Client, contact_page: FormPage, body: bytes, content_type: str, status: int
) -> None:
    assert client.post("/contact/", body, content_type=content_type).status_code == status
