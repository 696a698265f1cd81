"""The ledger: the tree of RFC 9162, how records are entered, and how they may go."""

from datetime import timedelta
from hashlib import sha256

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from forms import personal_data as messages
from forms.models import FormPage
from home.mail_queue import Email
from home.models import User
from policies.ledger import daily_check, entries, merkle
from policies.models import ConsentRecord, LedgerCheck, LedgerEntry, LedgerHead, LedgerStatement
from tests import factories
from tests.forms.building import form_page
from tests.policies.lived_site import choose, housekeeping, write
from tests.policies.verifying import DAY, HOUR, begin_ledger, damage, failure, seal, sql

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.every_case, pytest.mark.slow]


# --- The tree ----------------------------------------------------------------------------------------------
def naive_root(leaves: list[bytes]) -> bytes:
    """Follow RFC 9162, 2.1.1, to the letter."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1  # the largest power of two smaller than n
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(leaves: list[bytes], m: int) -> list[bytes]:
    """Follow RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if m < k:
        return [*naive_path(leaves[:k], m), naive_root(leaves[k:])]
    return [*naive_path(leaves[k:], m - k), naive_root(leaves[:k])]


LEAVES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=70)


@given(LEAVES, st.data())
def test_tree_and_proofs_are_those_of_the_rfc(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = merkle.path(merkle.levels(leaves), index)
    assert merkle.root(leaves) == naive_root(leaves)
    assert proof == naive_path(leaves, index)


def test_known_values() -> None:
    """A leaf is no node: their hashes begin with different bytes. There is no tree without leaves."""
    a, b = merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b")
    assert a.hex() == "022a6979e6dab7aa5ae4c3e5e45f7e977112a7e63593820dbec1ec738a24f93c"
    assert merkle.root([a, b]).hex() == sha256(b"\x01" + a + b).hexdigest()
    with pytest.raises(ValueError, match="at least one leaf"):
        merkle.root([])


# --- Entries -----------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def notice(database_of_module: None) -> None:
    factories.declare_cookies()
    factories.cookie_policy()


@pytest.mark.usefixtures("notice")
def test_equal_choices_have_different_entries_that_name_nobody() -> None:
    with time_machine.travel(timezone.now(), tick=False):
        one, other = choose("none"), choose("none")
    assert one.ledger_content | {"id": 0} == other.ledger_content | {"id": 0}
    assert one.ledger_entry.leaf_sha256 != other.ledger_entry.leaf_sha256
    assert len(one.ledger_salt) == 32  # 128 bits
    assert {field.name for field in LedgerEntry._meta.get_fields()} == {
        "id", "kind", "time", "leaf_sha256", "position",
    }  # fmt: skip
    assert merkle.leaf_hash(one.ledger_leaf(one.created_at).encode()).hex() == one.ledger_entry.leaf_sha256


@pytest.mark.usefixtures("notice")
def test_a_record_that_cannot_be_written_leaves_no_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    before = LedgerEntry.objects.count()
    monkeypatch.setattr(ConsentRecord, "save", None)
    with pytest.raises(TypeError, match="not callable"):
        choose()
    assert LedgerEntry.objects.count() == before


@pytest.mark.usefixtures("notice")
def test_entries_that_wait_too_long_are_a_warning() -> None:
    choose()
    assert damage(least=0) == []
    with time_machine.travel(timezone.now() + 2 * HOUR):
        assert "does the worker run?" in failure(1, of="ledger")
        seal()
        assert damage() == []


# --- How records go ----------------------------------------------------------------------------------------
def test_choices_go_at_the_end_of_their_term_and_their_number_is_entered(notice: None) -> None:
    for method in ("all", "none"):
        choose(method)
    seal()
    with time_machine.travel(timezone.now() + 40 * DAY):
        housekeeping()
        assert ConsentRecord.objects.count() == 0
        statement = LedgerStatement.objects.get()
        assert (statement.type, statement.content["kind"], statement.content["count"]) == (
            "cut_off",
            "consent",
            2,
        )
        seal()
        assert damage() == []
        housekeeping()  # nothing goes: nothing is said
        assert LedgerStatement.objects.count() == 1


def test_messages_go_by_term_by_hand_by_erasure_and_with_their_page() -> None:
    short, long = form_page("Short", keep_days=30), form_page("Long", keep_days=300)
    for page in (short, long):
        for number in range(4):
            write(page, e_mail=f"{number}@example.com")
    seal()
    with time_machine.travel(timezone.now() + 40 * DAY):
        housekeeping()
        assert damage() == []
        long.get_submissions().first().delete()
        assert messages.erase("1@example.com") == 1
        assert damage() == []
        FormPage.objects.get(pk=long.pk).delete()
        assert damage() == []
        seal()
        assert damage() == []
    types = [one.type for one in LedgerStatement.objects.order_by("pk")]
    assert types == ["cut_off", "removed", "removed", "removed", "removed"]
    assert "@" not in "".join(str(one.content) for one in LedgerStatement.objects.all())


def test_a_cut_off_that_fails_removes_nothing(monkeypatch: pytest.MonkeyPatch, notice: None) -> None:
    choose()
    write(form_page(keep_days=30))
    monkeypatch.setattr(entries, "state", None)
    with time_machine.travel(timezone.now() + 40 * DAY):
        with pytest.raises(TypeError, match="not callable"):
            housekeeping()
        with pytest.raises(TypeError, match="not callable"):
            messages.expire(timezone.now())
    assert ConsentRecord.objects.count() == 1
    assert damage() == []


# --- What was there before ---------------------------------------------------------------------------------
@pytest.mark.usefixtures("notice")
def test_what_was_there_before_is_taken_in_once() -> None:
    taken_in_as_of_before(choose())
    entries.state(LedgerStatement.Type.TAKEN_IN, {"kinds": ["consent"]}, at=timezone.now())
    assert damage() == []
    seal()
    assert damage() == []

    taken_in_as_of_before(choose())
    entries.state(LedgerStatement.Type.TAKEN_IN, {"kinds": ["consent"]}, at=timezone.now())
    assert any("the consent at position – says" in words for words in damage())
    seal()
    assert any("says" in words for words in damage())


def taken_in_as_of_before(record: ConsentRecord) -> None:
    """Enter a record as if it were forty days old."""
    sql("UPDATE policies_consentrecord SET ledger_entry_id = NULL WHERE id = %s", record.pk)
    sql("DELETE FROM policies_ledgerentry WHERE id = %s", record.ledger_entry.pk)
    assert any("no entry" in words for words in damage())
    record.created_at -= 40 * DAY
    entries.enter(record, at=record.created_at)
    sql(
        "UPDATE policies_consentrecord SET ledger_entry_id = %s, ledger_salt = %s, created_at = %s WHERE id = %s",
        record.ledger_entry.pk,
        record.ledger_salt,
        connection.ops.adapt_datetimefield_value(record.created_at),
        record.pk,
    )


# --- The daily check ---------------------------------------------------------------------------------------
@pytest.mark.usefixtures("notice")
def test_damage_is_kept_for_the_dashboard_and_mailed_to_owners_once() -> None:
    owner = User.objects.create_superuser("owner@example.com", "a-long-password")
    User.objects.create_user("editor@example.com", "a-long-password")
    choose("none")
    assert daily_check.run(now=timezone.now()) == []
    assert LedgerCheck.objects.get().findings == []
    assert not Email.objects.exists()

    sql("UPDATE policies_consentrecord SET method = 'all'")
    assert len(daily_check.run(now=timezone.now())) == 1
    mail = Email.objects.get()
    assert mail.to == [owner.email]
    assert str(ConsentRecord.objects.get()) in mail.message
    [[about, words]] = LedgerCheck.objects.get().findings
    assert about == f"consent {ConsentRecord.objects.get()}"
    assert words == "it is not what was entered into the ledger"

    daily_check.run(now=timezone.now() + DAY)  # nothing new
    assert Email.objects.count() == 1
    sql("UPDATE policies_consentrecord SET method = 'none'")
    assert daily_check.run(now=timezone.now()) == []
    assert LedgerCheck.objects.get().findings == []
    sql("UPDATE policies_consentrecord SET method = 'all'")
    daily_check.run(now=timezone.now())
    assert Email.objects.count() == 2


@pytest.mark.usefixtures("notice")
def test_damage_that_lasts_is_mailed_again_each_week() -> None:
    User.objects.create_superuser("owner@example.com", "a-long-password")
    choose("none")
    sql("UPDATE policies_consentrecord SET method = 'all'")
    begun = timezone.now()
    for day in range(16):
        daily_check.run(now=begun + day * DAY)
    assert Email.objects.count() == 3
    LedgerCheck.objects.update(mailed_at=begun + 99 * DAY)  # a time to come does not put it off
    daily_check.run(now=begun + 16 * DAY)
    assert Email.objects.count() == 4


@pytest.mark.usefixtures("notice")
def test_a_warning_is_not_mailed() -> None:
    User.objects.create_superuser("owner@example.com", "a-long-password")
    choose()
    assert daily_check.run(now=timezone.now() + 3 * HOUR) == []
    assert not Email.objects.exists()


def test_many_findings_are_cut_short() -> None:
    User.objects.create_superuser("owner@example.com", "a-long-password")
    page = form_page()
    for number in range(daily_check.MAX_KEPT + 2):
        write(page, message=f"{number}")
    sql("UPDATE forms_submission SET ledger_salt = 'x'")
    assert len(daily_check.run(now=timezone.now())) == daily_check.MAX_KEPT + 2
    assert len(LedgerCheck.objects.get().findings) == daily_check.MAX_KEPT
    assert "2 more" in Email.objects.get(to="owner@example.com").message


@pytest.mark.usefixtures("notice")
def test_what_is_new_comes_first_and_is_mailed_however_much_was_found_before() -> None:
    User.objects.create_superuser("owner@example.com", "a-long-password")
    page = form_page()
    for number in range(daily_check.MAX_KEPT + 2):
        write(page, message=f"{number}")
    choose()
    sql("UPDATE forms_submission SET ledger_salt = 'x'")
    before = Email.objects.count()
    for _again in range(2):
        daily_check.run(now=timezone.now())
    assert Email.objects.count() == before + 1
    sql("UPDATE policies_policyversion SET ledger_salt = 'x'")
    daily_check.run(now=timezone.now())
    assert Email.objects.count() == before + 2
    assert LedgerCheck.objects.get().findings[0][0].startswith("version")


@pytest.mark.usefixtures("notice")
def test_damage_that_nobody_could_be_told_of_is_mailed_as_soon_as_there_is_somebody() -> None:
    choose()
    sql("UPDATE policies_consentrecord SET method = 'none'")
    daily_check.run(now=timezone.now())
    assert LedgerCheck.objects.get().mailed_at is None
    User.objects.create_superuser("owner@example.com", "a-long-password")
    daily_check.run(now=timezone.now())
    assert Email.objects.count() == 1


@pytest.mark.usefixtures("notice")
def test_nobody_with_the_database_alone_can_say_that_owners_were_told() -> None:
    User.objects.create_superuser("owner@example.com", "a-long-password")
    choose()
    sql("UPDATE policies_consentrecord SET method = 'none'")
    words = [[f"consent {ConsentRecord.objects.get()}", "it is not what was entered into the ledger"]]
    now = timezone.now()
    LedgerCheck.objects.create(pk=1, finished_at=now, findings=words, told=[], mailed_at=now)
    daily_check.run(now=now)
    assert Email.objects.count() == 1


def test_a_row_beside_that_of_the_check_is_no_matter() -> None:
    now = timezone.now()
    LedgerCheck.objects.create(pk=-5, finished_at=now)
    assert daily_check.last_check() is None
    daily_check.run_if_due(now=now)
    assert LedgerCheck.objects.filter(pk=1).exists()


UNREADABLE = {
    "findings": ("'5'", "'\"x\"'", "'[5]'", "'[[1]]'", "'[[1, 2]]'", "'{\"a\": 1}'"),
    "told": ("'5'", "'[5]'", "'[[]]'"),
}
UNREADABLE |= (
    {"mailed_at": ("'20000-01-01'", "x'ff'"), "finished_at": ("'x'", "'20000-01-01'")}
    if connection.vendor == "sqlite"
    else {
        "mailed_at": ("'20000-01-01'", "'0044-03-15 BC'"),
        "finished_at": ("'0044-03-15 BC'", "'20000-01-01'"),
    }
)


@pytest.mark.parametrize(
    ("column", "value"), [(name, one) for name in UNREADABLE for one in UNREADABLE[name]]
)
def test_a_row_of_the_check_that_cannot_be_read_counts_as_none_and_is_written_anew(
    column: str, value: str
) -> None:
    now = timezone.now()
    daily_check.run(now=now)
    sql(f"UPDATE policies_ledgercheck SET {column} = {value}")  # noqa: S608
    last = daily_check.last_check()
    assert last is None or (column == "mailed_at" and last.mailed_at is None)
    daily_check.run(now=now) if last else daily_check.run_if_due(now=now)
    check = daily_check.last_check()
    assert check is not None
    assert (check.finished_at, check.findings) == (now, [])


# --- Clocks ------------------------------------------------------------------------------------------------
def test_a_clock_that_jumps_back_and_forth_breaks_nothing() -> None:
    begin = timezone.now()
    with time_machine.travel(begin - HOUR, tick=False) as clock:
        begin_ledger()
        factories.declare_cookies()
        factories.cookie_policy()
        for minutes in (10, -20, 30, -15, 25, -5, 0):
            clock.move_to(begin + timedelta(minutes=minutes))
            choose()
            factories.publish(factories.policy_page(f"Rules {minutes}"))
            seal()
            assert damage(least=0) == []
    times = list(LedgerHead.objects.order_by("number").values_list("time", flat=True))
    assert times == sorted(times)


def test_a_clock_that_was_hours_fast_is_a_warning(notice: None) -> None:
    with time_machine.travel(timezone.now() + 5 * HOUR):
        seal()
    choose()
    seal()
    assert damage() == []
    assert "dated in the future" in failure(1, of="ledger")
