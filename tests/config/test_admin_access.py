"""Who may do what in the admin: every URL of it, by GET and POST, as every role, is what the table says."""

import difflib
import logging
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import stripe
from django.apps import apps
from django.template.backends.django import DjangoTemplates

from tests.config import admin_access
from tests.config.admin_access import FILE, MIDDLEWARE, Answers

if apps.is_installed("store"):  # the file is read, and left out, on a site without a shop
    from tests.config import admin_rows

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class Nothing:
    """A template that renders nothing, but what the next page is to say."""

    origin = SimpleNamespace(name="")

    def render(self, context: Any = None, request: Any = None) -> str:
        return str((context or {}).get("message", ""))


@pytest.fixture
def answers(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    settings.MIDDLEWARE = MIDDLEWARE
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True
    monkeypatch.setattr(DjangoTemplates, "get_template", lambda _self, _name: Nothing())
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)
    logging.disable()  # a line for each refusal
    yield Answers()
    logging.disable(logging.NOTSET)


def test_everybody_may_do_what_the_table_says(answers: Answers) -> None:
    found = admin_access.table(admin_rows.make(), answers)
    if os.environ.get("WRITE_ADMIN_ACCESS"):
        FILE.write_text(found, encoding="utf-8")
    expected = FILE.read_text(encoding="utf-8")
    pairs = expected.splitlines(), found.splitlines()
    changes = [*difflib.unified_diff(*pairs, "the table", "the answers", n=0, lineterm="")]
    errors = [
        words for url, words in answers.crashes.items() if any(url.partition(" ")[2] in c for c in changes)
    ]
    words = ["Decide who may do that, then run scripts/write_admin_access.py.", *changes, *errors]
    assert not changes, "\n".join(words)
