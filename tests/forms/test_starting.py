"""A new site: the first day asks for a way to write to the shop, and one click makes Contact and Feedback."""

import pytest
from django.test import Client

from forms.models import FormPage
from home.today import first_steps
from tests.factories import home_page
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]
URL = "/admin/messages/start/"


def is_done() -> bool:
    return next(step for step in first_steps() if step.key == "forms").is_done()


def test_one_click_makes_both_forms_once(owner: Client, client: Client) -> None:
    home_page()
    assert not is_done()
    assert "Make both pages" in owner.get(URL).content.decode()
    assert not FormPage.objects.exists()
    for _ in range(2):
        edit = owner.post(URL).headers["Location"]
    assert [*FormPage.objects.order_by("path").values_list("slug", flat=True)] == ["contact", "feedback"]
    assert owner.get(edit).status_code == 200
    assert is_done()
    for path in ("/contact/", "/feedback/"):
        assert client.get(path).status_code == 200
    assert set(FormPage.objects.values_list("to_address", flat=True)) == {"owner@example.com"}


def test_nobody_else_makes_them() -> None:
    home_page()
    clerk = signed_in("view_submission", "answer_submission")
    assert clerk.post(URL).status_code == 302
    assert not FormPage.objects.exists()
