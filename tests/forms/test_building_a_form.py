"""The editor's side: fields that could not work are refused with a reason, and the preview shows both pages."""

import pytest
from django.test import Client
from wagtail.test.utils.form_data import inline_formset, nested_form_data

from forms.models import FormField, FormPage
from home.models import User
from tests.factories import home_page

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


@pytest.fixture
def admin(client: Client) -> Client:
    """Sign in as an administrator."""
    client.force_login(User.objects.create_superuser("admin@example.com", "a-long-password"))
    return client


FIELD = {"field_type": "singleline", "files": "both", "largest_file": "5"}


def submitted(*fields: dict[str, str], **values: str) -> dict[str, str]:
    """Return what the editor's browser sends for a page with these fields."""
    return nested_form_data(
        {
            "title": "Callback",
            "slug": "callback",
            "intro": "",
            "thanks_text": '{"blocks": [], "entityMap": {}}',
            "from_address": "",
            "to_address": "",
            "subject": "",
            "keep_days": "30",
            "form_fields": inline_formset([{**FIELD, **field} for field in fields]),
            "comments": inline_formset([]),
            "action-publish": "1",
            **values,
        }
    )


def create_url() -> str:
    """Return where a new form page is made."""
    return f"/admin/pages/add/forms/formpage/{home_page().pk}/"


@pytest.mark.both_databases
def test_an_editor_builds_a_form(admin: Client) -> None:
    response = admin.post(create_url(), submitted({"label": "Telephone"}))
    assert response.status_code == 302
    assert FormField.objects.get().clean_name == "telephone"
    admin.logout()
    assert 'autocomplete="tel"' in admin.get("/callback/").content.decode()


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ({"label": "Submit time"}, "this one is reserved"),
        ({"label": "submit TIME"}, "this one is reserved"),
        ({"label": "?!"}, "needs a letter or a digit"),
        ({"label": "Colour", "field_type": "dropdown"}, "Enter the choices."),
        ({"label": "Colour", "field_type": "radio", "choices": "  "}, "Enter the choices."),
    ],
)
def test_a_form_field_that_could_not_work_is_refused_with_a_reason(
    admin: Client, field: dict[str, str], reason: str
) -> None:
    response = admin.post(create_url(), submitted(field))
    assert response.status_code == 200
    assert reason in response.content.decode()
    assert not FormPage.objects.exists()


FILE = {"field_type": "file", "largest_file": "11"}


@pytest.mark.parametrize(
    ("fields", "values", "reason"),
    [
        ([{"label": "One", **FILE}, {"label": "Two", **FILE}], {}, "can have 20 MB together"),
        ([{"label": "Name"}], {"offers_copy": "on"}, "Add a field for an e-mail address"),
        ([{"label": "Name"}], {"answer_days": "31"}, "less than or equal to 30"),
    ],
)
def test_what_a_page_could_not_keep_is_refused_with_a_reason(
    admin: Client, fields: list[dict[str, str]], values: dict[str, str], reason: str
) -> None:
    response = admin.post(create_url(), submitted(*fields, **values))
    assert response.status_code == 200
    assert reason in response.content.decode()
    assert not FormPage.objects.exists()


def test_an_editor_promises_an_answer_and_offers_a_copy(admin: Client) -> None:
    fields = [{"label": "E-mail", "field_type": "email"}]
    admin.post(create_url(), submitted(*fields, answer_days="2", offers_copy="on"))
    page = FormPage.objects.get()
    assert (page.answer_days, page.offers_copy) == (2, True)


def test_a_form_with_two_fields_of_one_name_is_refused(admin: Client) -> None:
    response = admin.post(create_url(), submitted({"label": "Name"}, {"label": "name"}))
    assert response.status_code == 200
    assert not FormPage.objects.exists()


@pytest.mark.parametrize("days", ["0", "-1", "4000", ""])
def test_an_invalid_retention_period_is_refused(admin: Client, days: str) -> None:
    admin.post(create_url(), submitted({"label": "Name"}, keep_days=days))
    assert not FormPage.objects.exists()


@pytest.mark.parametrize(("mode", "words"), [("form", 'name="your_name"'), ("landing", "We have it.")])
def test_the_preview_shows_both_pages(admin: Client, contact_page: FormPage, mode: str, words: str) -> None:
    revision = contact_page.save_revision()
    response = admin.get(f"/admin/pages/{contact_page.pk}/view_draft/?mode={mode}")
    assert revision.pk
    assert response.status_code == 200
    assert words in response.content.decode()


@pytest.mark.both_databases
@pytest.mark.parametrize("mode", ["form", "landing"])
def test_a_page_that_was_never_saved_can_be_previewed(admin: Client, mode: str) -> None:
    url = f"/admin/pages/add/forms/formpage/{home_page().pk}/preview/"
    assert admin.post(url, submitted({"label": "Telephone"})).json()["is_valid"]
    response = admin.get(f"{url}?mode={mode}")
    assert response.status_code == 200
    assert ("Telephone" in response.content.decode()) == (mode == "form")
