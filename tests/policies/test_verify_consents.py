"""`verify_policies` finds consent records that do not fit the version that was shown."""

import json
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from policies.consent import notices
from policies.consent.choices import save_choice
from policies.ledger import verification
from policies.models import ConsentRecord, PolicyVersion
from policies.versions import publishing
from tests.factories import cookie_policy, declare_cookies
from tests.policies.test_verify_policies import failure, run, sql

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def choose(method: str = "all", *categories: str) -> ConsentRecord:
    notice = notices.current(timezone.now())
    return save_choice(notice=notice, method=method, categories=categories, now=timezone.now())


@pytest.fixture(scope="module")
def choices_of_module(database_of_module: None) -> list[ConsentRecord]:
    """Have visitors choose under two versions, the second with one category more and another way of asking."""
    with time_machine.travel(timezone.now() - timedelta(days=20)):
        declare_cookies("analytics")
        declare_cookies("necessary", is_required=True)
        cookie_policy()
    with time_machine.travel(timezone.now() - timedelta(days=15)):
        earlier = choose("all")
    with time_machine.travel(timezone.now() - timedelta(days=10)):
        declare_cookies("media")
        cookie_policy()
    with time_machine.travel(timezone.now() - timedelta(days=5)):
        return [earlier, choose("all"), choose("none"), choose("chosen", "media")]


@pytest.fixture
def choices(choices_of_module: list[ConsentRecord], db: None) -> list[ConsentRecord]:
    return [ConsentRecord.objects.get(pk=record.pk) for record in choices_of_module]


def broken(record: ConsentRecord) -> str:
    """Return what it says of this record, the first that is broken."""
    said = failure(of="consent records")
    start = f"consent records: record {record.public_id} is broken: "
    assert start in said
    return said.split(start)[1].split(". Keep a copy")[0]


def change(record: ConsentRecord, column: str, value: object) -> None:
    if isinstance(value, datetime):
        value = connection.ops.adapt_datetimefield_value(value)
    sql(f"UPDATE policies_consentrecord SET {column} = %s WHERE id = %s", value, record.pk)  # noqa: S608


def test_choices_as_they_were_made_are_as_they_should_be(choices: list[ConsentRecord]) -> None:
    assert "consent records: 4, each fits the text that was shown" in run()


def test_a_choice_that_is_old_under_a_policy_that_went_on_is_as_it_should_be(
    choices: list[ConsentRecord],
) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=400)):
        assert "4, each fits" in run()


@pytest.mark.parametrize(
    "value",
    [
        {"analytics": True},  # one left out
        {"analytics": True, "media": True, "ads": True},
        {"analytics": True, "media": True, "necessary": True},
        [],
        "all",
    ],
)
def test_categories_that_were_not_asked_about_are_found(choices: list[ConsentRecord], value: object) -> None:
    change(choices[1], "choices", json.dumps(value))

    assert broken(choices[1]) == "its categories are not those that version 2 offered"


def test_a_choice_that_is_neither_yes_nor_no_is_found(choices: list[ConsentRecord]) -> None:
    change(choices[3], "choices", '{"analytics": 1, "media": "yes"}')

    assert broken(choices[3]) == "a choice is neither yes nor no"


@pytest.mark.parametrize(
    ("number", "method"), [(1, "none"), (2, "all"), (3, "all"), (3, "none"), (3, "asked")]
)
def test_a_way_of_choosing_that_does_not_give_the_choice_is_found(
    choices: list[ConsentRecord], number: int, method: str
) -> None:
    change(choices[number], "method", method)

    assert broken(choices[number]) == "its choices are not what its way of choosing gives"


def test_a_refusal_turned_into_agreement_is_found(choices: list[ConsentRecord]) -> None:
    change(choices[2], "choices", '{"analytics": true, "media": true}')

    assert broken(choices[2]) == "its choices are not what its way of choosing gives"


def test_a_record_bound_to_another_version_is_found(choices: list[ConsentRecord]) -> None:
    cookie_policy(title="Our cookies")  # the same categories, in force from now on
    change(choices[1], "notice_version_id", PolicyVersion.objects.get(number=3).pk)

    assert broken(choices[1]) == "version 3 was not in force when it was made"


def test_a_version_that_was_withdrawn_was_never_in_force(choices: list[ConsentRecord]) -> None:
    cookie_policy(
        title="Our cookies", takes_effect="later", effective_from=timezone.now() + timedelta(days=9)
    )
    announced = PolicyVersion.objects.get(number=3)
    publishing.withdraw(version=announced, by=None, reason="It was a mistake.")
    with time_machine.travel(timezone.now() + timedelta(days=20)):
        late = choose("all")  # the one before it went on
        assert "5, each fits" in run()
        change(late, "notice_version_id", announced.pk)

        assert broken(late) == "version 3 was not in force when it was made"


@pytest.mark.parametrize("days", [-7, 6])
def test_a_choice_at_a_time_at_which_the_text_did_not_hold_is_found(
    choices: list[ConsentRecord], days: int
) -> None:
    change(choices[1], "created_at", choices[1].created_at + timedelta(days=days))

    assert broken(choices[1]) == "version 2 was not in force when it was made"


def test_a_choice_after_the_text_was_replaced_is_found(choices: list[ConsentRecord]) -> None:
    change(choices[0], "created_at", choices[0].created_at + timedelta(days=10))

    assert broken(choices[0]) == "version 1 was not in force when it was made"


@pytest.mark.parametrize("longer", [timedelta(hours=5), timedelta(days=-183), timedelta(days=-200)])
def test_a_choice_that_holds_for_an_odd_time_is_found(
    choices: list[ConsentRecord], longer: timedelta
) -> None:
    change(choices[1], "expires_at", choices[1].expires_at + longer)

    assert broken(choices[1]) == "it does not hold for whole days"


def test_a_record_of_a_text_that_is_missing_is_found(choices: list[ConsentRecord]) -> None:
    change(choices[1], "notice_version_id", 12345)  # PostgreSQL takes it until the transaction ends
    said = broken(choices[1])
    change(choices[1], "notice_version_id", choices[1].notice_version_id)  # the end of the test looks at keys

    assert said == "the text that was shown is missing"


def test_a_text_that_cannot_be_read_is_damage_and_no_crash(choices: list[ConsentRecord]) -> None:
    sql("UPDATE policies_policyversion SET record = %s WHERE number = 2", "[" * 100_000)

    assert "consent records: a row cannot be read" in failure(of="consent records")


def test_many_records_cost_no_more_queries_than_few(choices: list[ConsentRecord]) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert verification.first_damaged_consent() == ""
        return len(captured)

    few = queries()
    for _ in range(30):
        choose("none")
    assert queries() == few == 2
