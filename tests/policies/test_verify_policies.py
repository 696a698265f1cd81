"""`verify_policies` finds every change that went past the models, and every fact that is no longer true."""

import hashlib
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from wagtail.models import Site

from home.models import BrandSettings
from policies.models import Policy, VersionWithdrawal
from tests.factories import policy, policy_page, publish, version

pytestmark = pytest.mark.django_db


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


def failure() -> str:
    out = StringIO()
    with pytest.raises(CommandError, match="house-rules"):
        call_command("verify_policies", stdout=out, stderr=out)
    return out.getvalue()


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


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

    said = failure()
    assert "company" in said
    assert "recipients" not in said


def test_it_sees_that_the_newest_version_is_missing(rules: Policy) -> None:
    sql("DELETE FROM policies_policyversion WHERE number = 3")

    assert "the newest version is missing" in failure()


def test_it_sees_a_withdrawal_of_a_version_that_had_begun(rules: Policy) -> None:
    begun = rules.versions.get(number=3)
    VersionWithdrawal.objects.create(
        version=begun, withdrawn_at=timezone.now(), withdrawn_by="Nobody", reason="Past the door"
    )

    assert "version 3 is broken: it was withdrawn after it had taken effect" in failure()
