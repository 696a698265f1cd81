"""Heads that were kept outside: they show what nothing inside the database can show."""

import hashlib
import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from policies.ledger import encoding, entries, heads
from policies.models import LedgerEntry, LedgerHead, LedgerStatement, PolicyVersion
from tests.factories import policy, version
from tests.policies.verifying import DAY, damage, failure, run, seal, sql

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def newest_head(database_of_module: None) -> str:
    """Seal two batches, and return the newest head as the command hands it out."""
    rules = policy()
    for words in ("one", "two"):
        version(rules, html=f"<p>{words}</p>")
        seal()
    out = StringIO()
    call_command("verify_policies", heads=True, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.fixture
def kept(newest_head: str, db: None, tmp_path: Path) -> Path:
    file = tmp_path / "heads.json"
    file.write_text(newest_head, encoding="utf-8")
    return file


def sealed_anew() -> None:
    """Take back the last seal, and seal the same once more at another time."""
    number = heads.newest().number
    first = heads.newest().first_position
    sql("DELETE FROM policies_ledgerhead WHERE number = %s", number)
    sql("UPDATE policies_ledgerentry SET position = NULL WHERE position >= %s", first)
    seal()


# --- What it shows -----------------------------------------------------------------------------------------
def test_a_seal_that_was_taken_back_and_given_anew_is_told(kept: Path) -> None:
    sealed_anew()
    assert damage() == []

    said = failure(2, of="ledger", expect=kept)
    assert "head 2, which was kept outside, is another one here: the ledger was rewritten" in said


@pytest.mark.both_databases
def test_a_seal_that_was_taken_back_is_missed(kept: Path) -> None:
    sql("DELETE FROM policies_ledgerhead WHERE number = 2")
    sql("UPDATE policies_ledgerentry SET position = NULL WHERE position > 1")
    assert damage() == []

    assert "head 2, which was kept outside, is missing here" in failure(2, of="ledger", expect=kept)


def test_what_was_sealed_since_is_no_matter(kept: Path) -> None:
    version(policy("other-rules"))
    seal()

    assert "3 entries are sealed under 3 head(s)" in run(expect=kept)


def test_what_was_lost_by_a_restore_is_reported_and_no_damage(kept: Path) -> None:
    outside = json.loads(kept.read_text())["heads"][0]
    sql("DELETE FROM policies_ledgerhead WHERE number = 2")
    sql("UPDATE policies_ledgerentry SET position = NULL WHERE position > 1")
    content = {"here": {**heads.newest().content, "sha256": heads.newest().sha256}, "outside": outside}
    entries.state(LedgerStatement.Type.RESTORED, content, at=timezone.now())

    assert "head 2 is missing here: it was lost when the site was restored" in failure(
        1, of="ledger", expect=kept
    )
    seal()
    assert "head 2 is another one here: it was lost when the site was restored" in failure(
        1, of="ledger", expect=kept
    )
    with time_machine.travel(timezone.now() + 31 * DAY):
        seal()
        assert "it was lost when the site was restored" in run(expect=kept)


@pytest.mark.both_databases
@pytest.mark.parametrize("number", [2, 10**9])
@pytest.mark.parametrize("of", [0, 1])
def test_a_restore_that_cannot_have_been_excuses_nothing(kept: Path, number: int, of: int) -> None:
    """From a head that was not the newest then, or of more heads than can have been sealed since."""
    outside = json.loads(kept.read_text())["heads"][0]
    sealed_anew()
    made_up = {**outside, "number": number}
    del made_up["sha256"]
    made_up["sha256"] = encoding.sha256(encoding.encode(made_up))
    here = LedgerHead.objects.get(number=of)
    content = {"here": {**here.content, "sha256": here.sha256}, "outside": made_up}
    entries.state(LedgerStatement.Type.RESTORED, content, at=timezone.now())
    seal()

    is_possible = (number, of) == (2, 1)
    assert "head 2" in failure(1 if is_possible else 2, of="ledger", expect=kept)


def test_a_restore_that_nobody_entered_excuses_nothing(kept: Path) -> None:
    outside = json.loads(kept.read_text())["heads"][0]
    sealed_anew()
    content = {"here": LedgerHead.objects.get(number=1).content, "outside": outside}
    forged = LedgerStatement(type="restored", time=timezone.now(), content=content)
    LedgerStatement.objects.bulk_create([forged])

    assert "head 2, which was kept outside, is another one here" in failure(2, of="ledger", expect=kept)


def test_a_head_of_another_site_is_told_as_another_one(kept: Path) -> None:
    content = json.loads(kept.read_text())["heads"][0]
    del content["sha256"]
    content["root"] = "ab" * 32
    foreign = {**content, "sha256": encoding.sha256(encoding.encode(content))}
    kept.write_text(json.dumps({"format": heads.FORMAT, "heads": [foreign]}))

    assert "is another one here" in failure(2, of="ledger", expect=kept)


# --- How it is written -------------------------------------------------------------------------------------
def test_what_is_printed_is_the_head_alone(kept: Path) -> None:
    out, err = StringIO(), StringIO()
    call_command("verify_policies", heads=True, expect=kept, stdout=out, stderr=err)

    assert out.getvalue() == kept.read_text()
    assert heads.decode(out.getvalue()) == heads.as_document([heads.newest()])["heads"]
    assert "entries are sealed under" in err.getvalue()


def test_damage_never_becomes_a_head(kept: Path) -> None:
    sql("UPDATE policies_policyversion SET title = 'x' WHERE number = 2")

    assert '"heads"' not in failure(2, of="house-rules", heads=True)


# --- How it is read ----------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_what_is_no_head_is_refused_and_changes_nothing(kept: Path) -> None:
    before = list(LedgerEntry.objects.values_list()), list(PolicyVersion.objects.values_list())
    for content, why in (
        (b"", "it is not JSON"),
        (b"house-rules 3", "it is not JSON"),
        (b'{"format": 2, "heads": [', "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"format": ' + b"9" * 10_000 + b"}", "it is not JSON"),
        (b"\xff\xfe\x00", "it is not text in UTF-8"),
        (b"[]", "it holds no heads of a ledger"),
        (b"{}", "it holds no heads of a ledger"),
        (b'{"heads": 5}', "it holds no heads of a ledger"),
        (b'{"format": 2, "heads": []}', "it holds no heads of a ledger"),
        (b'{"format": 1, "heads": [], "sha256": "x"}', "it is in a form that this release does not know"),
        (b'{"format": 3, "heads": []}', "it is in a form that this release does not know"),
        (b'{"format": 2, "heads": [5]}', "one of its heads is damaged"),
        (b'{"format": 2, "heads": [{"number": NaN}]}', "one of its heads is damaged"),
        (b'{"format": 2, "heads": [{"policy": "x"}]}', "one of its heads is damaged"),
        (b" " * (heads.MAX_BYTES + 1), "it is larger than 10 MB"),
    ):
        kept.write_bytes(content)
        assert f"--expect {kept}: {why}" in failure(3, of="--expect", expect=kept), content[:40]
    assert before == (list(LedgerEntry.objects.values_list()), list(PolicyVersion.objects.values_list()))


@pytest.mark.parametrize(
    "change",
    [
        {"number": -1},
        {"number": True},
        {"number": 2.0},
        {"number": 2**70},
        {"number": "2"},
        {"number": None},
        {"root": "abc"},
        {"root": "AB" * 32},
        {"previous": []},
        {"time": "now"},
        {"time": "2026-01-01T00:00:00Z\n"},
        {"more": "\ud800"},
        {"more": 5},
    ],
)
@pytest.mark.parametrize("is_hashed", [False, True])
def test_a_head_that_cannot_be_one_is_refused(kept: Path, change: dict[str, Any], is_hashed: bool) -> None:
    document = json.loads(kept.read_text())
    head = document["heads"][0]
    head.update(change)
    if is_hashed:
        content = {name: value for name, value in head.items() if name != "sha256"}
        body = encoding.encode(content).encode("utf-8", "surrogatepass")
        head["sha256"] = hashlib.sha256(body).hexdigest()
    kept.write_text(json.dumps(document))

    assert "one of its heads is damaged" in failure(3, of="--expect", expect=kept)


def test_a_head_that_was_changed_is_refused(kept: Path) -> None:
    kept.write_text(kept.read_text().replace('"number": 2', '"number": 1'))

    assert "its hash is not that of its content" in failure(3, of="--expect", expect=kept)


def test_a_head_that_a_mail_program_wrapped_and_marked_is_read(kept: Path) -> None:
    kept.write_bytes(b"\xef\xbb\xbf" + kept.read_bytes().replace(b"\n", b"\r\n\r\n"))

    run(expect=kept)


def test_a_file_that_cannot_be_read_is_refused(kept: Path) -> None:
    assert "it cannot be read: No such file" in failure(3, of="--expect", expect=kept.parent / "none.json")
    assert "it cannot be read: Is a directory" in failure(3, of="--expect", expect=kept.parent)


def test_a_head_that_waits_in_the_standard_input_is_read(kept: Path) -> None:
    with kept.open("rb") as file:
        saved = os.dup(0)
        os.dup2(file.fileno(), 0)
        try:
            assert "2 entries are sealed under 2 head(s)" in run(expect=Path("-"))
        finally:
            os.dup2(saved, 0)
            os.close(saved)
