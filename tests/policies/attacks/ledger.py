"""Attacks on the ledger itself: its entries, its heads, and what it says of itself."""

import json
from datetime import timedelta

from django.utils import timezone

from policies.ledger import encoding, heads
from policies.models import ConsentRecord, LedgerEntry, LedgerHead, LedgerStatement, VersionWithdrawal
from tests.policies.attacks.catalogue import (
    CHANGED,
    DATED_BACK,
    IS_GONE,
    NEVER_ENTERED,
    Attacks,
    entry_of,
    inserted,
    moment,
    must_change,
    newest,
)
from tests.policies.attacks.choices import invented, of_consent
from tests.policies.lived_site import HAS_SHOP, LivedSite, version_of
from tests.policies.verifying import DAY

ATTACKS = Attacks()
attack, by_sql = ATTACKS.add, ATTACKS.add_sql
OTHER_STATED = "has another kind or time now"


# --- The ledger itself -------------------------------------------------------------------------------------
@attack("an entry that it seals is missing", again=True)
def entry_deleted_with_its_record(site: LivedSite) -> None:
    must_change("DELETE FROM policies_consentrecord WHERE id = %s", site.consents[0].pk)
    must_change("DELETE FROM policies_ledgerentry WHERE id = %s", entry_of(site.consents[0]))


@attack("was changed, moved or exchanged")
def entry_deleted_and_the_rest_moved_up(site: LivedSite) -> None:
    position = LedgerEntry.objects.get(pk=entry_of(site.consents[0])).position
    entry_deleted_with_its_record(site)
    for entry in LedgerEntry.objects.filter(position__gt=position).order_by("position"):
        must_change(
            "UPDATE policies_ledgerentry SET position = %s WHERE id = %s", entry.position - 1, entry.pk
        )


@attack("an entry that it seals is missing", again=True)
def entry_unsealed(site: LivedSite) -> None:
    must_change("UPDATE policies_ledgerentry SET position = NULL WHERE id = %s", entry_of(site.consents[0]))


@attack("was changed, moved or exchanged")
def entries_exchanged_in_their_batch(site: LivedSite) -> None:
    one, other = (LedgerEntry.objects.get(pk=entry_of(consent)) for consent in site.consents[:2])
    must_change("UPDATE policies_ledgerentry SET position = NULL WHERE id = %s", one.pk)
    must_change("UPDATE policies_ledgerentry SET position = %s WHERE id = %s", one.position, other.pk)
    must_change("UPDATE policies_ledgerentry SET position = %s WHERE id = %s", other.position, one.pk)


@attack("was changed, moved or exchanged")
def choice_and_entry_written_anew(site: LivedSite) -> None:
    record = ConsentRecord.objects.get(pk=site.consents[1].pk)
    record.choices, record.method = {"analytics": True, "media": True}, "all"
    of_consent(site, 1, "choices = %s, method = 'all'", json.dumps(record.choices))
    leaf = record.ledger_leaf_sha256(record.ledger_entry.time)
    must_change(
        "UPDATE policies_ledgerentry SET leaf_sha256 = %s WHERE id = %s", leaf, record.ledger_entry_id
    )


@attack("an entry that it seals cannot be read")
def leaf_that_is_no_hash(site: LivedSite) -> None:
    must_change("UPDATE policies_ledgerentry SET leaf_sha256 = 'x' WHERE id = %s", entry_of(site.consents[0]))


by_sql("all_salts", CHANGED, "UPDATE policies_consentrecord SET ledger_salt = '00'")
by_sql("salt_of_a_version", CHANGED, "UPDATE policies_policyversion SET ledger_salt = '' WHERE number = 2")


@attack(CHANGED, again=True)
def time_of_an_entry(site: LivedSite) -> None:
    time = moment(site.consents[0].created_at + timedelta(seconds=1))
    must_change("UPDATE policies_ledgerentry SET time = %s WHERE id = %s", time, entry_of(site.consents[0]))


@attack(CHANGED, again=True)
def kind_of_an_entry(site: LivedSite) -> None:
    must_change("UPDATE policies_ledgerentry SET kind = 'message' WHERE id = %s", entry_of(site.consents[0]))


@attack("which nothing on this site has")
def choice_deleted_and_its_entry_called_something_else(site: LivedSite) -> None:
    must_change("DELETE FROM policies_consentrecord WHERE id = %s", site.consents[0].pk)
    must_change("UPDATE policies_ledgerentry SET kind = 'gone' WHERE id = %s", entry_of(site.consents[0]))


@attack("old ones are gone, but 1 were removed")
def choice_deleted_and_its_entry_made_old(site: LivedSite) -> None:
    must_change("DELETE FROM policies_consentrecord WHERE id = %s", site.consents[0].pk)
    must_change(
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


@attack("a head is missing", again=True)
def entry_inserted_far_away(site: LivedSite) -> None:
    LedgerEntry.objects.bulk_create(
        [LedgerEntry(kind="consent", time=timezone.now(), leaf_sha256="ab" * 32, position=10**9)]
    )


@attack("an entry that it seals is missing", again=True)
def entry_inserted_before_the_first(site: LivedSite) -> None:
    LedgerEntry.objects.bulk_create(
        [LedgerEntry(kind="consent", time=timezone.now(), leaf_sha256="ab" * 32, position=0)]
    )


@attack(IS_GONE, again=True)
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
    "first_head_deleted",
    "the head before it is missing",
    "DELETE FROM policies_ledgerhead WHERE number = 0",
    again=True,
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
    must_change("DELETE FROM policies_ledgerhead WHERE number = %s", heads.newest().number)


@attack("its hash is not")
def head_at_another_time(site: LivedSite) -> None:
    must_change("UPDATE policies_ledgerhead SET time = %s WHERE number = 2", moment(timezone.now()))


def rewritten_head(number: int, **values: object) -> None:
    """Change a head, and make its hash that of its content again."""
    head = LedgerHead.objects.get(number=number)
    for name, value in values.items():
        setattr(head, name, value)
    head.sha256 = encoding.sha256(encoding.encode(head.content))
    must_change(
        "UPDATE policies_ledgerhead SET root_sha256 = %s, stated_sha256 = %s, time = %s, first_position = %s, "
        "last_position = %s, previous_sha256 = %s, sha256 = %s WHERE number = %s",
        head.root_sha256,
        head.stated_sha256,
        moment(head.time),
        head.first_position,
        head.last_position,
        head.previous_sha256,
        head.sha256,
        number,
    )


@attack("does not follow the head before", again=True)
def head_rewritten_with_its_hash(site: LivedSite) -> None:
    rewritten_head(2, time=LedgerHead.objects.get(number=2).time + timedelta(seconds=1))


@attack("was changed, moved or exchanged", again=True)
def head_with_another_root_and_its_hash(site: LivedSite) -> None:
    rewritten_head(2, root_sha256="ab" * 32)


@attack("was changed, moved or exchanged")
def newest_head_rewritten_with_its_hash(site: LivedSite) -> None:
    rewritten_head(heads.newest().number, root_sha256="ab" * 32)


@attack("dated in the future", again=True)
def newest_head_dated_in_the_future(site: LivedSite) -> None:
    rewritten_head(heads.newest().number, time=timezone.now() + 9 * DAY)


@attack("does not begin where the head before ends", again=True)
def newest_head_dated_back(site: LivedSite) -> None:
    rewritten_head(heads.newest().number, time=timezone.now() - 900 * DAY)


@attack("does not begin where the head before ends", again=True)
def newest_head_that_begins_later(site: LivedSite) -> None:
    rewritten_head(heads.newest().number, first_position=heads.newest().first_position + 1)


# --- What entries say beside their hash --------------------------------------------------------------------
def _called(entry_pk: int, kind: str) -> None:
    must_change("UPDATE policies_ledgerentry SET kind = %s WHERE id = %s", kind, entry_pk)


def _said_to_be_a_message_that_went(entry_pk: int) -> None:
    _called(entry_pk, "message")
    said(Type.REMOVED, _removal(LedgerEntry.objects.get(pk=entry_pk)), knowing=True)


@attack(OTHER_STATED, again=True)
def choice_deleted_and_its_entry_removed_as_a_message(site: LivedSite) -> None:
    must_change("DELETE FROM policies_consentrecord WHERE id = %s", site.consents[1].pk)
    _said_to_be_a_message_that_went(entry_of(site.consents[1]))


@attack(OTHER_STATED, again=True)
def withdrawal_deleted_and_its_entry_removed_as_a_message(_site: LivedSite) -> None:
    withdrawal = VersionWithdrawal.objects.get()
    must_change("DELETE FROM policies_versionwithdrawal")
    _said_to_be_a_message_that_went(entry_of(withdrawal))


@attack(OTHER_STATED)
def all_later_versions_deleted_and_their_entries_removed_as_messages(site: LivedSite) -> None:
    entries = [entry_of(version_of(site.rules, number)) for number in (4, 3, 2)]
    must_change("DELETE FROM policies_versionwithdrawal")
    for entry in entries:
        must_change("DELETE FROM policies_policyversion WHERE ledger_entry_id = %s", entry)
        _said_to_be_a_message_that_went(entry)


@attack(OTHER_STATED, again=True)
def version_deleted_and_its_entry_cut_off_as_a_choice(site: LivedSite) -> None:
    entry = entry_of(newest(site))
    must_change("DELETE FROM policies_policyversion WHERE id = %s", newest(site).pk)
    _called(entry, "consent")
    content = {"kind": "consent", "before": encoding.timestamp(timezone.now() - 8 * DAY), "count": 1}
    said(Type.CUT_OFF, content, knowing=True)


@attack(OTHER_STATED, again=True)
def time_of_an_expired_entry(site: LivedSite) -> None:
    entry = site.choice_that_expires.ledger_entry
    time = moment(entry.time + timedelta(minutes=10))
    must_change("UPDATE policies_ledgerentry SET time = %s WHERE id = %s", time, entry.pk)


@attack("does not follow the head before", again=True)
def head_that_holds_kinds_and_times_no_more(_site: LivedSite) -> None:
    rewritten_head(2, stated_sha256="")


@attack("its hash is not")
def head_with_another_hash_of_kinds_and_times(_site: LivedSite) -> None:
    must_change("UPDATE policies_ledgerhead SET stated_sha256 = 'x' WHERE number = 2")


# --- What the ledger says of itself ------------------------------------------------------------------------
def said(type_: LedgerStatement.Type, content: object, *, knowing: bool) -> None:
    row = LedgerStatement(type=type_, time=timezone.now(), content=content)
    inserted(row, at=timezone.now() if knowing else None)


Type = LedgerStatement.Type


def _deleted_choice(site: LivedSite) -> LedgerEntry:
    must_change("DELETE FROM policies_consentrecord WHERE id = %s", site.consents[0].pk)
    return LedgerEntry.objects.get(pk=entry_of(site.consents[0]))


def _removal(entry: LedgerEntry) -> dict[str, object]:
    return {"kind": entry.kind, "leaf": entry.leaf_sha256, "position": entry.position}


@attack(NEVER_ENTERED)
def message_deleted_and_a_statement_made_up(site: LivedSite) -> None:
    entry = site.messages[0].ledger_entry
    must_change("DELETE FROM forms_submission WHERE id = %s", site.messages[0].pk)
    said(Type.REMOVED, _removal(entry), knowing=False)


@attack(IS_GONE, again=True)
def choice_deleted_and_said_to_be_removed_by_hand(site: LivedSite) -> None:
    said(Type.REMOVED, _removal(_deleted_choice(site)), knowing=True)


@attack(IS_GONE, again=True)
def version_deleted_and_said_to_be_too_old(site: LivedSite) -> None:
    must_change("DELETE FROM policies_policyversion WHERE id = %s", newest(site).pk)
    content = {"kind": "version", "before": encoding.timestamp(timezone.now()), "count": 1}
    said(Type.CUT_OFF, content, knowing=True)


@attack(NEVER_ENTERED, again=True)
def choices_deleted_and_a_cut_off_made_up(site: LivedSite) -> None:
    must_change("DELETE FROM policies_consentrecord")
    content = {"kind": "consent", "before": encoding.timestamp(timezone.now()), "count": len(site.consents)}
    said(Type.CUT_OFF, content, knowing=False)


@attack("old ones are gone, but 2 were removed", again=True)
def cut_off_of_more_than_went(site: LivedSite) -> None:
    content = {"kind": "consent", "before": encoding.timestamp(timezone.now() - 50 * DAY), "count": 1}
    said(Type.CUT_OFF, content, knowing=True)


by_sql(
    "cut_off_changed", CHANGED, "UPDATE policies_ledgerstatement SET content = '{}' WHERE type = 'cut_off'"
)
by_sql("statement_that_is_a_list", "cannot be read", "UPDATE policies_ledgerstatement SET content = '[]'")
by_sql("statements_deleted", IS_GONE, "DELETE FROM policies_ledgerstatement")
by_sql("statement_of_another_type", CHANGED, "UPDATE policies_ledgerstatement SET type = 'restored'")


@attack(CHANGED)
def statement_of_another_type_that_names_its_own(_site: LivedSite) -> None:
    statement = LedgerStatement.objects.filter(type="cut_off")[0]
    content = json.dumps({**statement.content, "type": statement.type})
    change = "UPDATE policies_ledgerstatement SET type = 'quiet', content = %s WHERE id = %s"
    must_change(change, content, statement.pk)


@attack("is here, but was removed", again=True)
def message_said_to_be_removed_and_still_here(site: LivedSite) -> None:
    said(Type.REMOVED, _removal(site.messages[0].ledger_entry), knowing=True)


@attack(DATED_BACK, again=True)
def choice_dated_back_and_said_to_be_taken_in(site: LivedSite) -> None:
    at = site.consents[0].created_at
    invented(site, at, knowing=at)
    said(Type.TAKEN_IN, {"kinds": ["consent"]}, knowing=True)
