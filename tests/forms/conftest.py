"""A contact form, and a way to send it that passes the spam guard, as a person would."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from forms.models import FormPage
from home import spam
from tests.forms.building import ANSWERS, form_page, stamp_of

Send = Callable[..., HttpResponse]


@pytest.fixture(scope="module")
def contact_page_of_module(database_of_module: None) -> int:
    return form_page(intro="Ask us anything.", thanks_text="<p>We have it.</p>").pk


@pytest.fixture
def contact_page(contact_page_of_module: int, db: None) -> FormPage:
    return FormPage.objects.get(pk=contact_page_of_module)


@pytest.fixture
def send(client: Client, contact_page: FormPage) -> Send:
    """Return a function that sends the contact form: keyword arguments replace answers, `stamp` the stamp."""

    def _send(*, stamp: str | None = None, **answers: Any) -> HttpResponse:
        data = {**ANSWERS, **answers, spam.STAMP_FIELD: stamp_of(contact_page) if stamp is None else stamp}
        return client.post("/contact/", data)

    return _send
