"""The chooser of pages in the admin asks the database as often for many pages as for few."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from home.models import ContentPage
from home.page_cache import tokens
from tests.factories import home_page

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def add_pages(count: int) -> None:
    home = home_page()
    for _number in range(count):
        number = home.get_children().count()
        home.add_child(instance=ContentPage(title=f"Page {number}", slug=f"page-{number}", live=number % 2))


PATHS = ["{home}/?", "search/?q=Page&"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", ["", "page_type=home.contentpage"])
def test_the_chooser_asks_as_often_for_many_pages_as_for_few(owner: Client, path: str, kind: str) -> None:
    def asked() -> int:
        tokens.reset()
        url = f"/admin/choose-page/{path.format(home=home_page().pk)}{kind}"
        owner.get(url)  # what is looked up once a process, or after a change
        with CaptureQueriesContext(connection) as queries:
            assert b"Page 1" in owner.get(url).content
        return len(queries)

    add_pages(2)
    for_few = asked()
    add_pages(4)
    assert asked() == for_few


@pytest.mark.parametrize("path", PATHS)
def test_each_page_has_its_own_state_and_parent(owner: Client, path: str) -> None:
    home = home_page()
    scheduled = home.add_child(instance=ContentPage(title="Page soon", slug="soon", live=False))
    scheduled.save_revision(approved_go_live_at=timezone.now() + timedelta(days=1))
    home.add_child(instance=ContentPage(title="Page as it is", slug="draft", live=False))
    chooser = owner.get(f"/admin/choose-page/{path.format(home=home.pk)}")
    text = chooser.json()["html"] if "json" in chooser["Content-Type"] else chooser.content.decode()
    rows = {re.search("Page (soon|as)", row)[0]: row for row in text.split("<tr") if ">Page " in row}
    assert "Scheduled" in rows["Page soon"].title()
    assert "Scheduled" not in rows["Page as"].title()
    assert all(f'data-parent-id="{home.pk}"' in row for row in rows.values())
