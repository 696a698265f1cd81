"""A time-stamp authority that is up, slow, lying or gone: what is good is kept, what is not is asked for again."""

import time
from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from policies.ledger import encoding, heads, sealing, timestamps, witness
from policies.models import LedgerHead, LedgerWitness
from tests.factories import policy, version
from tests.faults.mail_servers import unused_port
from tests.faults.timestamp_authorities import Authority, serving, trickle

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
Answer = Callable[[bytes], object]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("another"))


def seal(text: str = "one") -> LedgerHead:
    version(policy(f"rules-{text}"), html=f"<p>{text}</p>")
    head = sealing.seal(now=timezone.now())
    assert head is not None
    return head


def ask(settings: Settings, answer: Answer, **when: float) -> LedgerWitness | None:
    """Have the newest head timestamped by an authority that answers so."""
    with serving(answer) as server:
        settings.TIMESTAMP_URL = server.url
        return witness.timestamp(now=timezone.now() + timedelta(**when))


def data_of(head: LedgerHead) -> bytes:
    return encoding.encode(head.content).encode()


# --- Up --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("knows_roots", [True, False])
def test_its_timestamp_of_the_newest_head_is_kept(
    authority: Authority, settings: Settings, knows_roots: bool
) -> None:
    settings.TIMESTAMP_CA_FILE = str(authority.roots) if knows_roots else ""
    head = seal()
    kept = ask(settings, authority.reply)

    assert kept == LedgerWitness.objects.get()
    assert (kept.head, kept.authority) == (head, settings.TIMESTAMP_URL)
    assert abs(kept.time - timezone.now()) < timedelta(minutes=1)
    assert list(witness.findings()) == []


def test_the_openssl_command_verifies_what_is_kept(authority: Authority, settings: Settings) -> None:
    head = seal()
    ask(settings, authority.reply)
    token = bytes(LedgerWitness.objects.get().token)
    assert authority.verifies(token, head.sha256)
    assert not authority.verifies(token, "0" * 64)


def test_it_is_asked_once_a_day_and_only_for_what_is_new(authority: Authority, settings: Settings) -> None:
    with serving(authority.reply) as server:
        settings.TIMESTAMP_URL = server.url

        def asked(**when: float) -> int:
            witness.timestamp(now=timezone.now() + timedelta(**when))
            return len(server.questions)

        assert asked() == 0  # nothing is sealed
        seal("one")
        assert [asked(), asked(), asked(days=2)] == [1, 1, 1]
        newest = seal("two")
        assert [asked(hours=23), asked(hours=25), asked(hours=26)] == [1, 2, 2]
        assert LedgerWitness.objects.order_by("pk").last().head == newest


def test_without_an_authority_nobody_is_asked(settings: Settings) -> None:
    seal()
    assert witness.timestamp(now=timezone.now()) is None


# --- Lying -----------------------------------------------------------------------------------------------
def lies(authority: Authority, another: Authority, head: LedgerHead) -> dict[str, tuple[Answer, str]]:
    """Return bad answers, and what is said of each."""

    def granted_though_refused(question: bytes) -> bytes:
        return authority.refuse(question).replace(b"\x02\x01\x02", b"\x02\x01\x00", 1)

    def badly_signed(question: bytes) -> bytes:
        answer = bytearray(authority.reply(question))
        answer[-4] ^= 1
        return bytes(answer)

    return {
        "of another hash": (authority.reply_to_another(b"x"), "another hash"),
        "replayed": (authority.reply_to_another(data_of(head)), "another question"),
        "refused": (authority.refuse, "refuses"),
        "granted without a token": (granted_though_refused, "cannot be read"),
        "badly signed": (badly_signed, "signed"),
        "signed by somebody else": (another.reply, "signed"),
        "no ASN.1": (lambda _question: b"<html>Our apologies</html>", "cannot be read"),
        "empty": (lambda _question: b"", "cannot be read"),
        "cut off": (lambda question: authority.reply(question)[:-9], "cannot be read"),
        "with something behind it": (lambda question: authority.reply(question) + b"x", "cannot be read"),
        "huge": (lambda _question: bytes(5_000_000), "65537 bytes"),
        "an error": (lambda _question: 503, "status 503"),
        "no HTTP": (lambda _question: iter([b"220 mail.example.com\r\n"]), "BadStatusLine|220 mail"),
        "hung up": (lambda _question: iter([]), "closed connection"),
    }


def test_a_bad_answer_is_never_kept_and_is_asked_for_again(
    authority: Authority, another: Authority, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TIMESTAMP_CA_FILE = str(authority.roots)
    head = seal()
    for name, (answer, words) in lies(authority, another, head).items():
        caplog.clear()
        assert ask(settings, answer) is None, name
        (line,) = [record.getMessage() for record in caplog.records if "No timestamp" in record.message]
        assert any(part in line for part in words.split("|")), (name, line)
        assert not LedgerWitness.objects.exists(), name
    assert ask(settings, authority.reply) is not None


def test_a_time_that_cannot_be_is_not_kept(authority: Authority, settings: Settings) -> None:
    head = seal()
    assert ask(settings, authority.reply, days=-2) is None  # by our clock, it is of the day after tomorrow
    later = timezone.now() + timedelta(days=2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE policies_ledgerhead SET time = %s WHERE id = %s", [later, head.pk])
    assert ask(settings, authority.reply, days=2) is None  # it is older than the head


def test_roots_that_cannot_be_read_are_no_reason_to_trust_anybody(
    authority: Authority, settings: Settings, tmp_path: Path
) -> None:
    seal()
    settings.TIMESTAMP_CA_FILE = str(tmp_path / "gone.pem")
    assert ask(settings, authority.reply) is None
    assert not LedgerWitness.objects.exists()


# --- Slow, or gone ---------------------------------------------------------------------------------------
def silence(_question: bytes) -> object:
    return trickle(b"x", seconds=3)


def trickled_head(_question: bytes) -> object:
    return trickle(b"HTTP/1.0 200 OK\r\n" + b"x" * 100, seconds=0.05)


def trickled_body(_question: bytes) -> object:
    return chain([b"HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n"], trickle(b"x" * 100, seconds=0.05))


@pytest.mark.slow
@pytest.mark.parametrize("answer", [silence, trickled_head, trickled_body])
def test_a_slow_one_costs_a_bounded_wait(
    authority: Authority, settings: Settings, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    monkeypatch.setattr(timestamps, "WAIT", 0.5)
    monkeypatch.setattr(timestamps, "LONGEST_WAIT", 1)
    seal()
    begin = time.monotonic()
    assert ask(settings, answer) is None
    assert time.monotonic() - begin < 3
    assert ask(settings, authority.reply) is not None


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/"])
def test_one_that_is_gone_loses_nothing(authority: Authority, settings: Settings, url: str) -> None:
    head = seal()
    settings.TIMESTAMP_URL = url.format(port=unused_port())
    assert witness.timestamp(now=timezone.now()) is None
    assert ask(settings, authority.reply) is not None
    assert LedgerWitness.objects.get().head == head == heads.newest()


def test_one_that_speaks_no_tls_loses_nothing(authority: Authority, settings: Settings) -> None:
    seal()
    with serving(authority.reply) as server:
        settings.TIMESTAMP_URL = server.url.replace("http:", "https:")
        assert witness.timestamp(now=timezone.now()) is None


# --- Kept, and then changed ------------------------------------------------------------------------------
def test_a_timestamp_that_is_not_of_its_head_is_damage(authority: Authority, settings: Settings) -> None:
    settings.TIMESTAMP_CA_FILE = str(authority.roots)
    seal("one")
    ask(settings, authority.reply)
    second = seal("two")

    def found(change: str, *values: object) -> str:
        with connection.cursor() as cursor:
            before = LedgerWitness.objects.values_list("head_id", "token", "time").get()
            cursor.execute(f"UPDATE policies_ledgerwitness SET {change}", values)  # noqa: S608 - ours
            (finding,) = witness.findings()
            cursor.execute("UPDATE policies_ledgerwitness SET head_id = %s, token = %s, time = %s", before)
        assert not list(witness.findings())
        return finding.words

    assert "of another hash" in found("head_id = %s", second.pk)
    assert "cannot be read" in found("token = %s", b"")
    assert "cannot be read" in found("token = %s", b"\x30\x03\x02\x01\x00")
    assert "not of" in found("time = %s", timezone.now() - timedelta(days=400))


def test_a_timestamp_that_somebody_else_signed_is_damage(
    authority: Authority, another: Authority, settings: Settings
) -> None:
    seal()
    ask(settings, another.reply)
    assert not list(witness.findings())  # without roots nobody can tell
    settings.TIMESTAMP_CA_FILE = str(authority.roots)
    (finding,) = witness.findings()
    assert "not signed as it should be" in finding.words


def test_roots_that_cannot_be_read_are_a_warning_not_damage(
    authority: Authority, settings: Settings, tmp_path: Path
) -> None:
    seal()
    ask(settings, authority.reply)
    settings.TIMESTAMP_CA_FILE = str(tmp_path)
    (finding,) = witness.findings()
    assert finding.level == finding.level.WARNING
    assert "TIMESTAMP_CA_FILE" in finding.words
