"""Attacks on versions and their withdrawals."""

import hashlib
from datetime import datetime, timedelta

from django.utils import timezone

from home.models import User
from policies.models import Policy, PolicyVersion, VersionWithdrawal
from policies.versions import records
from tests.factories import policy
from tests.policies.attacks.catalogue import (
    CHANGED,
    DATED_BACK,
    IS_GONE,
    NEVER_ENTERED,
    Attacks,
    in_force,
    inserted,
    moment,
    must_change,
    newest,
)
from tests.policies.lived_site import LivedSite, version_of
from tests.policies.verifying import DAY, HOUR, sql

ATTACKS = Attacks()
attack, by_sql = ATTACKS.add, ATTACKS.add_sql


# --- Withdrawals -------------------------------------------------------------------------------------------
def withdrawn(version: PolicyVersion, at: datetime, *, knowing: datetime | None = None) -> None:
    """Insert a withdrawal; who knows of the ledger gives it an entry, too."""
    row = VersionWithdrawal(
        version=version, withdrawn_at=at, withdrawn_by="Ed Person", reason="It was wrong."
    )
    inserted(row, at=knowing)


@attack("withdrawn after it had taken effect")
def version_in_force_withdrawn(site: LivedSite) -> None:
    withdrawn(in_force(site), timezone.now())


@attack(NEVER_ENTERED, again=True)
def version_in_force_withdrawn_and_dated_back(site: LivedSite) -> None:
    withdrawn(in_force(site), in_force(site).effective_at - HOUR)


@attack(DATED_BACK, again=True)
def version_in_force_withdrawn_with_an_entry_dated_back(site: LivedSite) -> None:
    at = in_force(site).effective_at - HOUR
    withdrawn(in_force(site), at, knowing=at)


@attack("its time is not that of its entry", again=True)
def version_in_force_withdrawn_with_an_entry_of_now(site: LivedSite) -> None:
    withdrawn(in_force(site), in_force(site).effective_at - HOUR, knowing=timezone.now())


@attack(NEVER_ENTERED, again=True)
def past_version_withdrawn(site: LivedSite) -> None:
    past = version_of(site.rules, 1)
    withdrawn(past, past.effective_at - HOUR)


@attack(NEVER_ENTERED, again=True)
def accepted_terms_withdrawn(site: LivedSite) -> None:
    terms = version_of(site.terms, 1)
    withdrawn(terms, terms.effective_at - HOUR)


@attack(NEVER_ENTERED)
def imported_version_withdrawn(site: LivedSite) -> None:
    old = PolicyVersion.objects.get(policy__slug="old-rules", number=2)
    withdrawn(old, old.effective_at - HOUR)


@attack(NEVER_ENTERED, again=True)
def coming_version_withdrawn(site: LivedSite) -> None:
    withdrawn(version_of(site.rules, 4), timezone.now())


by_sql("withdrawal_deleted", IS_GONE, "DELETE FROM policies_versionwithdrawal", again=True)
by_sql("withdrawal_by_another", CHANGED, "UPDATE policies_versionwithdrawal SET withdrawn_by = 'Nobody'")
by_sql("withdrawal_for_another_reason", CHANGED, "UPDATE policies_versionwithdrawal SET reason = 'x'")


@attack(CHANGED)
def withdrawal_of_another_version(site: LivedSite) -> None:
    other = version_of(site.rules, 4)
    must_change("UPDATE policies_versionwithdrawal SET version_id = %s", other.pk)


@attack(CHANGED)
def withdrawal_at_another_time(site: LivedSite) -> None:
    time = VersionWithdrawal.objects.get().withdrawn_at + timedelta(seconds=1)
    must_change("UPDATE policies_versionwithdrawal SET withdrawn_at = %s", moment(time))


# --- Versions ----------------------------------------------------------------------------------------------
def appended(after: PolicyVersion, *, knowing: bool = False, **values: object) -> PolicyVersion:
    """Insert a version whose record, hash and chain are right."""
    copied = {name: getattr(after, name) for name in ("policy", "title", "change_kind", "page")}
    times = {"effective_at": timezone.now(), "recorded_at": timezone.now()}
    version = PolicyVersion(
        number=after.number + 1,
        change_summary="Nothing to see.",
        previous_sha256=after.sha256,
        **{**copied, **times, **values},
    )
    said = {"html": "<p>Be cruel.</p>", "text": "Be cruel.", "source": {"format": "markup"}, "facts": {}}
    records.write(version, **said, author="Ed Person", publisher="Ed Person", approver="Lena Person")
    inserted(version, at=version.recorded_at if knowing else None)
    return version


@attack(NEVER_ENTERED, again=True)
def version_appended(site: LivedSite) -> None:
    appended(newest(site))


@attack("took effect before it was recorded", again=True)
def version_appended_that_took_effect_a_year_ago(site: LivedSite) -> None:
    appended(newest(site), effective_at=timezone.now() - 365 * DAY, knowing=True)


@attack("recorded in the future", again=True)
def version_appended_of_2030(site: LivedSite) -> None:
    appended(newest(site), recorded_at=timezone.now() + 1500 * DAY, knowing=True)


@attack(DATED_BACK, again=True)
def version_appended_and_dated_back(site: LivedSite) -> None:
    recorded = newest(site).recorded_at + HOUR
    appended(newest(site), recorded_at=recorded, effective_at=recorded, knowing=True)


@attack("before the version before", again=True)
def version_appended_and_dated_before_the_last(site: LivedSite) -> None:
    recorded = newest(site).recorded_at - HOUR
    appended(newest(site), recorded_at=recorded, effective_at=recorded, knowing=True)


@attack("imported into the time of version 2", again=True)
def version_imported_into_a_span_of_our_own(site: LivedSite) -> None:
    effective_at = in_force(site).effective_at + HOUR
    origin = {"import_source": "old.md", "import_sha256": "ab" * 32}
    appended(newest(site), effective_at=effective_at, knowing=True, **origin)


@attack("approver names an account")
def version_appended_with_an_approver_of_tomorrow(site: LivedSite) -> None:
    new = User.objects.create_user("new@example.com", "x", first_name="Lena", last_name="Person")
    User.objects.filter(pk=new.pk).update(date_joined=timezone.now() + DAY)
    appended(newest(site), approver=new, knowing=True)


@attack(NEVER_ENTERED, again=True)
def version_that_serves_a_script(site: LivedSite) -> None:
    appended(newest(site), title="<script>alert(1)</script>")


@attack("expected version 4", again=True)
def version_deleted_from_the_middle(site: LivedSite) -> None:
    must_change("DELETE FROM policies_versionwithdrawal")
    must_change("DELETE FROM policies_policyversion WHERE id = %s", version_of(site.rules, 3).pk)
    appended(newest(site))


@attack(IS_GONE, again=True)
def newest_version_deleted(site: LivedSite) -> None:
    must_change("DELETE FROM policies_policyversion WHERE id = %s", newest(site).pk)


@attack(IS_GONE)
def policy_deleted_with_all_its_versions(site: LivedSite) -> None:
    old = Policy.objects.get(slug="old-rules")
    must_change("DELETE FROM policies_policyversion WHERE policy_id = %s", old.pk)
    sql("UPDATE policies_policypage SET policy_id = NULL WHERE policy_id = %s", old.pk)
    must_change("DELETE FROM policies_policy WHERE id = %s", old.pk)


@attack("a row cannot be read", again=True)
def version_that_cannot_be_read(site: LivedSite) -> None:
    record = "[" * 100_000
    digest = hashlib.sha256(record.encode()).hexdigest()
    must_change(
        "UPDATE policies_policyversion SET record = %s, sha256 = %s WHERE id = %s",
        record,
        digest,
        newest(site).pk,
    )


@attack(CHANGED)
def newest_version_written_anew(site: LivedSite) -> None:
    record = newest(site).record.replace("Be fair.", "Be cruel.")
    digest = hashlib.sha256(record.encode()).hexdigest()
    must_change(
        "UPDATE policies_policyversion SET record = %s, sha256 = %s WHERE id = %s",
        record,
        digest,
        newest(site).pk,
    )


@attack(CHANGED)
def newest_version_exchanged_with_its_old_entry(site: LivedSite) -> None:
    last = newest(site)
    must_change("DELETE FROM policies_policyversion WHERE id = %s", last.pk)
    forged = appended(version_of(site.rules, 3), recorded_at=last.recorded_at)
    must_change(
        "UPDATE policies_policyversion SET ledger_entry_id = %s, ledger_salt = %s WHERE id = %s",
        last.ledger_entry_id,
        last.ledger_salt,
        forged.pk,
    )


@attack("the chain to the version before is broken")
def version_moved_to_another_policy(site: LivedSite) -> None:
    other = policy("elsewhere")
    must_change("UPDATE policies_policyversion SET policy_id = %s WHERE id = %s", other.pk, newest(site).pk)


for column, value in {
    "title": "'x'",
    "change_summary": "'x'",
    "change_kind": "'editorial'",
    "record": "'x'",
    "sha256": "'x'",
    "import_source": "'x'",
    "import_sha256": "'x'",
}.items():
    by_sql(
        f"version_with_another_{column}",
        "differs from the record" if column not in {"record", "sha256"} else "is not that of the record",
        f"UPDATE policies_policyversion SET {column} = {value} WHERE number = 2",  # noqa: S608
    )


@attack("took effect before it was recorded")
def coming_version_brought_forward(site: LivedSite) -> None:
    time = moment(newest(site).recorded_at - HOUR)
    must_change("UPDATE policies_policyversion SET effective_at = %s WHERE id = %s", time, newest(site).pk)
