"""`verify_policies` finds every change that went past the models, and every fact that is no longer true."""

import hashlib
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import ManagementUtility, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from wagtail import hooks
from wagtail.models import Site

from home.models import BrandSettings
from policies.ledger import daily_check
from policies.ledger.verification import Finding
from policies.models import Policy, PolicyPage, PolicyVersion, VersionWithdrawal
from policies.versions import integrity, publishing
from tests.factories import policy, policy_page, publish, version
from tests.policies.verifying import failure, run, seal, sql

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.every_case, pytest.mark.slow]


@pytest.fixture(scope="module")
def rules_of_module(database_of_module: None) -> int:
    rules = policy()
    for text in ("one", "two", "three"):
        version(rules, html=f"<p>{text}</p>", change_summary=text)
    return rules.pk


@pytest.fixture
def rules(rules_of_module: int, db: None) -> Policy:
    return Policy.objects.get(pk=rules_of_module)


def test_it_says_what_it_shows_and_what_not(rules: Policy) -> None:
    assert "0 entries are sealed under 0 head(s), and unchanged since." in run()
    assert "3 entries are not sealed yet: of those, nothing is shown." in run()
    head = seal()
    version(policy("other-rules"), html="<p>x</p>")

    said = run()
    assert "3 entries are sealed under 1 head(s), and unchanged since." in said
    assert f"The newest head is of {head.time:%Y-%m-%d %H:%M} UTC, SHA-256 {head.sha256}." in said
    assert "1 entries are not sealed yet" in said
    assert "version: 4 record(s)\nwithdrawal: 0 record(s)" in said


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE policies_policyversion SET record = replace(record, 'two', '2') WHERE number = 2", "hash"),
        ("UPDATE policies_policyversion SET sha256 = 'abc' WHERE number = 2", "hash"),
        ("UPDATE policies_policyversion SET record = '[]' WHERE number = 2", "hash"),
        ("UPDATE policies_policyversion SET title = 'x' WHERE number = 2", "title"),
        ("UPDATE policies_policyversion SET effective_at = '2001-01-01' WHERE number = 2", "effective_at"),
        ("UPDATE policies_policyversion SET change_summary = 'x' WHERE number = 2", "change_summary"),
        ("UPDATE policies_policyversion SET import_sha256 = 'x' WHERE number = 2", "imported_from"),
        ("UPDATE policies_policyversion SET previous_sha256 = 'x' WHERE number = 2", "chain"),
    ],
)
def test_a_change_by_raw_sql_is_found_and_named(rules: Policy, change: str, found: str) -> None:
    sql(change)
    said = failure()

    assert "house-rules: version 2 is broken" in said
    assert found in said


def test_a_version_that_is_missing_is_found(rules: Policy) -> None:
    sql("DELETE FROM policies_policyversion WHERE number = 2")

    assert "version 3 is broken: expected version 2" in failure()


def test_a_change_that_recomputes_its_own_hash_breaks_the_chain(rules: Policy) -> None:
    second = rules.versions.get(number=2)
    record = second.record.replace("two", "2")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE policies_policyversion SET record = %s, sha256 = %s, change_summary = '2' WHERE number = 2",
            [record, hashlib.sha256(record.encode()).hexdigest()],
        )

    assert "version 3 is broken: the chain" in failure()


def test_a_fact_that_is_no_longer_true_is_named() -> None:
    publish(policy_page(body=[("live_fact", "company"), ("live_fact", "recipients")]))
    run()
    brand = BrandSettings.for_site(Site.objects.get())
    brand.phone = "030 1234"
    brand.save()

    said = failure(code=1)
    assert "company: telephone: “030 1234” added" in said
    assert "recipients" not in said
    assert "publish a version" in said


def test_damage_is_worse_than_drift() -> None:
    publish(policy_page(body=[("live_fact", "company")]))
    brand = BrandSettings.for_site(Site.objects.get())
    brand.phone = "030 1234"
    brand.save()
    other = policy("a-rule")
    version(other)
    sql(f"UPDATE policies_policyversion SET title = 'x' WHERE policy_id = {other.pk}")  # noqa: S608

    said = failure(code=2)
    assert "a-rule: version 1 is broken" in said
    assert "house-rules: the site has moved away" in said


def test_a_fact_that_an_announced_version_states_is_said_so() -> None:
    page = policy_page(body=[("live_fact", "company")])
    publish(page)
    brand = BrandSettings.for_site(Site.objects.get())
    brand.phone = "030 1234"
    brand.save()
    publish(page, effective_from=timezone.now() + timedelta(days=2))

    assert "Version 2 says so from" in failure(code=1)


@pytest.mark.parametrize(
    "column",
    [
        field.column
        for field in PolicyVersion._meta.concrete_fields
        if field.name not in {"id", *PolicyVersion.detachable_fields}
    ],
)
def test_no_column_of_a_version_can_be_changed_unseen(rules: Policy, column: str) -> None:
    values = {
        "policy_id": str(version(policy("elsewhere")).policy_id),
        "ledger_entry_id": "NULL",
        "number": "number + 10",
        "effective_at": "'2001-01-01 00:00:00'",
        "recorded_at": "'2001-01-01 00:00:00'",
    }
    value = values.get(column, "'x'")
    sql(f"UPDATE policies_policyversion SET {column} = {value} WHERE number = 3")  # noqa: S608

    said = failure(of="Not as recorded")
    assert "is broken" in said or "is missing" in said or "not what was entered" in said or "no entry" in said


def test_a_policy_whose_slug_was_changed_by_raw_sql_is_found(rules: Policy) -> None:
    sql("UPDATE policies_policy SET slug = 'house-rules-x'")

    assert "restore the record from a backup" in failure()


def test_all_of_several_broken_records_are_named(rules: Policy) -> None:
    sql("UPDATE policies_policyversion SET title = 'x' WHERE number > 1")
    said = failure()

    assert "version 2 is broken" in said
    assert "version 3 is broken" in said


def test_the_exit_codes_reach_the_shell() -> None:
    version(policy())  # of its own: the connection is closed at the end, and what is shared would go with it
    sql("UPDATE policies_policyversion SET title = 'x'")
    with pytest.raises(SystemExit) as error:
        ManagementUtility(["manage.py", "verify_policies"]).execute()

    assert error.value.code == 2


def test_it_sees_that_the_newest_version_is_missing(rules: Policy) -> None:
    sql("DELETE FROM policies_policyversion WHERE number = 3")

    assert "version records: one of " in failure(of="version records")


def test_it_sees_a_withdrawal_of_a_version_that_had_begun(rules: Policy) -> None:
    begun = rules.versions.get(number=3)
    VersionWithdrawal.objects.create(
        version=begun, withdrawn_at=timezone.now(), withdrawn_by="Nobody", reason="Past the door"
    )

    assert "version 3 is broken: it was withdrawn after it had taken effect" in failure()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("DELETE FROM policies_versionwithdrawal", "withdrawal records: one of "),
        (
            "UPDATE policies_versionwithdrawal SET reason = 'Nobody asked'",
            "it is not what was entered into the ledger",
        ),
        (
            "UPDATE policies_versionwithdrawal SET withdrawn_by = 'Somebody else'",
            "it is not what was entered into the ledger",
        ),
    ],
)
def test_it_sees_a_withdrawal_that_was_changed_or_removed(rules: Policy, change: str, found: str) -> None:
    coming = version(rules, at=timezone.now() + timedelta(days=9), html="<p>Be wise.</p>")
    publishing.withdraw(version=coming, by=None, reason="It was a mistake – “really”.")
    call_command("verify_policies")
    sql(change)

    assert found in failure(of="withdrawal")


def test_it_sees_a_withdrawal_that_nobody_declared(rules: Policy) -> None:
    coming = version(rules, at=timezone.now() + timedelta(days=9), html="<p>Be wise.</p>")
    VersionWithdrawal.objects.create(version=coming, withdrawn_at=timezone.now(), reason="Nobody asked")

    assert "it has no entry in the ledger: it was not made by the site" in failure(of="withdrawal")


def test_a_row_that_cannot_be_read_is_damage_and_no_crash(rules: Policy) -> None:
    record = "[" * 100_000
    digest = hashlib.sha256(record.encode()).hexdigest()
    sql("UPDATE policies_policyversion SET record = %s, sha256 = %s WHERE number = 3", record, digest)

    assert "house-rules: a row cannot be read" in failure()


def test_a_version_that_is_published_meanwhile_is_no_damage(rules: Policy) -> None:
    """What is read while somebody writes may not fit together, so it is read once more."""
    as_read_before = Policy.objects.get()
    version(rules, html="<p>four</p>", title="Rules of the house")
    assert [found.words for found in integrity.findings_about(as_read_before, timezone.now(), list)] == [
        "its title is not that of version 4"
    ]
    seen: list[int] = []

    def publish_after_the_first(*_args: object) -> None:
        seen.append(1)
        if len(seen) == 1:
            version(rules, html="<p>five</p>", title="Rules of this house")

    assert daily_check.findings(now=timezone.now(), on_read=publish_after_the_first) == []
    assert len(seen) > 1


def test_only_a_check_that_found_something_is_made_again(rules: Policy) -> None:
    made: list[bool] = []

    def finds_nothing(_now: object, on_read: object) -> list[Finding]:
        made.append(True)
        return []

    sql("UPDATE policies_policyversion SET title = 'x' WHERE number = 2")
    with hooks.register_temporarily("register_record_checks", lambda: [finds_nothing]):
        [found] = daily_check.findings(now=timezone.now())
    assert "column title differs" in found.words
    assert len(made) == 1


# --- The policy's own row ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("title = 'x'", "its title is not that of version 1"),
        ("language = 'de'", "its language is not that of version 1"),
        ("kind = 'terms'", "its kind is not that of version 1"),
    ],
)
def test_a_changed_heading_of_a_policy_is_found(change: str, found: str) -> None:
    publish(policy_page())
    run()
    sql(f"UPDATE policies_policy SET {change}")  # noqa: S608

    assert f"house-rules: {found}" in failure()


def test_a_heading_that_follows_its_page_and_its_versions_is_as_it_should_be() -> None:
    page = policy_page()
    publish(page)
    publish(page, page_kind="terms")  # the text stays
    publish(page, title="Rules of the house", effective_from=timezone.now() + timedelta(days=9))
    publishing.withdraw(version=PolicyVersion.objects.get(number=3), by=None, reason="It was a mistake.")
    assert [one.content["kind"] for one in PolicyVersion.objects.order_by("number")] == [
        "other",
        "terms",
        "terms",
    ]
    assert Policy.objects.get().kind == "terms"

    assert "version: 3 record(s)" in run()


def test_policies_in_several_languages_are_as_they_should_be(settings: Settings) -> None:
    publish(policy_page())
    settings.LANGUAGE_CODE = "de"
    publish(policy_page("Hausordnung"))
    publish(PolicyPage.objects.get(slug="house-rules"), body="<p>Be wise.</p>")

    assert set(Policy.objects.values_list("language", flat=True)) == {"en-gb", "de"}
    assert "version: 3 record(s)" in run()


def test_imported_versions_are_as_they_should_be(tmp_path: Path) -> None:
    for day in ("2020-01-02", "2021-01-02", "2019-01-02"):
        file = tmp_path / f"{day}.md"
        file.write_text(f"# Rules of {day}\n\nBe kind.\n", encoding="utf-8")
        call_command("import_policy", str(file), page="house-rules", verbosity=0, stdout=StringIO())
    publish(PolicyPage.objects.get(), body="<p>Be wise.</p>", page_kind="privacy")

    assert "version: 4 record(s)" in run()


def test_a_kind_stays_with_its_versions_when_the_page_is_gone() -> None:
    page = policy_page()
    publish(page)
    publish(page, page_kind="terms")
    page.delete()
    run()
    publish(policy_page(kind="terms"), body="<p>Pay at once.</p>")
    run()

    assert Policy.objects.count() == 1


def test_publishing_what_is_in_force_already_changes_no_kind_and_is_no_damage() -> None:
    """Its page has then the text and kind of another version than the newest."""
    page = policy_page()
    publish(page)
    later = timezone.now() + timedelta(days=9)
    publish(page, body="<p>Pay at once.</p>", page_kind="terms", effective_from=later)
    publish(page, body="<p>Be kind.</p>", page_kind="other")

    assert PolicyVersion.objects.count() == 2
    assert Policy.objects.get().kind == "terms"
    run()
