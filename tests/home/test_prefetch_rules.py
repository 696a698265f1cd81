"""The rules by which browsers fetch pages ahead of a click: named by public pages, and for public pages only."""

import json
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from home.models import ContentPage
from tests.factories import home_page

pytestmark = pytest.mark.django_db

FILE = "prefetch.speculationrules"


@pytest.mark.parametrize("path", ["/", "/about/"])
def test_a_public_page_names_the_rules(client: Client, path: str) -> None:
    home_page().add_child(instance=ContentPage(title="About", slug="about", intro="Us"))
    client.get(path)  # makes the rows of the settings
    assert client.get(path).headers["Speculation-Rules"] == f'"/static/{FILE}"'


@pytest.mark.parametrize("path", ["/cookies/", "/admin/login/", "/nothing/", "/robots.txt", "/healthz/"])
def test_a_page_of_one_person_and_what_is_no_page_do_not(client: Client, path: str) -> None:
    assert "Speculation-Rules" not in client.get(path).headers


def test_browsers_take_the_file_for_rules(client: Client) -> None:
    response = client.get(f"/static/{FILE}")
    assert (response.status_code, response.headers["Content-Type"]) == (
        200,
        "application/speculationrules+json",
    )
    response.close()


def test_nothing_private_is_fetched_ahead() -> None:
    rules = json.loads(Path(str(finders.find(FILE))).read_text())["prefetch"]
    excluded = [path.removesuffix("*") for path in rules[0]["where"]["and"][1]["not"]["href_matches"]]
    private = ["/basket/add/", "/checkout/", "/orders/x/", "/account/"]
    for path in (*private, "/documents/1/a.txt", *settings.NOT_FOR_CRAWLERS):
        assert path.startswith(tuple(excluded))
    assert len(rules) == 1
