"""Every change by raw SQL that somebody could want is damage: one who knows nothing of the ledger, and one who does.

Of the second kind only what no care can hide: what is dated back, and what contradicts a seal. That somebody with the
database enters something new, dated now, cannot be told from the site's own work; nor can a chain that was sealed
anew, but by a head that was kept outside.
"""

import hashlib
import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from forms.models import Submission
from home.models import User
from policies.ledger import encoding, entries, heads, merkle, sealing
from policies.models import (
    ConsentRecord,
    LedgerEntry,
    LedgerHead,
    LedgerStatement,
    Policy,
    PolicyVersion,
    VersionWithdrawal,
)
from policies.models.ledger import LedgeredModel
from policies.versions import records
from tests.factories import policy, policy_page, publish
from tests.policies import lived_site
from tests.policies.lived_site import HAS_SHOP, LivedSite, version_of
from tests.policies.verifying import DAY, HOUR, damage, failure, run, seal, sql

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.slow]

Attack = Callable[[LivedSite], object]
NEVER_ENTERED = "no entry in the ledger"
CHANGED = "not what was entered"
IS_GONE = "is missing; its entry is"
DATED_BACK = "but was entered from"


@pytest.fixture(scope="module")
def site_of_module(database_of_module: None, tmp_path_factory: pytest.TempPathFactory) -> LivedSite:
    return LivedSite(tmp_path_factory.mktemp("old-rules"))


@pytest.fixture
def site(site_of_module: LivedSite, db: None) -> LivedSite:
    return site_of_module


@dataclass(frozen=True)
class Case:
    """An attack, and a word of what the check says of it."""

    name: str
    attack: Attack
    said: str


CASES: list[Case] = []


def attack(said: str) -> Callable[[Attack], Attack]:
    """Add an attack to the list, under its name."""

    def add(function: Attack) -> Attack:
        CASES.append(Case(function.__name__, function, said))
        return function

    return add


def by_sql(name: str, said: str, *statements: str) -> None:
    """Add an attack that is plain SQL."""
    CASES.append(Case(name, lambda _site: [_must_change(statement) for statement in statements], said))


def _must_change(statement: str, *values: object) -> None:
    assert sql(statement, *values), "the attack changed nothing"


def moment(time: datetime) -> object:
    return connection.ops.adapt_datetimefield_value(time)


def test_the_site_as_it_has_lived_is_whole(site: LivedSite) -> None:
    assert damage(least=0) == []
    assert "entries are sealed under" in run()
    assert {head.number for head in LedgerHead.objects.all()} == set(range(LedgerHead.objects.count()))


def test_each_attack_is_seen_before_and_after_the_next_sealing(site: LivedSite, case: Case) -> None:
    with transaction.atomic():
        case.attack(site)
        assert case.said in failure(2, of="Not as recorded")
        with suppress(DatabaseError, sealing.LedgerDamagedError, ValueError), transaction.atomic():
            seal()
        assert case.said in failure(2, of="Not as recorded")
        transaction.set_rollback(True)


# --- Withdrawals -------------------------------------------------------------------------------------------
def withdrawn(version: PolicyVersion, at: datetime, *, knowing: datetime | None = None) -> None:
    """Insert a withdrawal; who knows of the ledger gives it an entry, too."""
    row = VersionWithdrawal(
        version=version, withdrawn_at=at, withdrawn_by="Ed Person", reason="It was wrong."
    )
    inserted(row, at=knowing)


def inserted(row: LedgeredModel, *, at: datetime | None) -> None:
    if at is not None:
        entries.enter(row, at=at)
    type(row)._base_manager.bulk_create([row])


def in_force(site: LivedSite) -> PolicyVersion:
    version = site.rules.policy.in_force()
    assert version.number == 2
    return version


@attack("withdrawn after it had taken effect")
def version_in_force_withdrawn(site: LivedSite) -> None:
    withdrawn(in_force(site), timezone.now())


@attack(NEVER_ENTERED)
def version_in_force_withdrawn_and_dated_back(site: LivedSite) -> None:
    withdrawn(in_force(site), in_force(site).effective_at - HOUR)


@attack(DATED_BACK)
def version_in_force_withdrawn_with_an_entry_dated_back(site: LivedSite) -> None:
    at = in_force(site).effective_at - HOUR
    withdrawn(in_force(site), at, knowing=at)


@attack("its time is not that of its entry")
def version_in_force_withdrawn_with_an_entry_of_now(site: LivedSite) -> None:
    withdrawn(in_force(site), in_force(site).effective_at - HOUR, knowing=timezone.now())


@attack(NEVER_ENTERED)
def past_version_withdrawn(site: LivedSite) -> None:
    past = version_of(site.rules, 1)
    withdrawn(past, past.effective_at - HOUR)


@attack(NEVER_ENTERED)
def accepted_terms_withdrawn(site: LivedSite) -> None:
    terms = version_of(site.terms, 1)
    withdrawn(terms, terms.effective_at - HOUR)


@attack(NEVER_ENTERED)
def imported_version_withdrawn(site: LivedSite) -> None:
    old = PolicyVersion.objects.get(policy__slug="old-rules", number=2)
    withdrawn(old, old.effective_at - HOUR)


@attack(NEVER_ENTERED)
def coming_version_withdrawn(site: LivedSite) -> None:
    withdrawn(version_of(site.rules, 4), timezone.now())


by_sql("withdrawal_deleted", IS_GONE, "DELETE FROM policies_versionwithdrawal")
by_sql("withdrawal_by_another", CHANGED, "UPDATE policies_versionwithdrawal SET withdrawn_by = 'Nobody'")
by_sql("withdrawal_for_another_reason", CHANGED, "UPDATE policies_versionwithdrawal SET reason = 'x'")


@attack(CHANGED)
def withdrawal_of_another_version(site: LivedSite) -> None:
    other = version_of(site.rules, 4)
    _must_change("UPDATE policies_versionwithdrawal SET version_id = %s", other.pk)


@attack(CHANGED)
def withdrawal_at_another_time(site: LivedSite) -> None:
    time = VersionWithdrawal.objects.get().withdrawn_at + timedelta(seconds=1)
    _must_change("UPDATE policies_versionwithdrawal SET withdrawn_at = %s", moment(time))


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


def newest(site: LivedSite) -> PolicyVersion:
    return version_of(site.rules, 4)


@attack(NEVER_ENTERED)
def version_appended(site: LivedSite) -> None:
    appended(newest(site))


@attack("took effect before it was recorded")
def version_appended_that_took_effect_a_year_ago(site: LivedSite) -> None:
    appended(newest(site), effective_at=timezone.now() - 365 * DAY, knowing=True)


@attack("recorded in the future")
def version_appended_of_2030(site: LivedSite) -> None:
    appended(newest(site), recorded_at=timezone.now() + 1500 * DAY, knowing=True)


@attack(DATED_BACK)
def version_appended_and_dated_back(site: LivedSite) -> None:
    recorded = newest(site).recorded_at + HOUR
    appended(newest(site), recorded_at=recorded, effective_at=recorded, knowing=True)


@attack("before the version before")
def version_appended_and_dated_before_the_last(site: LivedSite) -> None:
    recorded = newest(site).recorded_at - HOUR
    appended(newest(site), recorded_at=recorded, effective_at=recorded, knowing=True)


@attack("imported into the time of version 2")
def version_imported_into_a_span_of_our_own(site: LivedSite) -> None:
    effective_at = in_force(site).effective_at + HOUR
    origin = {"import_source": "old.md", "import_sha256": "ab" * 32}
    appended(newest(site), effective_at=effective_at, knowing=True, **origin)


@attack("approver names an account")
def version_appended_with_an_approver_of_tomorrow(site: LivedSite) -> None:
    new = User.objects.create_user("new@example.com", "x", first_name="Lena", last_name="Person")
    User.objects.filter(pk=new.pk).update(date_joined=timezone.now() + DAY)
    appended(newest(site), approver=new, knowing=True)


@attack(NEVER_ENTERED)
def version_that_serves_a_script(site: LivedSite) -> None:
    appended(newest(site), title="<script>alert(1)</script>")


@attack("expected version 4")
def version_deleted_from_the_middle(site: LivedSite) -> None:
    _must_change("DELETE FROM policies_versionwithdrawal")
    _must_change("DELETE FROM policies_policyversion WHERE id = %s", version_of(site.rules, 3).pk)
    appended(newest(site))


@attack(IS_GONE)
def newest_version_deleted(site: LivedSite) -> None:
    _must_change("DELETE FROM policies_policyversion WHERE id = %s", newest(site).pk)


@attack(IS_GONE)
def policy_deleted_with_all_its_versions(site: LivedSite) -> None:
    old = Policy.objects.get(slug="old-rules")
    _must_change("DELETE FROM policies_policyversion WHERE policy_id = %s", old.pk)
    sql("UPDATE policies_policypage SET policy_id = NULL WHERE policy_id = %s", old.pk)
    _must_change("DELETE FROM policies_policy WHERE id = %s", old.pk)


@attack("a row cannot be read")
def version_that_cannot_be_read(site: LivedSite) -> None:
    record = "[" * 100_000
    digest = hashlib.sha256(record.encode()).hexdigest()
    _must_change(
        "UPDATE policies_policyversion SET record = %s, sha256 = %s WHERE id = %s",
        record,
        digest,
        newest(site).pk,
    )


@attack(CHANGED)
def newest_version_written_anew(site: LivedSite) -> None:
    record = newest(site).record.replace("Be fair.", "Be cruel.")
    digest = hashlib.sha256(record.encode()).hexdigest()
    _must_change(
        "UPDATE policies_policyversion SET record = %s, sha256 = %s WHERE id = %s",
        record,
        digest,
        newest(site).pk,
    )


@attack(CHANGED)
def newest_version_exchanged_with_its_old_entry(site: LivedSite) -> None:
    last = newest(site)
    _must_change("DELETE FROM policies_policyversion WHERE id = %s", last.pk)
    forged = appended(version_of(site.rules, 3), recorded_at=last.recorded_at)
    _must_change(
        "UPDATE policies_policyversion SET ledger_entry_id = %s, ledger_salt = %s WHERE id = %s",
        last.ledger_entry_id,
        last.ledger_salt,
        forged.pk,
    )


@attack("the chain to the version before is broken")
def version_moved_to_another_policy(site: LivedSite) -> None:
    other = policy("elsewhere")
    _must_change("UPDATE policies_policyversion SET policy_id = %s WHERE id = %s", other.pk, newest(site).pk)


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
    _must_change("UPDATE policies_policyversion SET effective_at = %s WHERE id = %s", time, newest(site).pk)


# --- Accounts and approvals --------------------------------------------------------------------------------
@attack("names another account")
def approver_exchanged(site: LivedSite) -> None:
    _must_change(
        "UPDATE policies_policyversion SET approver_id = %s WHERE id = %s", site.editor.pk, in_force(site).pk
    )


@attack("column approver names an account, the record nobody")
def approver_made_up(site: LivedSite) -> None:
    _must_change(
        "UPDATE policies_policyversion SET approver_id = %s WHERE id = %s", site.lawyer.pk, newest(site).pk
    )


@attack("the approval beside it is not that of")
def approval_by_another(site: LivedSite) -> None:
    _must_change("UPDATE wagtailcore_taskstate SET finished_by_id = %s", site.editor.pk)


@attack("the approval beside it is not that of")
def approval_turned_into_a_rejection(site: LivedSite) -> None:
    _must_change("UPDATE wagtailcore_taskstate SET status = 'rejected'")


@attack("the approval beside it is not that of")
def approval_by_nobody(site: LivedSite) -> None:
    _must_change("UPDATE wagtailcore_taskstate SET finished_by_id = NULL")


@attack("the approval beside version 4 is not that which its record names")
def approval_made_up(site: LivedSite) -> None:
    live = site.rules.__class__.objects.get(pk=site.rules.pk).live_revision_id
    _must_change("UPDATE wagtailcore_taskstate SET revision_id = %s", live)


# --- Policies and pages ------------------------------------------------------------------------------------
def of_policy(slug: str, change: str) -> str:
    return f"UPDATE policies_policy SET {change} WHERE slug = '{slug}'"  # noqa: S608


by_sql("policy_renamed", "its title is not that of version 4", of_policy("house-rules", "title = 'x'"))
by_sql("policy_in_another_language", "its language is not that", of_policy("house-rules", "language = 'de'"))
by_sql(
    "policy_of_another_kind", "its kind is not that of version 4", of_policy("house-rules", "kind = 'terms'")
)
by_sql("policy_at_another_address", "column policy differs", of_policy("house-rules", "slug = 'house'"))


def of_page(site: LivedSite, change: str, *values: object) -> None:
    _must_change(
        f"UPDATE policies_policypage SET {change} WHERE page_ptr_id = %s",  # noqa: S608
        *values,
        site.rules.pk,
    )


@attack("its kind is not that of version 4")
def kind_with_its_page(site: LivedSite) -> None:
    _must_change(of_policy("house-rules", "kind = 'terms'"))
    of_page(site, "kind = 'terms'")


@attack("title, kind or text of its page")
def kind_of_the_page_alone(site: LivedSite) -> None:
    of_page(site, "kind = 'terms'")


@attack("title, kind or text of its page")
def title_of_the_page(site: LivedSite) -> None:
    _must_change("UPDATE wagtailcore_page SET title = 'x' WHERE id = %s", site.rules.pk)


@attack("belongs to another policy now")
def page_moved_to_another_chain(site: LivedSite) -> None:
    of_page(site, "policy_id = %s", Policy.objects.get(slug="terms").pk)


@attack("belongs to another policy now")
def page_taken_from_its_chain(site: LivedSite) -> None:
    of_page(site, "policy_id = NULL")


@attack("it has more than one page")
def new_page_put_to_a_chain(site: LivedSite) -> None:
    page = policy_page("New rules")
    _must_change(
        "UPDATE policies_policypage SET policy_id = %s WHERE page_ptr_id = %s", site.rules.policy_id, page.pk
    )


def rewritten(page_id: int, old: str, new: str) -> None:
    _must_change(
        "UPDATE policies_policypage SET body = %s WHERE page_ptr_id = %s",
        body_of(page_id).replace(old, new),
        page_id,
    )


def body_of(page_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM policies_policypage WHERE page_ptr_id = %s", [page_id])
        found = cursor.fetchone()[0]
    return found if isinstance(found, str) else json.dumps(found)


TEXT_OF_PAGE = "title, kind or text of its page are not those of version"


@attack(TEXT_OF_PAGE)
def text_of_the_page(site: LivedSite) -> None:
    rewritten(site.rules.pk, "Be fair.", "Be cruel.")


@attack(TEXT_OF_PAGE)
def markup_of_the_page(site: LivedSite) -> None:
    rewritten(site.rules.pk, "Be fair.", "Be <b>fair</b>.")


@attack(TEXT_OF_PAGE)
def text_of_a_page_that_shows_live_facts(site: LivedSite) -> None:
    rewritten(site.privacy.pk, "Less.", "All of it.")


@attack(TEXT_OF_PAGE)
def text_of_an_earlier_version_on_the_page(site: LivedSite) -> None:
    rewritten(site.privacy.pk, "Less.", "Little.")


by_sql(
    "words_of_the_consent_bar",
    TEXT_OF_PAGE,
    "UPDATE policies_cookiepolicypage SET reject_label = 'Accept, too'",
)


# --- Consents ----------------------------------------------------------------------------------------------
def of_consent(site: LivedSite, index: int, change: str, *values: object) -> None:
    pk = site.consents[index].pk
    _must_change(f"UPDATE policies_consentrecord SET {change} WHERE id = %s", *values, pk)  # noqa: S608


@attack(CHANGED)
def refusal_turned_into_agreement(site: LivedSite) -> None:
    of_consent(site, 1, "choices = %s, method = 'all'", '{"analytics": true, "media": true}')


@attack(CHANGED)
def agreement_turned_into_refusal(site: LivedSite) -> None:
    of_consent(site, 0, "choices = %s, method = 'none'", '{"analytics": false, "media": false}')


@attack(CHANGED)
def one_category_flipped(site: LivedSite) -> None:
    of_consent(site, 2, "choices = %s", '{"analytics": true, "media": true}')


@attack(CHANGED)
def way_of_choosing_alone(site: LivedSite) -> None:
    of_consent(site, 0, "method = 'chosen'")


@attack(CHANGED)
def choice_that_holds_longer(site: LivedSite) -> None:
    of_consent(site, 0, "expires_at = %s", moment(site.consents[0].expires_at + 30 * DAY))


@attack(CHANGED)
def choice_that_holds_a_second_less(site: LivedSite) -> None:
    of_consent(site, 0, "expires_at = %s", moment(site.consents[0].expires_at - timedelta(seconds=1)))


@attack(CHANGED)
def choice_at_another_time(site: LivedSite) -> None:
    of_consent(site, 0, "created_at = %s", moment(site.consents[0].created_at + timedelta(seconds=1)))


@attack(CHANGED)
def choice_with_another_id(site: LivedSite) -> None:
    other = uuid.uuid4()
    of_consent(site, 0, "public_id = %s", other.hex if connection.vendor == "sqlite" else str(other))


@attack(CHANGED)
def choice_under_another_text(site: LivedSite) -> None:
    first = PolicyVersion.objects.get(policy__slug="cookie-policy", number=1)
    of_consent(site, 0, "notice_version_id = %s", first.pk)


@attack(IS_GONE)
def one_choice_deleted(site: LivedSite) -> None:
    _must_change("DELETE FROM policies_consentrecord WHERE id = %s", site.consents[1].pk)


by_sql("all_choices_deleted", IS_GONE, "DELETE FROM policies_consentrecord")


if connection.vendor == "sqlite":  # which takes anything

    @attack("cannot be read")
    def time_that_is_none(site: LivedSite) -> None:
        of_consent(site, 0, "expires_at = 'x'")

    @attack("cannot be read")
    def time_that_cannot_be_one(site: LivedSite) -> None:
        of_consent(site, 0, "created_at = '2026-13-45 00:00:00'")

    @attack("cannot be read")
    def head_that_cannot_be_read(_site: LivedSite) -> None:
        _must_change("UPDATE policies_ledgerhead SET time = 'x' WHERE number = 2")


@attack(CHANGED)
def choices_that_are_none(site: LivedSite) -> None:
    of_consent(site, 0, "choices = '[]'")


def invented(site: LivedSite, at: datetime, *, knowing: datetime | None = None) -> None:
    row = ConsentRecord(
        created_at=at,
        expires_at=at + 183 * DAY,
        notice_version=site.consents[0].notice_version,
        choices={"analytics": True, "media": True},
        method="all",
    )
    inserted(row, at=knowing)


@attack(NEVER_ENTERED)
def choice_invented(site: LivedSite) -> None:
    invented(site, timezone.now())


@attack(DATED_BACK)
def choice_invented_with_an_entry_dated_back(site: LivedSite) -> None:
    invented(site, site.consents[0].created_at, knowing=site.consents[0].created_at)


@attack("its time is not that of its entry")
def choice_invented_with_an_entry_of_now(site: LivedSite) -> None:
    invented(site, site.consents[0].created_at, knowing=timezone.now())


@attack(DATED_BACK)
def choice_invented_in_the_future(site: LivedSite) -> None:
    invented(site, timezone.now() + 9 * DAY, knowing=timezone.now() + 9 * DAY)


@attack(CHANGED)
def two_choices_exchanged(site: LivedSite) -> None:
    one, other = site.consents[:2]
    for record, taken in ((one, other), (other, one)):
        of_consent(site, site.consents.index(record), "method = %s", taken.method)


@attack("no entry")
def choice_cut_off_from_its_entry(site: LivedSite) -> None:
    of_consent(site, 0, "ledger_entry_id = NULL")


@attack(CHANGED)
def choice_bound_to_the_entry_of_one_that_expired(site: LivedSite) -> None:
    gone = LedgerEntry.objects.get(leaf_sha256=site.choice_that_expires.ledger_entry.leaf_sha256)
    of_consent(site, 0, "ledger_entry_id = %s", gone.pk)


# --- What orders accepted, and messages were shown ---------------------------------------------------------
@attack(CHANGED)
def message_shown_another_version(site: LivedSite) -> None:
    _must_change(
        "UPDATE forms_submission SET policy_version_id = %s WHERE id = %s",
        version_of(site.privacy, 1).pk,
        site.messages[0].pk,
    )


by_sql("messages_shown_nothing", CHANGED, "UPDATE forms_submission SET policy_version_id = NULL")
by_sql("messages_deleted", IS_GONE, "DELETE FROM forms_submission")


@attack("its time is not that of its entry")
def message_at_another_time(site: LivedSite) -> None:
    time = moment(site.messages[0].submit_time - 20 * DAY)
    _must_change("UPDATE forms_submission SET submit_time = %s WHERE id = %s", time, site.messages[0].pk)


@attack(NEVER_ENTERED)
def message_invented(site: LivedSite) -> None:
    page = site.contact.page_ptr
    row = Submission(page=page, form_data={}, policy_version=version_of(site.privacy, 2))
    Submission.objects.bulk_create([row])


if HAS_SHOP:

    @attack(CHANGED)
    def order_that_accepted_other_terms(site: LivedSite) -> None:
        terms = version_of(site.terms, 2)
        _must_change("UPDATE store_order SET terms_accepted_id = %s", terms.pk)

    @attack(CHANGED)
    def order_that_was_shown_another_policy(site: LivedSite) -> None:
        shown = version_of(site.privacy, 1)
        _must_change("UPDATE store_order SET privacy_shown_id = %s", shown.pk)

    by_sql("orders_that_accepted_nothing", CHANGED, "UPDATE store_order SET terms_accepted_id = NULL")
    by_sql("order_with_another_number", CHANGED, "UPDATE store_order SET number = 'x' || id")

    @attack(CHANGED)
    def order_at_another_time(site: LivedSite) -> None:
        _must_change("UPDATE store_order SET placed_at = %s", moment(timezone.now()))


# --- The ledger itself -------------------------------------------------------------------------------------
def entry_of(record: LedgeredModel) -> int:
    assert record.ledger_entry is not None
    return record.ledger_entry.pk


@attack("an entry that it seals is missing")
def entry_deleted_with_its_record(site: LivedSite) -> None:
    _must_change("DELETE FROM policies_consentrecord WHERE id = %s", site.consents[0].pk)
    _must_change("DELETE FROM policies_ledgerentry WHERE id = %s", entry_of(site.consents[0]))


@attack("was changed, moved or exchanged")
def entry_deleted_and_the_rest_moved_up(site: LivedSite) -> None:
    position = LedgerEntry.objects.get(pk=entry_of(site.consents[0])).position
    entry_deleted_with_its_record(site)
    for entry in LedgerEntry.objects.filter(position__gt=position).order_by("position"):
        _must_change(
            "UPDATE policies_ledgerentry SET position = %s WHERE id = %s", entry.position - 1, entry.pk
        )


@attack("an entry that it seals is missing")
def entry_unsealed(site: LivedSite) -> None:
    _must_change("UPDATE policies_ledgerentry SET position = NULL WHERE id = %s", entry_of(site.consents[0]))


@attack("was changed, moved or exchanged")
def entries_exchanged_in_their_batch(site: LivedSite) -> None:
    one, other = (LedgerEntry.objects.get(pk=entry_of(consent)) for consent in site.consents[:2])
    _must_change("UPDATE policies_ledgerentry SET position = NULL WHERE id = %s", one.pk)
    _must_change("UPDATE policies_ledgerentry SET position = %s WHERE id = %s", one.position, other.pk)
    _must_change("UPDATE policies_ledgerentry SET position = %s WHERE id = %s", other.position, one.pk)


@attack("was changed, moved or exchanged")
def choice_and_entry_written_anew(site: LivedSite) -> None:
    record = ConsentRecord.objects.get(pk=site.consents[1].pk)
    record.choices, record.method = {"analytics": True, "media": True}, "all"
    of_consent(site, 1, "choices = %s, method = 'all'", json.dumps(record.choices))
    leaf = record.ledger_leaf_sha256(record.ledger_entry.time)
    _must_change(
        "UPDATE policies_ledgerentry SET leaf_sha256 = %s WHERE id = %s", leaf, record.ledger_entry_id
    )


@attack("an entry that it seals cannot be read")
def leaf_that_is_no_hash(site: LivedSite) -> None:
    _must_change(
        "UPDATE policies_ledgerentry SET leaf_sha256 = 'x' WHERE id = %s", entry_of(site.consents[0])
    )


by_sql("all_salts", CHANGED, "UPDATE policies_consentrecord SET ledger_salt = '00'")
by_sql("salt_of_a_version", CHANGED, "UPDATE policies_policyversion SET ledger_salt = '' WHERE number = 2")


@attack(CHANGED)
def time_of_an_entry(site: LivedSite) -> None:
    time = moment(site.consents[0].created_at + timedelta(seconds=1))
    _must_change("UPDATE policies_ledgerentry SET time = %s WHERE id = %s", time, entry_of(site.consents[0]))


@attack(CHANGED)
def kind_of_an_entry(site: LivedSite) -> None:
    _must_change("UPDATE policies_ledgerentry SET kind = 'message' WHERE id = %s", entry_of(site.consents[0]))


@attack("which nothing on this site has")
def choice_deleted_and_its_entry_called_something_else(site: LivedSite) -> None:
    _must_change("DELETE FROM policies_consentrecord WHERE id = %s", site.consents[0].pk)
    _must_change("UPDATE policies_ledgerentry SET kind = 'gone' WHERE id = %s", entry_of(site.consents[0]))


@attack("old ones are gone, but 1 were removed")
def choice_deleted_and_its_entry_made_old(site: LivedSite) -> None:
    _must_change("DELETE FROM policies_consentrecord WHERE id = %s", site.consents[0].pk)
    _must_change(
        "UPDATE policies_ledgerentry SET time = %s WHERE id = %s",
        moment(site.choice_that_expires.created_at),
        entry_of(site.consents[0]),
    )


@attack("a head is missing")
def entry_inserted_after_the_newest_head(site: LivedSite) -> None:
    last = heads.newest().last_position
    LedgerEntry.objects.bulk_create(
        [LedgerEntry(kind="consent", time=timezone.now(), leaf_sha256="ab" * 32, position=last + 1)]
    )


@attack("a head is missing")
def entry_inserted_far_away(site: LivedSite) -> None:
    LedgerEntry.objects.bulk_create(
        [LedgerEntry(kind="consent", time=timezone.now(), leaf_sha256="ab" * 32, position=10**9)]
    )


@attack("an entry that it seals is missing")
def entry_inserted_before_the_first(site: LivedSite) -> None:
    LedgerEntry.objects.bulk_create(
        [LedgerEntry(kind="consent", time=timezone.now(), leaf_sha256="ab" * 32, position=0)]
    )


@attack(IS_GONE)
def entry_inserted_without_a_record(site: LivedSite) -> None:
    LedgerEntry.objects.bulk_create(
        [
            LedgerEntry(
                kind="acceptance" if HAS_SHOP else "consent", time=timezone.now(), leaf_sha256="ab" * 32
            )
        ]
    )


by_sql("all_heads_deleted", "all heads are missing", "DELETE FROM policies_ledgerhead")
by_sql(
    "first_head_deleted", "the head before it is missing", "DELETE FROM policies_ledgerhead WHERE number = 0"
)
by_sql("head_deleted", "the head before it is missing", "DELETE FROM policies_ledgerhead WHERE number = 2")
by_sql(
    "head_with_another_root",
    "its hash is not",
    "UPDATE policies_ledgerhead SET root_sha256 = 'x' WHERE number = 2",
)
by_sql(
    "head_with_another_hash",
    "its hash is not",
    "UPDATE policies_ledgerhead SET sha256 = 'x' WHERE number = 2",
)
by_sql(
    "head_after_another",
    "does not follow the head before",
    "UPDATE policies_ledgerhead SET previous_sha256 = 'x' WHERE number = 2",
)
by_sql(
    "head_that_seals_less",
    "its hash is not",
    "UPDATE policies_ledgerhead SET first_position = first_position + 1 WHERE number = 2",
)
by_sql(
    "heads_exchanged",
    "",
    "UPDATE policies_ledgerhead SET number = -1 WHERE number = 2",
    "UPDATE policies_ledgerhead SET number = 2 WHERE number = 3",
    "UPDATE policies_ledgerhead SET number = 3 WHERE number = -1",
)


@attack("a head is missing")
def newest_head_deleted(site: LivedSite) -> None:
    _must_change("DELETE FROM policies_ledgerhead WHERE number = %s", heads.newest().number)


@attack("its hash is not")
def head_at_another_time(site: LivedSite) -> None:
    _must_change("UPDATE policies_ledgerhead SET time = %s WHERE number = 2", moment(timezone.now()))


def rewritten_head(number: int, **values: object) -> None:
    """Change a head, and make its hash that of its content again."""
    head = LedgerHead.objects.get(number=number)
    for name, value in values.items():
        setattr(head, name, value)
    head.sha256 = encoding.sha256(encoding.encode(head.content))
    _must_change(
        "UPDATE policies_ledgerhead SET root_sha256 = %s, time = %s, first_position = %s, last_position = %s, "
        "previous_sha256 = %s, sha256 = %s WHERE number = %s",
        head.root_sha256,
        moment(head.time),
        head.first_position,
        head.last_position,
        head.previous_sha256,
        head.sha256,
        number,
    )


@attack("does not follow the head before")
def head_rewritten_with_its_hash(site: LivedSite) -> None:
    rewritten_head(2, time=LedgerHead.objects.get(number=2).time + timedelta(seconds=1))


@attack("was changed, moved or exchanged")
def head_with_another_root_and_its_hash(site: LivedSite) -> None:
    rewritten_head(2, root_sha256="ab" * 32)


@attack("was changed, moved or exchanged")
def newest_head_rewritten_with_its_hash(site: LivedSite) -> None:
    rewritten_head(heads.newest().number, root_sha256="ab" * 32)


@attack("dated in the future")
def newest_head_dated_in_the_future(site: LivedSite) -> None:
    rewritten_head(heads.newest().number, time=timezone.now() + 9 * DAY)


@attack("does not begin where the head before ends")
def newest_head_dated_back(site: LivedSite) -> None:
    rewritten_head(heads.newest().number, time=timezone.now() - 900 * DAY)


@attack("does not begin where the head before ends")
def newest_head_that_begins_later(site: LivedSite) -> None:
    rewritten_head(heads.newest().number, first_position=heads.newest().first_position + 1)


# --- What the ledger says of itself ------------------------------------------------------------------------
def said(type_: LedgerStatement.Type, content: object, *, knowing: bool) -> None:
    row = LedgerStatement(type=type_, time=timezone.now(), content=content)
    inserted(row, at=timezone.now() if knowing else None)


Type = LedgerStatement.Type


def _deleted_choice(site: LivedSite) -> LedgerEntry:
    _must_change("DELETE FROM policies_consentrecord WHERE id = %s", site.consents[0].pk)
    return LedgerEntry.objects.get(pk=entry_of(site.consents[0]))


def _removal(entry: LedgerEntry) -> dict[str, object]:
    return {"kind": entry.kind, "leaf": entry.leaf_sha256, "position": entry.position}


@attack(NEVER_ENTERED)
def message_deleted_and_a_statement_made_up(site: LivedSite) -> None:
    entry = site.messages[0].ledger_entry
    _must_change("DELETE FROM forms_submission WHERE id = %s", site.messages[0].pk)
    said(Type.REMOVED, _removal(entry), knowing=False)


@attack(IS_GONE)
def choice_deleted_and_said_to_be_removed_by_hand(site: LivedSite) -> None:
    said(Type.REMOVED, _removal(_deleted_choice(site)), knowing=True)


@attack(IS_GONE)
def version_deleted_and_said_to_be_too_old(site: LivedSite) -> None:
    _must_change("DELETE FROM policies_policyversion WHERE id = %s", newest(site).pk)
    content = {"kind": "version", "before": encoding.timestamp(timezone.now()), "count": 1}
    said(Type.CUT_OFF, content, knowing=True)


@attack(NEVER_ENTERED)
def choices_deleted_and_a_cut_off_made_up(site: LivedSite) -> None:
    _must_change("DELETE FROM policies_consentrecord")
    content = {"kind": "consent", "before": encoding.timestamp(timezone.now()), "count": len(site.consents)}
    said(Type.CUT_OFF, content, knowing=False)


@attack("old ones are gone, but 2 were removed")
def cut_off_of_more_than_went(site: LivedSite) -> None:
    content = {"kind": "consent", "before": encoding.timestamp(timezone.now() - 50 * DAY), "count": 1}
    said(Type.CUT_OFF, content, knowing=True)


by_sql(
    "cut_off_changed", CHANGED, "UPDATE policies_ledgerstatement SET content = '{}' WHERE type = 'cut_off'"
)
by_sql("statement_that_is_a_list", "cannot be read", "UPDATE policies_ledgerstatement SET content = '[]'")
by_sql("statements_deleted", IS_GONE, "DELETE FROM policies_ledgerstatement")
by_sql("statement_of_another_type", CHANGED, "UPDATE policies_ledgerstatement SET type = 'restored'")


@attack(DATED_BACK)
def choice_dated_back_and_said_to_be_taken_in(site: LivedSite) -> None:
    at = site.consents[0].created_at
    invented(site, at, knowing=at)
    said(Type.TAKEN_IN, {"kinds": ["consent"]}, knowing=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each case."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", CASES, ids=[case.name for case in CASES])


# --- What it cannot show -----------------------------------------------------------------------------------
def sealed_anew(site: LivedSite) -> None:
    """Change a choice with all that was ever sealed: by who knows the ledger, and has the whole database."""
    record = ConsentRecord.objects.get(pk=site.consents[1].pk)
    record.choices, record.method = {"analytics": True, "media": True}, "all"
    of_consent(site, 1, "choices = %s, method = 'all'", json.dumps(record.choices))
    leaf = record.ledger_leaf_sha256(record.ledger_entry.time)
    _must_change(
        "UPDATE policies_ledgerentry SET leaf_sha256 = %s WHERE id = %s", leaf, record.ledger_entry_id
    )
    previous = LedgerHead.objects.get(number=0)
    for head in LedgerHead.objects.filter(number__gt=0).order_by("number"):
        span = LedgerEntry.objects.filter(position__range=(head.first_position, head.last_position))
        leaves = span.order_by("position").values_list("leaf_sha256", flat=True)
        root = merkle.root([bytes.fromhex(leaf) for leaf in leaves]).hex()
        rewritten_head(head.number, root_sha256=root, previous_sha256=previous.sha256)
        previous = LedgerHead.objects.get(number=head.number)


def test_a_chain_that_was_sealed_anew_is_told_by_a_head_that_was_kept_outside(
    site: LivedSite, tmp_path: Path
) -> None:
    kept = tmp_path / "heads.json"
    kept.write_text(heads.encode([heads.newest()]), encoding="utf-8")
    run(expect=kept)
    sealed_anew(site)

    assert damage() == []
    assert "is another one here: the ledger was rewritten" in failure(2, of="ledger", expect=kept)


def test_what_was_entered_before_the_change_is_no_matter(site: LivedSite, tmp_path: Path) -> None:
    """Only heads that seal what was changed, or follow one that does, are others then."""
    kept = tmp_path / "heads.json"
    kept.write_text(heads.encode([LedgerHead.objects.get(number=1)]), encoding="utf-8")
    sealed_anew(site)

    run(expect=kept)


def test_what_somebody_enters_now_is_taken_for_the_sites_own_work(site: LivedSite) -> None:
    """It cannot be shown that what was entered was true: this is what the check says of itself."""
    invented(site, timezone.now(), knowing=timezone.now())
    assert damage() == []
    sealing.seal(now=timezone.now())
    assert damage() == []


def test_publishing_goes_on_after_all_of_it(site: LivedSite) -> None:
    assert publish(site.terms, body="<p>Pay later.</p>").number == 3
    lived_site.choose("none")
    seal()
    assert damage(least=0) == []
