"""Heads leave the database by themselves: a weekly mail, a public URL; and a restore from a backup is told."""

import hashlib
import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from post_office.models import Email
from pytest_django import Settings

from home.models import User
from policies.ledger import daily_check, encoding, heads, sealing, verification, weekly_mail, witness
from policies.models import LedgerCheck, LedgerEntry, LedgerHead, LedgerStatement, LedgerWitness, Policy
from tests.factories import policy, version

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop, pytest.mark.slow]


@pytest.fixture
def rules() -> Policy:
    return policy()


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser(email="owner@example.com", password="x")


def seal(rules: Policy, text: str) -> LedgerHead:
    version(rules, html=f"<p>{text}</p>", change_summary=text)
    head = sealing.seal(now=timezone.now())
    assert head is not None
    return head


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def work() -> None:
    """Run the worker once, as after a restart."""
    call_command("worker", once=True, stdout=io.StringIO())


def mails() -> list[Email]:
    return [one for one in Email.objects.order_by("pk") if "Please keep" in one.subject]


# --- The weekly mail -------------------------------------------------------------------------------------
def test_the_owners_are_mailed_the_newest_head(rules: Policy, owner: User) -> None:
    User.objects.create_superuser(email="gone@example.com", password="x", is_active=False)
    User.objects.create_user(email="staff@example.com", password="x")
    head = seal(rules, "one")
    work()

    (mail,) = mails()
    text = mail.message
    assert mail.to == ["owner@example.com"]
    assert f"Head {head.number}, over {head.last_position} entries" in text
    assert f"SHA-256 {head.sha256}" in text
    (kept,) = heads.decode(text[text.index("{") : text.rindex("}") + 1])
    assert kept == {**head.content, "sha256": head.sha256}


@pytest.mark.both_databases
def test_the_mail_alone_shows_later_that_the_ledger_was_rewritten(
    rules: Policy, owner: User, tmp_path: Path
) -> None:
    seal(rules, "one")
    work()
    text = mails()[0].message
    file = tmp_path / "heads.json"
    file.write_text(text[text.index("{") :], encoding="utf-8")
    call_command("verify_policies", expect=file, stdout=io.StringIO())
    sql("UPDATE policies_ledgerhead SET sha256 = %s WHERE number = 1", "0" * 64)
    with pytest.raises(CommandError):
        call_command("verify_policies", expect=file, stdout=io.StringIO(), stderr=io.StringIO())


def test_the_mail_goes_once_a_week_however_often_the_worker_starts(rules: Policy, owner: User) -> None:
    begin = timezone.now()

    def mailed_after(**time: float) -> int:
        with time_machine.travel(begin + timedelta(**time)):
            work()
            work()
        return len(mails())

    assert mailed_after() == 0
    seal(rules, "one")
    assert mailed_after(minutes=1) == 1
    assert mailed_after(days=6) == 1
    assert mailed_after(days=8) == 2  # a quiet week has heads, too
    seal(rules, "two")
    assert mailed_after(days=9) == 2
    seal(rules, "three")
    assert mailed_after(days=14) == 2
    assert mailed_after(days=15, minutes=1) == 3


@pytest.mark.both_databases
def test_the_weekly_mail_carries_the_number_of_open_findings(rules: Policy, owner: User) -> None:
    seal(rules, "one")
    weekly_mail.send(now=timezone.now())
    assert "finding" not in Email.objects.get().message
    LedgerCheck.objects.create(pk=1, finished_at=timezone.now(), findings=[["ledger", "x"], ["ledger", "y"]])
    seal(rules, "two")
    weekly_mail.send(now=timezone.now() + timedelta(days=8))
    assert "The daily check has 2 open findings" in Email.objects.latest("pk").message


def test_a_clock_that_was_wrong_does_not_end_the_mails(rules: Policy, owner: User) -> None:
    seal(rules, "one")
    assert weekly_mail.send(now=timezone.now() + timedelta(days=4000))
    seal(rules, "two")
    assert weekly_mail.send(now=timezone.now())


@pytest.mark.both_databases
def test_without_owners_nothing_is_mailed_until_there_is_one(rules: Policy) -> None:
    seal(rules, "one")
    work()
    assert not LedgerWitness.objects.exists()
    User.objects.create_superuser(email="owner@example.com", password="x")
    work()
    assert len(mails()) == 1


@contextmanager
def heads_put_back() -> Iterator[None]:
    """Put heads back that a test deletes although others name them, as SQL can with the constraints off."""
    before = list(LedgerHead.objects.all())
    yield
    gone = set(before) - set(LedgerHead.objects.all())
    LedgerHead.objects.bulk_create(gone)


@pytest.mark.both_databases
def test_a_head_that_was_mailed_and_is_gone_is_damage(rules: Policy, owner: User) -> None:
    seal(rules, "one")
    work()
    with heads_put_back():
        sql("DELETE FROM policies_ledgerhead WHERE number = 1")
        words = [found.words for found in witness.findings()]
    assert len(words) == 1
    assert "is missing" in words[0]


# --- The public URL --------------------------------------------------------------------------------------
def test_everybody_can_fetch_the_newest_head(rules: Policy, client: Client) -> None:
    head = seal(rules, "one")
    answer = client.get("/.well-known/policy-ledger.json")

    assert heads.decode(answer.content.decode()) == [{**head.content, "sha256": head.sha256}]
    content = {key: value for key, value in answer.json()["heads"][0].items() if key != "sha256"}
    assert hashlib.sha256(encoding.encode(content).encode()).hexdigest() == head.sha256
    assert not answer.cookies
    assert re.fullmatch(r"public, max-age=0, s-maxage=\d+", answer.headers["Cache-Control"])
    assert "Cookie" not in answer.headers["Vary"]


def test_it_answers_even_when_the_ledger_was_emptied(client: Client) -> None:
    sql("DELETE FROM policies_ledgerhead")
    assert client.get("/.well-known/policy-ledger.json").json()["heads"] == []
    assert client.post("/.well-known/policy-ledger.json").status_code == 405


# --- A restore from a backup -----------------------------------------------------------------------------
def restored(text: str, tmp_path: Path) -> str:
    file = tmp_path / "outside.json"
    file.write_text(text, encoding="utf-8")
    out = io.StringIO()
    call_command("ledger_restored", file, stdout=out)
    return out.getvalue()


def refused(text: str, tmp_path: Path) -> str:
    """Return why a file is refused, which changes nothing."""
    before = LedgerEntry.objects.count(), LedgerHead.objects.count()
    with pytest.raises(CommandError) as error:
        restored(text, tmp_path)
    assert error.value.returncode == 3
    assert before == (LedgerEntry.objects.count(), LedgerHead.objects.count())
    return str(error.value)


class Backup:
    """A backup of the ledger, and its restore."""

    def __init__(self) -> None:
        self.head = heads.newest()
        self.version = Policy.objects.get().versions.newest()

    def restore(self) -> None:
        sql("DELETE FROM policies_policyversion WHERE id > %s", self.version.pk)
        sql("DELETE FROM policies_ledgerstatement WHERE id > 0 AND type = 'restored'")
        sql("DELETE FROM policies_ledgerhead WHERE number > %s", self.head.number)
        last = self.head.last_position
        sql("DELETE FROM policies_ledgerentry WHERE position IS NULL OR position > %s", last)


@pytest.fixture
def lost(rules: Policy) -> Iterator[list[str]]:
    """Lose two heads by a restore; yields both as they were kept outside."""
    seal(rules, "one")
    backup = Backup()
    outside = [heads.encode([seal(rules, text)]) for text in ("two", "three")]
    backup.restore()
    return outside


def damage(outside: str) -> list[str]:
    found = [*daily_check.findings(now=timezone.now()), *heads.findings(heads.decode(outside))]
    return [one.words for one in found if one.level is verification.Level.DAMAGE]


@pytest.mark.parametrize("goes_on_before", [False, True])
def test_a_restore_is_no_damage_once_it_is_told(
    rules: Policy, lost: list[str], tmp_path: Path, goes_on_before: bool
) -> None:
    """Even where the worker sealed other entries under the numbers of those that were lost."""
    if goes_on_before:
        for text in ("other", "another", "and one more"):
            seal(rules, text)
    assert "ledger_restored" in damage(lost[1])[0]
    assert "ended with head 1" in restored(lost[1], tmp_path)

    assert [damage(outside) for outside in lost] == [[], []]
    assert heads.newest().last_position == LedgerEntry.objects.count()
    words = f"restored from a backup on {date_format(timezone.localtime())}: heads 2 to 3 were lost"
    assert [one.words for one in daily_check.findings(now=timezone.now())] == [words]
    assert [one.words for one in daily_check.run(now=timezone.now())] == [words]
    assert LedgerCheck.objects.get().findings == [["ledger", words]]
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        seal(rules, "a month later")
        assert daily_check.run(now=timezone.now()) == []


@pytest.mark.both_databases
def test_what_is_lost_after_the_restore_is_damage_all_the_same(
    rules: Policy, lost: list[str], tmp_path: Path
) -> None:
    restored(lost[1], tmp_path)
    backup = Backup()
    later = heads.encode([seal(rules, "four")])
    sql("DELETE FROM policies_policyversion WHERE id > %s", backup.version.pk)
    sql("DELETE FROM policies_ledgerhead WHERE number > %s", backup.head.number)
    sql("DELETE FROM policies_ledgerentry WHERE position > %s", backup.head.last_position)
    assert "is missing here" in damage(later)[0]


@pytest.mark.both_databases
def test_standard_input_is_read(lost: list[str], tmp_path: Path) -> None:
    file = tmp_path / "outside.json"
    file.write_text(lost[1], encoding="utf-8")
    before = os.dup(0)
    try:
        with file.open() as opened:
            os.dup2(opened.fileno(), 0)
        call_command("ledger_restored", Path("-"), stdout=io.StringIO())
    finally:
        os.dup2(before, 0)
        os.close(before)
    assert LedgerStatement.objects.filter(type="restored").exists()


def test_what_tells_of_no_loss_is_refused(rules: Policy, lost: list[str], tmp_path: Path) -> None:
    document = json.loads(lost[1])

    def changed(**values: object) -> str:
        head = {**document["heads"][0], **values}
        content = {key: value for key, value in head.items() if key != "sha256"}
        head["sha256"] = encoding.sha256(encoding.encode(content))
        return json.dumps({**document, "heads": [head]})

    assert "not JSON" in refused("Head 3", tmp_path)
    assert "no heads" in refused("[]", tmp_path)
    assert "no head" in refused('{"format": 2, "heads": []}', tmp_path)
    assert "does not know" in refused(lost[1].replace('"format": 2', '"format": 1'), tmp_path)
    assert "damaged" in refused(lost[1].replace('"number": 3', '"number": 4'), tmp_path)
    for time in (
        "2026-13-01T00:00:00.000000Z",
        "2026-01-01",
        "",
        None,
        5,
        "2026-01-01T00:00:00.000000+01:00",
    ):
        assert "damaged" in refused(changed(time=time), tmp_path), time
    assert "is here" in refused(heads.encode([heads.newest()]), tmp_path)
    assert "is here" in refused(heads.encode([LedgerHead.objects.get(number=0)]), tmp_path)
    assert "in the future" in refused(changed(time="2999-01-01T00:00:00.000000Z"), tmp_path)
    assert "another ledger" in refused(changed(time="2001-01-01T00:00:00.000000Z"), tmp_path)
    assert "another ledger" in refused(changed(number=0), tmp_path)
    restored(lost[1], tmp_path)
    assert "on record already" in refused(lost[1], tmp_path)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"gone\.json: it cannot be read: No such file"):
        call_command("ledger_restored", tmp_path / "gone.json")


def test_a_made_up_statement_neither_stops_a_check_nor_excuses_anything(
    rules: Policy, lost: list[str]
) -> None:
    for content in (
        {},
        {"here": [], "outside": 1},
        {"here": {"number": "0"}, "outside": {"number": None}},
        [],
    ):
        LedgerStatement(type="restored", time=timezone.now(), content=content).save()
    assert "is missing here" in damage(lost[1])[-1]


# --- The daily check -------------------------------------------------------------------------------------
def checked() -> datetime:
    return LedgerCheck.objects.get().finished_at


def test_the_worker_checks_once_a_day_however_often_it_starts(rules: Policy) -> None:
    work()
    first = checked()
    work()
    assert checked() == first
    with time_machine.travel(first + timedelta(hours=23)):
        work()
    assert checked() == first
    with time_machine.travel(first + timedelta(hours=25)):
        work()
    assert checked() > first


@pytest.mark.both_databases
def test_owners_are_told_of_damage_once(rules: Policy, owner: User) -> None:
    seal(rules, "one")
    daily_check.run(now=timezone.now())
    assert not Email.objects.exists()
    sql("UPDATE policies_policyversion SET record = '{}'")
    for _again in range(3):
        assert daily_check.run(now=timezone.now())
    (mail,) = Email.objects.all()
    assert "was changed" in mail.subject
    assert LedgerCheck.objects.get().findings


def test_a_check_that_meets_nonsense_ends_with_a_finding(
    rules: Policy, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nonsense() -> Iterator[verification.Finding]:
        raise KeyError("here")
        yield

    monkeypatch.setattr(witness, "findings", nonsense)
    words = [found.words for found in daily_check.run(now=timezone.now())]
    assert any("could not be made (KeyError" in one for one in words)
