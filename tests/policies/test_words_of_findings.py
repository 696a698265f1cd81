"""What the check says stands on screens and in mails: in the language of the site, with days of its time zone."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.utils import timezone, translation
from pytest_django import Settings

from policies.ledger import daily_check
from policies.models import PolicyPage
from tests.factories import cookie_policy, declare_cookies, policy_page, publish, withdraw
from tests.policies.lived_site import choose
from tests.policies.verifying import DAY, begin_ledger, damage, seal, sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def _site() -> None:
    declare_cookies()
    cookie_policy()
    choose()
    publish(policy_page())
    withdraw(publish(policy_page("Later"), effective_from=timezone.now() + DAY))


@pytest.mark.usefixtures("_site")
def test_each_finding_passes_gettext(monkeypatch: pytest.MonkeyPatch) -> None:
    for statement in (
        "DELETE FROM policies_consentrecord",
        "UPDATE policies_policyversion SET sha256 = 'x', previous_sha256 = 'y', title = 'z', number = number + 7",
        "UPDATE policies_versionwithdrawal SET withdrawn_at = '2001-01-01 00:00:00'",
        "UPDATE policies_ledgerentry SET kind = 'unknown' WHERE kind = 'withdrawal'",
        "UPDATE policies_ledgerhead SET sha256 = 'x'",
        "UPDATE policies_policypage SET kind = 'terms'",
        "UPDATE wagtailcore_page SET go_live_at = '2001-01-01 00:00:00'",
    ):
        sql(statement)
    original = translation._trans.gettext
    monkeypatch.setattr(translation._trans, "gettext", lambda words: f"«{original(words)}»")
    found = daily_check.findings(now=timezone.now())
    assert len(found) > 15
    assert [one.words for one in found if not one.words.startswith("«")] == []
    assert PolicyPage.objects.exists()


def test_times_are_those_of_the_site(settings: Settings) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    with time_machine.travel(datetime(2026, 1, 30, 20, 0, tzinfo=UTC)):
        begin_ledger()
        declare_cookies()
        cookie_policy()
        choose()
        seal()
        sql("DELETE FROM policies_consentrecord")
        [words] = damage()
    assert "one of 31 Jan 2026, 5" in words
