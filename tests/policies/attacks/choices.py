"""Attacks on what visitors chose, what orders accepted and what messages were shown."""

import uuid
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from forms.models import Submission
from policies.models import ConsentRecord, LedgerEntry, PolicyVersion
from tests.policies.attacks.catalogue import (
    CHANGED,
    DATED_BACK,
    IS_GONE,
    NEVER_ENTERED,
    Attacks,
    inserted,
    moment,
    must_change,
)
from tests.policies.lived_site import HAS_SHOP, LivedSite, version_of
from tests.policies.verifying import DAY

ATTACKS = Attacks()
attack, by_sql = ATTACKS.add, ATTACKS.add_sql


# --- Consents ----------------------------------------------------------------------------------------------
def of_consent(site: LivedSite, index: int, change: str, *values: object) -> None:
    pk = site.consents[index].pk
    must_change(f"UPDATE policies_consentrecord SET {change} WHERE id = %s", *values, pk)  # noqa: S608


@attack(CHANGED, again=True)
def refusal_turned_into_agreement(site: LivedSite) -> None:
    of_consent(site, 1, "choices = %s, method = 'all'", '{"analytics": true, "media": true}')


@attack(CHANGED, again=True)
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


@attack(CHANGED, again=True)
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


@attack(IS_GONE, again=True)
def one_choice_deleted(site: LivedSite) -> None:
    must_change("DELETE FROM policies_consentrecord WHERE id = %s", site.consents[1].pk)


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
        must_change("UPDATE policies_ledgerhead SET time = 'x' WHERE number = 2")


@attack(CHANGED)
def choices_that_are_none(site: LivedSite) -> None:
    of_consent(site, 0, "choices = '[]'")


@attack(CHANGED)
def signal_that_was_not_there(site: LivedSite) -> None:
    of_consent(site, 0, "gpc = true")


@attack(CHANGED)
def signal_forgotten(site: LivedSite) -> None:
    of_consent(site, 0, "gpc = NULL")


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


@attack(DATED_BACK, again=True)
def choice_invented_with_an_entry_dated_back(site: LivedSite) -> None:
    invented(site, site.consents[0].created_at, knowing=site.consents[0].created_at)


@attack("its time is not that of its entry", again=True)
def choice_invented_with_an_entry_of_now(site: LivedSite) -> None:
    invented(site, site.consents[0].created_at, knowing=timezone.now())


@attack(DATED_BACK, again=True)
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
    must_change(
        "UPDATE forms_submission SET policy_version_id = %s WHERE id = %s",
        version_of(site.privacy, 1).pk,
        site.messages[0].pk,
    )


by_sql("messages_shown_nothing", CHANGED, "UPDATE forms_submission SET policy_version_id = NULL")
by_sql("messages_deleted", IS_GONE, "DELETE FROM forms_submission")


@attack("its time is not that of its entry")
def message_at_another_time(site: LivedSite) -> None:
    time = moment(site.messages[0].submit_time - 20 * DAY)
    must_change("UPDATE forms_submission SET submit_time = %s WHERE id = %s", time, site.messages[0].pk)


@attack(NEVER_ENTERED)
def message_invented(site: LivedSite) -> None:
    page = site.contact.page_ptr
    row = Submission(page=page, form_data={}, policy_version=version_of(site.privacy, 2))
    Submission.objects.bulk_create([row])


if HAS_SHOP:

    @attack(CHANGED)
    def order_that_accepted_other_terms(site: LivedSite) -> None:
        terms = version_of(site.terms, 2)
        must_change("UPDATE store_order SET terms_accepted_id = %s", terms.pk)

    @attack(CHANGED)
    def order_that_was_shown_another_policy(site: LivedSite) -> None:
        shown = version_of(site.privacy, 1)
        must_change("UPDATE store_order SET privacy_shown_id = %s", shown.pk)

    by_sql("orders_that_accepted_nothing", CHANGED, "UPDATE store_order SET terms_accepted_id = NULL")
    by_sql("order_with_another_number", CHANGED, "UPDATE store_order SET number = 'x' || id")

    @attack(CHANGED)
    def order_at_another_time(site: LivedSite) -> None:
        must_change("UPDATE store_order SET placed_at = %s", moment(timezone.now()))
