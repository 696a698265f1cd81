"""What a proof shows, and how the script refuses one of which any part was changed."""

import ast
import json
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from policies.ledger import encoding, merkle, proof, sealing
from policies.ledger.proof import Proofs
from policies.models import PolicyVersion
from policies.models.ledger import LedgerEntry, LedgerHead, LedgerStatement, LedgerWitness
from tests.factories import policy, version
from tests.faults.timestamp_authorities import Authority
from tests.policies.forging import changes
from tests.policies.proving import SCRIPT, checked, fill, seal

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def function_of_the_script(name: str) -> Callable[..., object]:
    """Return a function of the script, which checks what it is given as soon as it is run."""
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    tree.body = [
        node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef)
    ]
    defined: dict[str, Callable[..., object]] = {}
    exec(compile(tree, SCRIPT, "exec"), defined)  # noqa: S102 - it is our own
    return defined[name]


def exit_code(tmp_path: Path, given: object, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the script in this process: a hundred times is quick."""
    (tmp_path / "proof.json").write_text(json.dumps(given), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(tmp_path / "proof.json")])
    try:
        runpy.run_path(str(SCRIPT))
    except SystemExit as end:
        return int(end.code or 0)
    return 0


# --- What a proof shows --------------------------------------------------------------------------------------
def test_the_script_is_short_and_needs_only_the_standard_library() -> None:
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    imported = {line.split()[1] for line in lines if line.startswith(("import ", "from "))}
    assert len(lines) <= 60
    assert imported <= sys.stdlib_module_names


def test_the_script_accepts_an_honest_proof_with_its_record(sealed: PolicyVersion, tmp_path: Path) -> None:
    code, said = checked(tmp_path, Proofs().of(sealed), record=sealed.record.encode())
    assert code == 0
    assert said.count("holds:") == 5
    assert "Alone, this shows nothing" in said
    assert LedgerHead.objects.latest("number").sha256 in said
    assert "WRONG" not in said


def test_it_refuses_a_proof_of_which_any_part_was_changed(
    sealed: PolicyVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = list(changes(Proofs().of(sealed)))
    assert len(forged) > 80
    accepted = [place for place, one in forged if exit_code(tmp_path, one, monkeypatch) == 0]
    # Heads after the one that seals it may be left out from the end: what is left is a shorter proof.
    assert accepted == ["heads 3 left out"]


def test_it_refuses_another_record_and_says_which_check_failed(sealed: PolicyVersion, tmp_path: Path) -> None:
    changed = sealed.record.encode().replace(b"Be kind", b"Be rude")
    code, said = checked(tmp_path, Proofs().of(sealed), record=changed)
    assert code == 1
    assert "WRONG: record.json" in said


@pytest.mark.parametrize("what", ["format", "position", "number", "root", "null root", "timestamp"])
def test_truth_values_are_neither_numbers_nor_roots(sealed: PolicyVersion, tmp_path: Path, what: str) -> None:
    forged = Proofs().of(sealed)
    head = forged["heads"][0]
    forged["heads"], forged["path"] = [head], []
    head.update(first=1, last=1, number=1)
    forged["position"] = 2  # outside
    if what in {"root", "null root"}:
        head["root"] = False if what == "root" else None
    else:
        forged["position"] = 1
        head["root"] = sha256(b"\0" + encoding.encode(forged["entry"]).encode()).hexdigest()
    if what == "number":
        head["number"] = True
    elif what == "timestamp":
        forged["timestamp"] = 0
    elif what in {"format", "position"}:
        forged[what] = True
    content = {name: value for name, value in head.items() if name != "sha256"}
    head["sha256"] = encoding.sha256(encoding.encode(content))
    assert checked(tmp_path, forged)[0] != 0


@pytest.mark.parametrize(
    "given",
    [
        *("", "[]", "null", "no JSON", "{}", '{"format": 1}', "[" * 100_000, '{"proof": 5}', '{"a": NaN}'),
        *('{"error": "It is new."}', '{"proof": {"error": "It is new."}}'),
    ],
)
def test_it_says_that_something_else_cannot_be_checked(given: str, tmp_path: Path) -> None:
    code, said = checked(tmp_path, given)
    assert code == 2
    assert said.startswith("This cannot be checked")
    assert ("It is new." in said) == ("It is new." in given)


def test_it_does_not_hang_on_numbers_that_are_none(sealed: PolicyVersion, tmp_path: Path) -> None:
    forged = json.dumps(Proofs().of(sealed)).replace('"last": 9', '"last": 1e999')
    assert "1e999" in forged
    assert checked(tmp_path, forged)[0] == 2


def test_a_forged_proof_cannot_write_to_the_terminal(sealed: PolicyVersion, tmp_path: Path) -> None:
    forged = Proofs().of(sealed)
    forged["entry"]["kind"] = "\x1b]0;owned\x07"
    assert "\x1b" not in checked(tmp_path, forged)[1]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def witness(number: int, authority: Authority) -> LedgerHead:
    head = LedgerHead.objects.get(number=number)
    data = encoding.encode(head.content).encode()
    question = TimestampRequestBuilder(data=data, hash_algorithm=HashAlgorithm.SHA256).build()
    answer = authority.reply(question.as_bytes())
    LedgerWitness.objects.create(
        head=head, authority="https://tsa.example", token=answer, time=timezone.now()
    )
    return head


def test_a_proof_ends_with_the_next_timestamp_which_openssl_verifies_as_the_script_says(
    sealed: PolicyVersion, tmp_path: Path, authority: Authority
) -> None:
    LedgerWitness.objects.create(head=LedgerHead.objects.get(number=2), time=timezone.now())  # a mail
    head = witness(3, authority)
    witness(4, authority)
    found = Proofs().of(sealed)
    assert [one["number"] for one in found["heads"]] == [1, 2, 3]
    code, said = checked(tmp_path, found)
    assert code == 0
    verify, show = [line for line in said.splitlines() if line.startswith("openssl ts ")]
    assert head.sha256 in verify
    (tmp_path / "AUTHORITY.pem").write_bytes(authority.roots.read_bytes())
    for line, shown in ((verify, b"Verification: OK"), (show, b"Time stamp: ")):
        done = subprocess.run(
            shlex.split(line, comments=True), cwd=tmp_path, capture_output=True, check=False
        )
        assert shown in done.stdout + done.stderr
    assert checked(tmp_path, {**found, "timestamp": {**found["timestamp"], "head": 2}})[0] == 1


@pytest.mark.both_databases
def test_the_script_overwrites_no_file(sealed: PolicyVersion, tmp_path: Path, authority: Authority) -> None:
    witness(3, authority)
    kept = tmp_path / "proof.tsr"
    kept.write_bytes(b"mine")
    assert checked(tmp_path, Proofs().of(sealed))[0] == 0
    assert kept.read_bytes() == b"mine"
    kept.unlink()
    for _ in range(2):
        assert checked(tmp_path, Proofs().of(sealed))[0] == 0
        assert kept.read_bytes() == bytes(LedgerWitness.objects.get().token)


@pytest.mark.both_databases
def test_a_timestamp_that_is_none_cannot_be_checked(
    sealed: PolicyVersion, tmp_path: Path, authority: Authority
) -> None:
    witness(3, authority)
    found = Proofs().of(sealed)
    found["timestamp"]["token"] = "%%%"
    assert checked(tmp_path, found)[0] == 2


def test_a_timestamp_that_is_too_far_off_is_left_out(
    sealed: PolicyVersion, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness(3, authority)
    monkeypatch.setattr(proof, "MAX_HEADS", 2)
    found = Proofs().of(sealed)
    assert ([one["number"] for one in found["heads"]], found["timestamp"]) == ([1, 2], None)


def test_a_proof_ends_after_some_hundred_heads(
    sealed: PolicyVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "MAX_HEADS", 2)
    assert [one["number"] for one in Proofs().of(sealed)["heads"]] == [1, 2]


@given(st.data())
def test_paths_lead_to_the_root_for_every_size(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(size)]
    tree, root_above = merkle.levels(leaves), function_of_the_script("root_above")
    for index in range(size):
        path = [node.hex() for node in merkle.path(tree, index)]
        assert root_above(leaves[index], index, size - 1, path) == merkle.root(leaves).hex()


# --- How it is read ------------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_a_proof_reads_one_batch(sealed: PolicyVersion) -> None:
    found = PolicyVersion.objects.select_related("policy").get()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        Proofs().of(found)
    assert len(queries) <= 5  # entry, head, batch, timestamp, heads after


@pytest.mark.both_databases
def test_proofs_of_one_batch_read_it_once() -> None:
    rules = policy()
    for number in range(6):
        version(rules, html=f"<p>{number}</p>")
        if number >= 4:
            seal()
    *made, later = PolicyVersion.objects.select_related("policy", "ledger_entry").order_by("number")
    proofs = Proofs()
    proofs.of(made[0])
    with CaptureQueriesContext(connection) as queries:
        found = [proofs.of(one) for one in made]
    assert len(queries) == 0
    assert found == [Proofs().of(one) for one in made]
    assert proofs.of(later) == Proofs().of(later)


@pytest.mark.both_databases
def test_no_batch_grows_beyond_what_a_proof_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH_SIZE", 3)
    fill(7)
    sealing.seal_all(now=timezone.now())
    assert not LedgerEntry.objects.filter(position=None).exists()
    heads = LedgerHead.objects.order_by("number").values_list("first_position", "last_position")
    assert list(heads) == [(1, 0), (1, 3), (4, 6), (7, 7)]
    for one in LedgerStatement.objects.all():
        Proofs().of(one)
