"""Changes by SQL that the check could not see at first: where the site's own queries look away, or a statement lies."""

from datetime import UTC, timedelta

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from policies.ledger import daily_check, encoding, entries, heads, sealing
from policies.ledger.verification import Level
from policies.models import LedgerEntry, LedgerHead, LedgerStatement, Policy, PolicyVersion
from tests.factories import cookie_policy, declare_cookies, policy, version
from tests.policies.lived_site import choose
from tests.policies.verifying import DAY, HOUR, damage, seal, sql

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.every_case, pytest.mark.slow]
Type = LedgerStatement.Type


@pytest.fixture(scope="module", autouse=True)
def _site(database_of_module: None) -> None:
    declare_cookies()
    cookie_policy()
    choose()
    seal()
    assert damage() == []


def test_a_choice_that_names_no_version_is_damage() -> None:
    of = PolicyVersion.objects.get().pk
    sql("UPDATE policies_consentrecord SET notice_version_id = 999")
    assert any("name something that does not exist" in words for words in damage())
    sql("UPDATE policies_consentrecord SET notice_version_id = %s", of)  # or the database refuses at the end


def test_a_version_that_names_no_policy_is_damage() -> None:
    of = Policy.objects.get().pk
    sql("UPDATE policies_policyversion SET policy_id = 999")
    assert any("version records: 1 of them name something" in words for words in damage())
    sql("UPDATE policies_policyversion SET policy_id = %s", of)


def test_a_policy_without_a_version_is_damage() -> None:
    Policy.objects.create(pk=-1, slug="x", kind=Policy.Kind.COOKIES, title="x", language="en")
    assert "x: it has no version: it was not made by the site" in damage()


def test_an_entry_with_an_old_number_of_its_row_does_not_count_as_taken_in() -> None:
    entries.state(Type.TAKEN_IN, {"kinds": ["consent"]}, at=timezone.now())
    choose()
    sql(
        "UPDATE policies_ledgerentry SET time = %s WHERE position IS NULL AND kind = 'consent'",
        _ago(200 * DAY),
    )
    assert any("but was entered from" in words for words in damage())


def test_taking_in_is_believed_only_when_sealing_begins() -> None:
    coming = version(policy(), at=timezone.now() + DAY)
    seal()
    entries.state(Type.TAKEN_IN, {"kinds": ["withdrawal"]}, at=timezone.now())
    sql(
        "INSERT INTO policies_ledgerentry (kind, time, leaf_sha256) VALUES ('withdrawal', %s, %s)",
        _ago(60 * DAY),
        "0" * 64,
    )
    assert any("the withdrawal at position – says" in words for words in damage())
    assert coming.policy.versions.count() == 1


@pytest.mark.parametrize(
    "said", [{"before": "9999-01-01T00:00:00Z", "count": 1}, {"count": True}, {"count": -1}, {"count": "1"}]
)
def test_a_cut_off_that_no_retention_can_have_made_explains_nothing(said: dict[str, object]) -> None:
    long_ago = encoding.timestamp(timezone.now() - 30 * DAY)
    entries.state(Type.CUT_OFF, {"kind": "consent", "before": long_ago, **said}, at=timezone.now())
    sql("DELETE FROM policies_consentrecord")
    assert any("is missing; its entry is" in words for words in damage())


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S.%fZ", "%Y%m%dT%H%M%SZ"])
def test_a_cut_off_is_held_to_its_own_time_and_to_one_form_of_time(form: str) -> None:
    days = 0 if "-" in form else 30  # judged by the time of the check, or as text, both would be long ago
    before = (timezone.now().astimezone(UTC) - days * DAY).strftime(form)
    content = {"kind": "consent", "before": before, "count": 1}
    entries.state(Type.CUT_OFF, content, at=timezone.now())
    sql("DELETE FROM policies_consentrecord")
    later = timezone.now() + 60 * DAY
    found = [one.words for one in daily_check.findings(now=later)]
    assert any("is missing; its entry is" in words for words in found)


def test_entries_of_a_kind_that_no_app_had_are_damage_though_some_app_is_out() -> None:
    MigrationRecorder(connection).record_applied("an_app_of_before", "0001_initial")
    LedgerEntry.objects.create(kind="ghost", time=timezone.now(), leaf_sha256="0" * 64)
    assert any("of the kind “ghost”, which nothing on this site has" in words for words in damage())


def test_a_restore_from_a_head_that_never_was_excuses_nothing() -> None:
    kept = heads.as_document([heads.newest()])["heads"]
    sql("UPDATE policies_ledgerhead SET sha256 = %s WHERE number > 0", "1" * 64)
    content = {"here": {"number": 0, "sha256": "2" * 64}, "outside": {"number": 10**9, "sha256": "3" * 64}}
    entries.state(Type.RESTORED, content, at=timezone.now())
    assert [found.level.name for found in heads.findings(kept)] == ["DAMAGE"]


def test_a_quiet_hour_is_sealed_once() -> None:
    later = timezone.now() + 2 * HOUR
    before = LedgerHead.objects.count()
    for minutes in (0, 15, 30):
        sealing.seal_all(now=later + timedelta(minutes=minutes))
    assert LedgerHead.objects.count() == before + 1
    assert LedgerStatement.objects.get().type == Type.QUIET


def test_an_old_head_with_a_time_to_come_does_not_keep_quiet_hours_from_being_sealed() -> None:
    choose()
    seal()
    before = heads.newest().number
    sql("UPDATE policies_ledgerhead SET time = %s WHERE number = %s", _ago(-9 * DAY), before - 1)
    sealing.seal_all(now=timezone.now() + 2 * HOUR)
    assert heads.newest().number == before + 1


def test_a_head_that_claims_a_huge_batch_is_damage_and_takes_no_memory() -> None:
    head = heads.newest()
    head.last_position = 10**15
    sql(
        "UPDATE policies_ledgerhead SET last_position = %s, sha256 = %s WHERE number = %s",
        head.last_position,
        encoding.sha256(encoding.encode(head.content)),
        head.number,
    )
    assert any("an entry that it seals is missing" in words for words in damage())


def test_two_policies_of_a_kind_are_a_warning() -> None:
    version(policy("other-cookies", kind=Policy.Kind.COOKIES))
    assert damage() == []
    assert any("several policies of the kind “cookies”" in words for words in damage(Level.WARNING))


def _ago(time: timedelta) -> object:
    return connection.ops.adapt_datetimefield_value(timezone.now() - time)
