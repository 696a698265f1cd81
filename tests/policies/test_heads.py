"""The list of heads: kept elsewhere, it shows what nothing inside the database can show."""

import json
import os
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from policies.ledger import heads
from policies.models import Policy, PolicyVersion
from policies.versions import publishing
from tests.factories import policy, version
from tests.policies.test_verify_policies import run, sql

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def rules() -> Policy:
    rules = policy()
    for text in ("one", "two", "three"):
        version(rules, html=f"<p>{text}</p>", change_summary=text)
    version(policy("other-rules"), html="<p>x</p>")
    return rules


@pytest.fixture
def kept(rules: Policy, tmp_path: Path) -> Path:
    """Keep the heads as they stand."""
    file = tmp_path / "heads.json"
    call_command("verify_policies", heads=file, stdout=StringIO())
    return file


def verify(**options: Any) -> str:
    out = StringIO()
    call_command("verify_policies", stdout=out, stderr=out, **options)
    return out.getvalue()


def failure(code: int, **options: Any) -> str:
    """Return what it says when it fails, its last line included."""
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("verify_policies", stdout=out, stderr=out, **options)
    assert error.value.returncode == code
    return f"{out.getvalue()}{error.value}"


def withdrawn(rules: Policy, text: str, days: int) -> PolicyVersion:
    coming = version(rules, html=f"<p>{text}</p>", at=timezone.now() + timedelta(days=days))
    publishing.withdraw(version=coming, by=None, reason=f"{text} was a mistake.")
    return coming


def forget(number: int) -> None:
    """Delete the newest version of the house rules, and what the policy remembers of it."""
    one = "(SELECT id FROM policies_policy WHERE slug = 'house-rules')"
    sql(f"DELETE FROM policies_policyversion WHERE policy_id = {one} AND number = %s", number)  # noqa: S608
    sql(
        "UPDATE policies_policy SET newest_sha256 = COALESCE((SELECT sha256 FROM policies_policyversion "  # noqa: S608
        f"WHERE policy_id = {one} AND number = %s), '') WHERE slug = 'house-rules'",
        number - 1,
    )


# --- What it shows -----------------------------------------------------------------------------------------
def test_a_policy_that_is_gone_with_all_its_versions_is_missed(rules: Policy, kept: Path) -> None:
    for number in (3, 2, 1):
        forget(number)
    sql("DELETE FROM policies_policy WHERE slug = 'house-rules'")
    assert run() == "other-rules: 1 version(s), as published\n"

    said = failure(2, expect=kept)
    assert "house-rules: the policy is missing with all its versions" in said
    assert said.endswith("Not as published: house-rules")


def test_a_newest_version_that_is_gone_with_what_the_policy_remembered_is_missed(
    rules: Policy, kept: Path
) -> None:
    forget(3)
    assert "house-rules: 2 version(s), as published" in run()

    assert "house-rules: version 3 is missing" in failure(2, expect=kept)


def test_a_chain_that_was_built_anew_is_told_from_the_old(rules: Policy, kept: Path) -> None:
    forget(3)
    version(rules, html="<p>3</p>")
    run()

    assert "house-rules: version 3 is another than the one listed" in failure(2, expect=kept)


def test_a_withdrawal_that_is_gone_with_what_the_policy_remembered_is_missed(
    rules: Policy, tmp_path: Path
) -> None:
    withdrawn(rules, "four", 9)
    file = tmp_path / "heads.json"
    verify(heads=file)
    sql("DELETE FROM policies_versionwithdrawal")
    sql("UPDATE policies_policy SET withdrawals_sha256 = ''")
    run()

    assert "house-rules: a withdrawal that was listed is missing or changed" in failure(2, expect=file)


def test_what_was_added_since_is_no_matter(rules: Policy, tmp_path: Path) -> None:
    file = tmp_path / "heads.json"
    first = version(rules, html="<p>four</p>", at=timezone.now() + timedelta(days=9))
    withdrawn(rules, "five", 8)
    verify(heads=file)
    publishing.withdraw(version=first, by=None, reason="Of an earlier version, later.")
    withdrawn(rules, "six", 7)
    version(rules, html="<p>seven</p>", title="Rules of the house")
    version(policy("new-rules"))

    assert f"{file}: 2 head(s) listed, all found" in verify(expect=file)


def test_damage_that_the_database_shows_by_itself_is_told_as_well(rules: Policy, kept: Path) -> None:
    sql("UPDATE policies_policyversion SET title = 'x' WHERE number = 2")

    said = failure(2, expect=kept)
    assert "house-rules: version 2 is broken" in said
    assert "all found" not in said


# --- How it is written -------------------------------------------------------------------------------------
def test_the_same_database_gives_the_same_list(kept: Path) -> None:
    before = kept.read_bytes()
    said = verify(heads=kept)

    assert kept.read_bytes() == before
    assert f"2 head(s) written, SHA-256 {json.loads(before)['sha256']}" in said


def test_a_printed_list_is_the_list_alone(kept: Path) -> None:
    out, err = StringIO(), StringIO()
    call_command("verify_policies", heads=Path("-"), expect=kept, stdout=out, stderr=err)

    assert out.getvalue() == kept.read_text()
    assert "house-rules: 3 version(s), as published" in err.getvalue()


def test_a_policy_without_versions_has_no_head(kept: Path) -> None:
    before = kept.read_bytes()
    policy("no-rules-yet")
    verify(heads=kept)

    assert kept.read_bytes() == before


def test_damage_never_becomes_the_list(rules: Policy, kept: Path) -> None:
    before = kept.read_bytes()
    forget(3)
    said = failure(2, expect=kept, heads=kept)

    assert said.endswith(f"({kept} was not written)")
    assert kept.read_bytes() == before


def test_a_list_that_cannot_be_written_leaves_the_old_one_and_nothing_else(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept.read_bytes()
    monkeypatch.setattr(heads, "encode", lambda _heads: "half\ud800")

    assert failure(3, heads=kept).split("\n")[-1].startswith(f"--heads {kept}: it cannot be written")
    assert [file.name for file in kept.parent.iterdir()] == ["heads.json"]
    assert kept.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "why"),
    [("nowhere/heads.json", "No such file"), ("", "it is no file"), ("round", "")],
)
def test_a_place_that_takes_no_file_is_refused(kept: Path, name: str, why: str) -> None:
    (kept.parent / "round").symlink_to("round")

    assert f"it cannot be written: {why}" in failure(3, heads=kept.parent / name)


def test_a_device_is_never_replaced(kept: Path) -> None:
    assert "it cannot be written: it is no file" in failure(3, heads=Path("/dev/stdout"))


# --- How it is read ----------------------------------------------------------------------------------------
def changed(kept: Path, **head: Any) -> str:
    content = json.loads(kept.read_text())
    content["heads"][0].update(head)
    return json.dumps(content)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is not JSON"),
        (b"house-rules 3", "it is not JSON"),
        (b'{"format": 1, "heads": [', "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b'{"format": ' + b"9" * 10_000 + b"}", "it is not JSON"),
        (b"\xff\xfe\x00", "it is not text in UTF-8"),
        (b"[]", "it is not a list of heads"),
        (b'{"heads": 5}', "it is not a list of heads"),
        (b'{"format": 2, "heads": []}', "it is in a form that this release does not know"),
        (b'{"format": 1, "heads": []}', "its hash is not that of its heads"),
        (b'{"format": 1, "heads": [5]}', "one of its heads is none"),
        (b'{"format": 1, "heads": [{"policy": "x"}]}', "one of its heads is none"),
        (b" " * (heads.MAX_BYTES + 1), "it is larger than 10 MB"),
    ],
)
def test_what_is_no_list_is_refused(rules: Policy, tmp_path: Path, content: bytes, why: str) -> None:
    file = tmp_path / "heads.json"
    file.write_bytes(content)

    assert failure(3, expect=file).startswith(f"--expect {file}: {why}")


@pytest.mark.parametrize(
    "head",
    [
        {"policy": "../x"},
        {"policy": 5},
        {"number": 0},
        {"number": True},
        {"number": 2.0},
        {"number": 2**70},
        {"number": None},
        {"sha256": "abc"},
        {"withdrawals": -1},
        {"withdrawals": 1},
        {"withdrawals_sha256": "x"},
        {"withdrawals_sha256": []},
        {"more": "\ud800"},
    ],
)
def test_a_head_that_cannot_be_one_is_refused(kept: Path, head: dict[str, Any]) -> None:
    kept.write_text(changed(kept, **head))

    assert "one of its heads is none" in failure(3, expect=kept)


def test_a_list_that_was_changed_is_refused(kept: Path) -> None:
    kept.write_text(changed(kept, number=2))

    assert "it was changed, or not copied whole" in failure(3, expect=kept)


def test_a_list_that_a_mail_program_wrapped_and_marked_is_read(kept: Path) -> None:
    kept.write_bytes(b"\xef\xbb\xbf" + kept.read_bytes().replace(b"\n", b"\r\n\r\n"))

    assert "all found" in verify(expect=kept)


def test_a_file_that_cannot_be_read_is_refused(rules: Policy, tmp_path: Path) -> None:
    assert "it cannot be read: No such file" in failure(3, expect=tmp_path / "none.json")
    assert "it cannot be read: Is a directory" in failure(3, expect=tmp_path)


def test_a_list_that_waits_in_the_standard_input_is_read(kept: Path) -> None:
    with kept.open("rb") as file:
        saved = os.dup(0)
        os.dup2(file.fileno(), 0)
        try:
            assert "2 head(s) listed, all found" in verify(expect=Path("-"))
        finally:
            os.dup2(saved, 0)
            os.close(saved)
