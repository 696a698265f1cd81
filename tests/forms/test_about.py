"""A form says what the message is about, as the link says that led to it, and the message keeps it."""

from collections.abc import Iterator

import pytest
from django.test import Client
from post_office.models import Email
from wagtail import hooks

from forms.models import FormPage, Submission
from home import spam
from home.message_subjects import SubjectKind
from tests.forms.building import ANSWERS, stamp_of

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]

URL = "/contact/?about=thing:seven"


@pytest.fixture(autouse=True)
def _things(contact_page: FormPage) -> Iterator[None]:
    things = SubjectKind(
        "thing",
        "Thing",
        lambda key: ("7", "Mug & <b>lid</b>") if key == "seven" else None,
        lambda key: None,
        page_url=lambda key: "/mug/" if key == "7" else "",
    )
    with hooks.register_temporarily("register_message_subjects", lambda: [things]):
        yield


def test_the_form_names_it_through_errors_and_the_message_keeps_it(
    client: Client, contact_page: FormPage
) -> None:
    named = '<strong><a href="/mug/">Mug &amp; &lt;b&gt;lid&lt;/b&gt;</a></strong>'
    shown = client.get(URL).content.decode()
    assert named in shown
    assert '<a href="/contact/">Remove it</a>' in shown
    data = {**ANSWERS, spam.STAMP_FIELD: stamp_of(contact_page)}
    wrong = client.post(URL, {**data, "message": ""})
    assert wrong.status_code == 422
    assert named in wrong.content.decode()
    assert client.post(URL, data).status_code == 303
    kept = Submission.objects.get()
    assert (kept.subject_kind, kept.subject_key, kept.subject_name) == ("thing", "7", "Mug & <b>lid</b>")
    assert "ABOUT\nMug & <b>lid</b>\n" in Email.objects.get().message


@pytest.mark.parametrize(
    "about", ["thing:eight", "thing:", ":seven", "other:seven", "thing", "x" * 5000, "thing:seven" + "x" * 99]
)
def test_what_names_nothing_is_left_out(client: Client, contact_page: FormPage, about: str) -> None:
    assert "About:" not in client.get("/contact/", {"about": about}).content.decode()
    data = {**ANSWERS, spam.STAMP_FIELD: stamp_of(contact_page)}
    assert client.post(f"/contact/?about={about}", data).status_code == 303
    assert Submission.objects.get().subject_kind == ""
