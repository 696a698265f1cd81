"""The public pages of a policy ask the database for as much with two hundred versions as with three."""

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from tests import queries
from tests.factories import policy, version
from tests.policies.public_pages import DAY, NOW, PATHS

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW):
        yield


def cold(path: str) -> int:
    client = Client()
    client.get("/")  # what is read once a process
    return queries.cold(client, f"/house-rules/{path}")


@pytest.fixture(scope="module")
def few(database_of_module: None) -> dict[str, int]:
    """Count the queries of each page with three versions, then record so many more that pages are full."""
    with time_machine.travel(NOW):
        rules = policy()
        version(rules, html="<h2 id='a'>Part</h2><p>Be kind.</p>", at=NOW - 60 * DAY)
        version(rules, html="<p>Be very kind.</p>", at=NOW - 30 * DAY)
        version(rules, html="<p>Be kindest.</p>", at=NOW + 30 * DAY)
        counted = {path: cold(path) for path in PATHS}
        for number in range(4, 201):
            version(rules, html=f"<p>Text {number}</p>", at=NOW - (300 - number) * DAY)
    return counted


def test_a_policy_that_was_shown_before_costs_no_query(few: dict[str, int], db: None) -> None:
    assert queries.warm(Client(), "/house-rules/") == 0


@pytest.mark.parametrize("path", PATHS)
def test_the_number_of_queries_does_not_grow_with_the_versions(
    few: dict[str, int], db: None, path: str
) -> None:
    assert cold(path) == few[path]
    assert few[path] <= 15
