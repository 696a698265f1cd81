"""The admin's list of the pages below a page: all of few, to be put into order; of many, one page of the list."""

import re

import pytest
from django.test import Client

from home import admin_lists
from home.models import ContentPage, pages
from tests.factories import home_page

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _few_to_move(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (pages, admin_lists):
        monkeypatch.setattr(module, "MOST_TO_MOVE", 5)


def add_pages(count: int) -> None:
    home = home_page()
    for number in range(count):
        home.add_child(instance=ContentPage(title=f"Page {number:03}", slug=f"page-{number}"))


def titles(client: Client, query: str = "") -> list[str]:
    response = client.get(f"/admin/pages/{home_page().pk}/{query}")
    assert response.status_code == 200
    return list(dict.fromkeys(re.findall(r"Page \d{3}", response.content.decode())))


def test_few_pages_are_all_there_to_be_put_into_another_order(owner: Client) -> None:
    add_pages(3)
    assert titles(owner) == ["Page 000", "Page 001", "Page 002"]
    assert "w-orderable" in owner.get(f"/admin/pages/{home_page().pk}/").content.decode()


def test_many_pages_are_listed_in_pages_in_the_order_of_the_site(owner: Client) -> None:
    add_pages(51)
    assert titles(owner) == [f"Page {number:03}" for number in range(50)]
    assert titles(owner, "?p=2") == ["Page 050"]


def test_no_more_pages_are_offered_to_be_moved_than_can_be_shown_at_once(owner: Client) -> None:
    add_pages(6)
    assert len(titles(owner, "?ordering=ord")) == 5
    assert len(titles(owner, "?ordering=ord&q=Page+003")) == 1
