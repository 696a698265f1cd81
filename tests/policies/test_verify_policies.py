"""`verify_policies` finds every change that went past the models, and every fact that is no longer true."""

import hashlib
from datetime import timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, ManagementUtility, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from wagtail.models import Site

from home.models import BrandSettings
from policies.ledger import verification
from policies.models import Policy, PolicyPage, PolicyVersion, VersionWithdrawal
from policies.versions import publishing
from tests.factories import policy, policy_page, publish, version, withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def rules() -> Policy:
    rules = policy()
    for text in ("one", "two", "three"):
        version(rules, html=f"<p>{text}</p>", change_summary=text)
    return rules


def run() -> str:
    out = StringIO()
    call_command("verify_policies", stdout=out, stderr=out)
    return out.getvalue()


def failure(code: int = 2, *, of: str = "house-rules") -> str:
    """Return what it says when it fails, with the exit code expected: 2 for damage, 1 for drift alone."""
    out = StringIO()
    with pytest.raises(CommandError, match=of) as error:
        call_command("verify_policies", stdout=out, stderr=out)
    assert error.value.returncode == code
    return out.getvalue()


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def test_it_names_every_policy_that_is_as_published(rules: Policy) -> None:
    version(policy("other-rules"), html="<p>x</p>")

    assert run() == "house-rules: 3 version(s), as published\nother-rules: 1 version(s), as published\n"


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
        "number": "number + 10",
        "effective_at": "'2001-01-01 00:00:00'",
        "recorded_at": "'2001-01-01 00:00:00'",
    }
    value = values.get(column, "'x'")
    sql(f"UPDATE policies_policyversion SET {column} = {value} WHERE number = 3")  # noqa: S608

    said = failure()
    assert "is broken" in said or "is missing" in said


@pytest.mark.parametrize("column", ["slug", "newest_sha256"])
def test_a_policy_that_was_changed_by_raw_sql_is_found(rules: Policy, column: str) -> None:
    sql(f"UPDATE policies_policy SET {column} = 'house-rules-x'")  # noqa: S608

    assert "restore the record from a backup" in failure()


def test_the_first_of_several_broken_records_is_named(rules: Policy) -> None:
    sql("UPDATE policies_policyversion SET title = 'x' WHERE number > 1")
    said = failure()

    assert "version 2 is broken" in said
    assert "version 3" not in said


def test_the_exit_codes_reach_the_shell(rules: Policy) -> None:
    sql("UPDATE policies_policyversion SET title = 'x' WHERE number = 2")
    with pytest.raises(SystemExit) as error:
        ManagementUtility(["manage.py", "verify_policies"]).execute()

    assert error.value.code == 2


def test_it_sees_that_the_newest_version_is_missing(rules: Policy) -> None:
    sql("DELETE FROM policies_policyversion WHERE number = 3")

    assert "the newest version is missing" in failure()


def test_it_sees_a_withdrawal_of_a_version_that_had_begun(rules: Policy) -> None:
    begun = rules.versions.get(number=3)
    VersionWithdrawal.objects.create(
        version=begun, withdrawn_at=timezone.now(), withdrawn_by="Nobody", reason="Past the door"
    )

    assert "version 3 is broken: it was withdrawn after it had taken effect" in failure()


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM policies_versionwithdrawal",
        "UPDATE policies_versionwithdrawal SET reason = 'Nobody asked'",
        "UPDATE policies_versionwithdrawal SET withdrawn_by = 'Somebody else'",
    ],
)
def test_it_sees_a_withdrawal_that_was_changed_or_removed(rules: Policy, change: str) -> None:
    coming = version(rules, at=timezone.now() + timedelta(days=9), html="<p>Be wise.</p>")
    publishing.withdraw(version=coming, by=None, reason="It was a mistake.")
    call_command("verify_policies")
    sql(change)

    assert "a withdrawal was added, changed or removed" in failure()


def test_it_sees_a_withdrawal_that_nobody_declared(rules: Policy) -> None:
    coming = version(rules, at=timezone.now() + timedelta(days=9), html="<p>Be wise.</p>")
    withdraw(coming)

    assert "a withdrawal was added, changed or removed" in failure()


def test_withdrawals_from_before_their_hash_was_kept_are_hashed_by_the_migration(rules: Policy) -> None:
    coming = version(rules, at=timezone.now() + timedelta(days=9), html="<p>Be wise.</p>")
    publishing.withdraw(version=coming, by=None, reason="It was a mistake – “really”.")
    Policy.objects.update(withdrawals_sha256="")
    import_module("policies.migrations.0002_legal_review").hash_withdrawals(apps, None)
    call_command("verify_policies")
    assert Policy.objects.get(pk=rules.pk).withdrawals_sha256


def test_a_row_that_cannot_be_read_is_damage_and_no_crash(rules: Policy) -> None:
    record = "[" * 100_000
    digest = hashlib.sha256(record.encode()).hexdigest()
    sql("UPDATE policies_policyversion SET record = %s, sha256 = %s WHERE number = 3", record, digest)

    assert "house-rules: a row cannot be read" in failure()


def test_a_version_that_is_published_meanwhile_is_no_damage(rules: Policy) -> None:
    as_read_before = Policy.objects.get()
    version(rules, html="<p>four</p>", title="Rules of the house")

    assert verification.first_damage(as_read_before) == ""


# --- The policy's own row ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("title = 'x'", "its title is not that of version 1"),
        ("language = 'de'", "its language is not that of version 1"),
        ("kind = 'terms'", "its kind is neither that of version 1 nor that of its page"),
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
    publish(page, page_kind="terms")  # no version: the text stays
    publish(page, title="Rules of the house", effective_from=timezone.now() + timedelta(days=9))
    publishing.withdraw(version=PolicyVersion.objects.get(number=2), by=None, reason="It was a mistake.")
    assert (Policy.objects.get().kind, PolicyVersion.objects.get(number=1).content["kind"]) == (
        "terms",
        "other",
    )

    assert run() == "house-rules: 2 version(s), as published\n"


def test_policies_in_several_languages_are_as_they_should_be(settings: Settings) -> None:
    publish(policy_page())
    settings.LANGUAGE_CODE = "de"
    publish(policy_page("Hausordnung"))
    publish(PolicyPage.objects.get(slug="house-rules"), body="<p>Be wise.</p>")

    assert set(Policy.objects.values_list("language", flat=True)) == {"en-gb", "de"}
    assert run().count("as published") == 2


def test_imported_versions_are_as_they_should_be(tmp_path: Path) -> None:
    for day in ("2020-01-02", "2021-01-02", "2019-01-02"):
        file = tmp_path / f"{day}.md"
        file.write_text(f"# Rules of {day}\n\nBe kind.\n", encoding="utf-8")
        call_command("import_policy", str(file), page="house-rules", verbosity=0, stdout=StringIO())
    publish(PolicyPage.objects.get(), body="<p>Be wise.</p>", page_kind="privacy")

    assert run() == "house-rules: 4 version(s), as published\n"


def test_a_kind_that_no_page_explains_any_more_is_a_doubt_that_publishing_ends() -> None:
    page = policy_page()
    publish(page)
    publish(page, page_kind="terms")
    page.delete()

    assert "its kind is “terms”, that of version 1 “other”" in failure(code=1)
    publish(policy_page(kind="terms"))
    run()
