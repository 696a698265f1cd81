"""Which version holds when, and what a record is."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from policies.models import Policy, PolicyVersion
from policies.models.versions import Status
from policies.versions import records, timeline
from tests.factories import policy, version, withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_record_is_what_is_hashed_and_holds_the_hash_before() -> None:
    rules = policy()
    first = version(rules, html="<p>Größe ≠ “size”</p>", at=NOON)
    second = version(rules, html="<p>Two</p>", at=NOON + HOUR)

    assert hashlib.sha256(second.record.encode()).hexdigest() == second.sha256
    content = json.loads(second.record)
    assert content["previous_sha256"] == first.sha256
    assert json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")) == second.record
    assert "Größe" in first.record


def test_a_record_is_letter_for_letter_in_its_form() -> None:
    rules = policy(kind=Policy.Kind.TERMS)
    east = NOON.astimezone(timezone.get_fixed_timezone(120)) + timedelta(microseconds=7)
    with time_machine.travel(NOON, tick=False):
        made = version(rules, at=east, change_summary="“New”", import_source="a.md", import_sha256="b" * 64)

    assert made.record == (
        '{"approver":"","author":"","based_on":null,"change_kind":"material","change_summary":"“New”",'
        '"editorial_reason":"","effective_at":"2026-03-10T12:00:00.000007Z","facts":{},"format":3,'
        '"html":"<p>Be kind.</p>",'
        f'"imported_from":{{"name":"a.md","sha256":"{"b" * 64}"}},"kind":"terms","language":"en-gb","number":1,'
        '"policy":"house-rules","previous_sha256":"","publisher":"","recorded_at":"2026-03-10T12:00:00.000000Z",'
        '"replaces":null,"source":{"format":"test"},"text":"Be kind.","title":"House rules"}'
    )


def test_what_no_json_can_say_is_in_no_record() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        records.encode({"price": float("nan")})


def test_none_is_in_force_before_the_first() -> None:
    rules = policy()
    first = version(rules, at=NOON)

    assert rules.in_force(NOON - HOUR) is None
    assert rules.in_force(NOON) == first


def test_the_time_of_taking_effect_decides_and_not_the_number() -> None:
    rules = policy()
    late = version(rules, html="<p>late</p>", at=NOON + 2 * HOUR)
    early = version(rules, html="<p>early</p>", at=NOON + HOUR)

    assert (late.number, early.number) == (1, 2)
    assert rules.in_force(NOON + HOUR) == early
    assert rules.in_force(NOON + 2 * HOUR) == late


def test_of_two_for_the_same_moment_the_later_recorded_holds() -> None:
    rules = policy()
    version(rules, html="<p>a</p>", at=NOON)
    second = version(rules, html="<p>b</p>", at=NOON)

    assert rules.in_force(NOON) == second


def test_a_withdrawn_version_never_holds() -> None:
    rules = policy()
    first = version(rules, html="<p>a</p>", at=NOON)
    withdraw(version(rules, html="<p>b</p>", at=NOON + HOUR))

    assert rules.in_force(NOON + 2 * HOUR) == first
    assert list(rules.versions.pending(NOON)) == []


def test_the_list_names_status_and_predecessor_in_the_order_of_taking_effect() -> None:
    rules = policy()
    version(rules, html="<p>a</p>", at=NOON)
    version(rules, html="<p>b</p>", at=NOON + 3 * HOUR)
    version(rules, html="<p>c</p>", at=NOON + HOUR)
    withdraw(version(rules, html="<p>d</p>", at=NOON + 4 * HOUR))

    listed = rules.versions.listed().with_predecessor().with_status(NOON + 2 * HOUR)

    assert [(one.number, one.status, one.predecessor) for one in listed] == [
        (4, Status.WITHDRAWN, None),
        (3, Status.IN_FORCE, 1),
        (2, Status.COMING, 3),
        (1, Status.PAST, None),
    ]


def test_a_version_holds_until_the_next_takes_effect() -> None:
    rules = policy()
    first = version(rules, html="<p>a</p>", at=NOON)
    version(rules, html="<p>b</p>", at=NOON + 3 * HOUR)
    version(rules, html="<p>c</p>", at=NOON + HOUR)

    found = rules.versions.with_status(NOON + 2 * HOUR).with_end().get(pk=first.pk)

    assert found.status == Status.PAST
    assert found.valid_until == NOON + HOUR
    assert rules.in_force(NOON + 2 * HOUR).number == 3


def test_another_policy_does_not_matter() -> None:
    rules, others = policy(), policy("other-rules")
    first = version(rules, at=NOON)
    version(others, html="<p>other</p>", at=NOON + HOUR)

    found = rules.versions.with_status(NOON + 2 * HOUR).with_end().get(pk=first.pk)
    assert found.valid_until is None
    assert found.status == Status.IN_FORCE


def test_a_day_ends_at_midnight_of_the_site_and_not_of_utc() -> None:
    rules = policy()
    version(rules, html="<p>a</p>", at=NOON)
    night = version(rules, html="<p>b</p>", at=datetime(2026, 3, 10, 23, 30, tzinfo=UTC))  # 00:30 in Berlin

    before = timeline.day(rules, datetime(2026, 3, 10).date(), now=timezone.now())  # noqa: DTZ001 - a day
    after = timeline.day(rules, datetime(2026, 3, 11).date(), now=timezone.now())  # noqa: DTZ001 - a day

    assert before.version is not None
    assert before.version.number == 1
    assert after.version == night


def test_a_day_names_the_others_that_held_on_it() -> None:
    rules = policy()
    version(rules, html="<p>before</p>", at=NOON - timedelta(days=3))
    version(rules, html="<p>yesterday</p>", at=NOON - timedelta(days=1))
    version(rules, html="<p>noon</p>", at=NOON)
    version(rules, html="<p>one</p>", at=NOON + HOUR)
    version(rules, html="<p>tomorrow</p>", at=NOON + timedelta(days=1))

    day = timeline.day(rules, NOON.date(), now=NOON + timedelta(days=9))

    assert day.version is not None
    assert day.version.number == 4
    assert [other.number for other in day.others] == [2, 3]
    assert day.is_over


def test_unchanged_is_decided_by_the_version_just_before_it_in_time() -> None:
    rules = policy()
    version(rules, html="<p>a</p>", at=NOON)
    version(rules, html="<p>b</p>", at=NOON + 2 * HOUR)

    assert version(rules, html="<p>a</p>", at=NOON + HOUR) is None
    assert version(rules, html="<p>b</p>", at=NOON + HOUR) is not None
    assert PolicyVersion.objects.count() == 3


def test_what_is_not_withdrawn_is_found_without_a_join() -> None:
    """With one PostgreSQL sorts all versions for each version, whose status takes a second with a thousand."""
    assert "JOIN" not in str(PolicyVersion.objects.not_withdrawn().query)
