"""Search engines list the text in force under the policy's own URL, and no other version, day or comparison."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from policies.models import Policy, PolicyPage
from tests import site_maps
from tests.factories import policy, policy_page, publish, version, withdraw
from tests.policies.admin_screens import dashboard
from tests.staff import signed_in

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOINDEX = '<meta name="robots" content="noindex">'


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def rules() -> Policy:
    """One past version, one in force, one announced."""
    rules = policy()
    for number, days in enumerate((-30, -10, 30), start=1):
        version(rules, html=f"<p>Text {number}.</p>", at=NOW + timedelta(days=days))
    return rules


def page(client: Client, part: str = "") -> str:
    return client.get(f"/house-rules/{part}").content.decode()


def canonical(html: str) -> list[str]:
    return re.findall(r'<link rel="canonical" href="http://[^/]+([^"]*)">', html)


def test_the_text_in_force_is_listed_under_the_policys_own_url(client: Client, rules: Policy) -> None:
    for part in ("", "versions/2/"):
        assert canonical(page(client, part)) == ["/house-rules/"]
        assert NOINDEX not in page(client, part)


@pytest.mark.parametrize(
    "part",
    ["versions/1/", "versions/3/", "on/2026-04-09/", "compare/1/2/", "compare/1/2/side-by-side/"],
)
def test_other_versions_days_and_comparisons_are_not_listed(client: Client, rules: Policy, part: str) -> None:
    assert NOINDEX in page(client, part)


def test_a_withdrawn_version_is_not_listed(client: Client, rules: Policy) -> None:
    withdraw(rules.versions.get(number=3))
    assert NOINDEX in page(client, "versions/3/")


def locations(client: Client) -> list[str]:
    return re.findall(r"<loc>http://[^/]+([^<]*)</loc>", site_maps.read(client))


def test_the_site_map_names_each_policy_in_force_once_with_the_day_of_its_text(
    client: Client, rules: Policy
) -> None:
    with time_machine.travel(NOW - timedelta(hours=1)):
        publish(policy_page("Terms"))
    assert locations(client).count("/house-rules/") == 1
    assert locations(client).count("/terms/") == 1
    sitemap = site_maps.read(client)
    assert "/house-rules/</loc><lastmod>2026-02-28</lastmod>" in sitemap


@pytest.mark.both_databases
def test_an_announced_policy_is_not_in_the_site_map_before_its_day(client: Client) -> None:
    version(policy(), at=NOW + timedelta(days=1))
    assert "/house-rules/" not in locations(client)


@pytest.mark.parametrize("fate", ["unpublish", "delete"])
def test_a_policy_stays_in_the_site_map_whatever_becomes_of_its_page_and_the_dashboard_says_so(
    client: Client, fate: str
) -> None:
    with time_machine.travel(NOW - timedelta(hours=1)):
        publish(policy_page())
    getattr(PolicyPage.objects.get(), fate)()
    cache.clear()
    assert "/house-rules/" in locations(client)
    said = dashboard(signed_in("view_policyversion", client=client))
    assert "stays public and in the site map" in said


def test_the_dashboard_is_silent_about_a_page_that_is_published(client: Client) -> None:
    with time_machine.travel(NOW - timedelta(hours=1)):
        publish(policy_page())
    assert "site map" not in dashboard(signed_in("view_policyversion", client=client))
