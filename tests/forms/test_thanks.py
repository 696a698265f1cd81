"""What follows a message for whoever sent it: the thanks with a reference and a promise, and a copy if asked for."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from forms.fields import COPY_FIELD
from forms.models import FormField, FormPage, Submission, form_pages
from home import spam
from tests.factories import home_page
from tests.forms.building import form_page, stamp_of
from tests.forms.conftest import Send

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]

COPY = {COPY_FIELD: "on"}


def thanks(client: Client, response: HttpResponse) -> str:
    """Return the page to which a sent form leads."""
    assert response.status_code == 303
    return " ".join(client.get(response.headers["Location"]).content.decode().split())


def test_the_thanks_name_the_reference_of_the_message(send: Send, client: Client) -> None:
    html = thanks(client, send())
    submission = Submission.objects.get()
    assert f"Your reference is <strong>{submission.reference}</strong>" in html
    assert f"Reference: {submission.reference}\n" in Email.objects.get().message
    assert Submission.objects.with_reference(submission.reference).get() == submission


@pytest.mark.parametrize("message", ["", "forged", "a:b", "é", "eyJyZWZlcmVuY2UiOiJBQkNELUVGMDEifQ:x"])
def test_nobody_is_thanked_who_sent_nothing(client: Client, contact_page: FormPage, message: str) -> None:
    response = client.get("/contact/thanks/", {"message": message})
    assert (response.status_code, response.headers["Location"]) == (303, "/contact/")


def test_the_thanks_are_those_of_one_form_for_a_day(send: Send, client: Client) -> None:
    url = send().headers["Location"]
    form_page("Feedback")
    assert client.get(url.replace("contact", "feedback")).headers["Location"] == "/feedback/"
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert client.get(url).headers["Location"] == "/contact/"


def test_the_thanks_promise_an_answer_if_the_editor_does(send: Send, client: Client) -> None:
    assert "working day" not in thanks(client, send())
    FormPage.objects.update(answer_days=2)
    assert "We answer within 2 working days." in thanks(client, send(message="More"))


def test_whatever_the_database_holds_the_thanks_run_nothing(send: Send, client: Client) -> None:
    link = f'<a linktype="page" id="{home_page().pk}">Home</a>'
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)><a href='javascript:alert(3)'>x</a>"
    FormPage.objects.update(thanks_text=f"<p>Thanks {link}{bad}</p>")
    html = thanks(client, send())
    assert '<a href="/">Home</a>' in html
    assert "alert(" not in html


# --- The copy ----------------------------------------------------------------------------------------------
@pytest.fixture
def _copies(contact_page: FormPage) -> None:
    FormPage.objects.update(offers_copy=True)


@pytest.mark.both_databases
@pytest.mark.usefixtures("_copies")
def test_a_copy_goes_once_to_the_address_in_the_form(
    send: Send, client: Client, contact_page: FormPage
) -> None:
    stamp = stamp_of(contact_page)
    assert "A copy is on its way" in thanks(client, send(stamp=stamp, **COPY))
    send(stamp=stamp, **COPY)
    copy = Email.objects.get(to="visitor@example.com")
    assert Email.objects.count() == 2
    assert copy.headers["Reply-To"] == "shop@example.com"
    assert copy.subject == f"Copy of your message {Submission.objects.get().reference}"
    assert "Do you sell kettles?" in copy.message
    assert COPY_FIELD not in Submission.objects.get().form_data


@pytest.mark.usefixtures("_copies")
def test_nobody_gets_a_copy_who_did_not_ask(send: Send, client: Client) -> None:
    assert "A copy" not in thanks(client, send())
    assert Email.objects.count() == 1


@pytest.mark.usefixtures("_copies")
def test_a_copy_carries_no_link_that_a_stranger_typed(send: Send) -> None:
    typed = "Go to https://pills.example/a, www.pills.example, pills.example or me@pills.example. It is 2.50."
    send(message=typed, your_name="pills.example", **COPY)
    message = Email.objects.get(to="visitor@example.com").message
    assert "pills.example" not in message
    assert "https: //pills. example/a" in message
    assert "It is 2.50." in message
    assert typed in Email.objects.exclude(to="visitor@example.com").get().message


@pytest.mark.usefixtures("_copies")
@pytest.mark.parametrize("answers", [{spam.TRAP_FIELD: "x"}, {"message": "https://a.example " * 4}])
def test_what_looks_like_spam_gets_no_copy_and_is_promised_none(
    send: Send, client: Client, answers: dict[str, str]
) -> None:
    html = thanks(client, send(**COPY, **answers))
    assert "A copy is on its way" not in html
    assert "We could not send you a copy this time." in html
    assert not Email.objects.exists()


@pytest.mark.usefixtures("_copies")
def test_three_copies_a_day_go_to_one_address_and_no_message_is_refused_for_that(
    send: Send, client: Client
) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        for number in range(3):
            assert "A copy is on its way" in thanks(client, send(message=f"{number}", **COPY))
        for address in ("VISITOR@example.com", "visitor+9@example.com", "vis.itor@example.com"):
            assert "could not send you a copy" in thanks(client, send(message="More", e_mail=address, **COPY))
        assert "A copy is" in thanks(client, send(message="More", e_mail="another@example.com", **COPY))
    assert Submission.objects.count() == 7


@pytest.mark.usefixtures("_copies")
def test_a_double_click_is_neither_counted_nor_refused(
    send: Send, client: Client, contact_page: FormPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_pages, "LIMIT", replace(form_pages.LIMIT, most=2))
    for number in range(2):
        stamp = stamp_of(contact_page)
        for _ in range(3):
            sent = send(stamp=stamp, message=f"{number}", **COPY)
            assert "A copy is on its way" in thanks(client, sent)
    assert Email.objects.filter(to="visitor@example.com").count() == 2
    assert send(message="More").status_code == 429


def test_no_copy_is_offered_by_a_page_that_offers_none(
    client: Client, contact_page: FormPage, send: Send
) -> None:
    assert COPY_FIELD not in client.get("/contact/").content.decode()
    send(**COPY)
    assert Email.objects.count() == 1
    FormPage.objects.update(offers_copy=True)
    assert COPY_FIELD in client.get("/contact/").content.decode()
    FormField.objects.filter(page=contact_page, field_type="email").delete()
    assert COPY_FIELD not in client.get("/contact/").content.decode()


@pytest.mark.usefixtures("_copies")
def test_a_copy_needs_an_address(send: Send, contact_page: FormPage) -> None:
    FormField.objects.filter(page=contact_page, field_type="email").update(required=False)
    assert list(send(e_mail="", **COPY).context["form"].errors) == [COPY_FIELD]
