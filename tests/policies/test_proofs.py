"""Proofs of records: true where they are offered, and refused by the script when any part of them was changed."""

import ast
import json
import runpy
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from policies.ledger import encoding, entries, merkle, proof, sealing, views
from policies.ledger.proof import NoProofError, Proofs
from policies.models import ConsentRecord, PolicyVersion
from policies.models.ledger import LedgerEntry, LedgerHead, LedgerStatement, LedgerWitness
from tests.factories import cookie_policy, declare_cookies, policy, version, withdraw
from tests.faults.timestamp_authorities import Authority
from tests.policies.forging import changes

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.slow]
SCRIPT = settings.BASE_DIR / "templates/policies/admin/export/check_proof.py"
URL = "/house-rules/versions/1/"


def seal() -> LedgerHead | None:
    return sealing.seal(now=timezone.now())


def fill(count: int) -> None:
    """Enter something."""
    for number in range(count):
        entries.state(LedgerStatement.Type.CUT_OFF, {"count": number}, at=timezone.now())


@pytest.fixture
def sealed() -> PolicyVersion:
    """Return a version that is sealed in a batch of nine, with three heads after its own."""
    fill(4)
    version(policy(), change_summary="Größer, 大きい, \u2028 “quoted” \\ </script>")
    fill(4)
    seal()
    for _ in range(3):
        fill(2)
        seal()
    return PolicyVersion.objects.get()


def checked(tmp_path: Path, given: object, *, record: bytes | None = None) -> tuple[int, str]:
    """Run the script as a stranger does, far from the site; return its exit code and what it says."""
    file = tmp_path / "proof.json"
    file.write_text(given if isinstance(given, str) else json.dumps(given), encoding="utf-8")
    names = [file.name]
    if record is not None:
        (tmp_path / "record.json").write_bytes(record)
        names.append("record.json")
    command = [sys.executable, "-I", "-W", "error", str(SCRIPT), *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


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
def test_a_proof_reads_one_batch(sealed: PolicyVersion) -> None:
    found = PolicyVersion.objects.select_related("policy").get()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        Proofs().of(found)
    assert len(queries) <= 5  # entry, head, batch, timestamp, heads after


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


def test_no_batch_grows_beyond_what_a_proof_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH_SIZE", 3)
    fill(7)
    sealing.seal_all(now=timezone.now())
    assert not LedgerEntry.objects.filter(position=None).exists()
    heads = LedgerHead.objects.order_by("number").values_list("first_position", "last_position")
    assert list(heads) == [(1, 0), (1, 3), (4, 6), (7, 7)]
    for one in LedgerStatement.objects.all():
        Proofs().of(one)


# --- Where there is none -------------------------------------------------------------------------------------
def test_a_record_that_is_not_sealed_yet_says_when(client: Client) -> None:
    version(policy())
    answer = client.get(f"{URL}proof.json")
    assert answer.status_code == 409
    assert "once it is sealed" in answer.json()["error"]
    assert "s-maxage" not in answer.headers.get("Cache-Control", "")
    seal()
    assert client.get(f"{URL}proof.json").status_code == 200


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE policies_ledgerhead SET last_position = 2, first_position = 2 WHERE number = 1",
        "UPDATE policies_ledgerhead SET last_position = -1, sha256 = '' WHERE number = 1",
        "UPDATE policies_ledgerentry SET leaf_sha256 = 'no hash'",
        "UPDATE policies_ledgerentry SET position = 5000000000",
        "UPDATE policies_policyversion SET ledger_entry_id = NULL",
        "DELETE FROM policies_ledgerhead",
    ],
)
def test_a_damaged_ledger_gives_an_answer_and_no_error(client: Client, damage: str) -> None:
    version(policy())
    seal()
    with connection.cursor() as cursor:
        cursor.execute(damage)
    answer = client.get(f"{URL}proof.json")
    assert answer.status_code == 409
    assert answer.json()["error"]


def test_a_record_that_was_changed_has_a_proof_that_fails(sealed: PolicyVersion, tmp_path: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE policies_policyversion SET sha256 = %s", ["0" * 64])
    code, said = checked(tmp_path, Proofs().of(PolicyVersion.objects.get()))
    assert code == 1
    assert said.count("WRONG") == 1


def test_a_record_without_an_entry_has_none() -> None:
    found = version(policy())
    found.ledger_entry = None
    with pytest.raises(NoProofError, match="no entry"):
        Proofs().of(found)


@pytest.mark.parametrize(
    "path", ["/house-rules/versions/2/", "/house-rules/versions/99999999999999/", "/nobody/versions/1/"]
)
def test_there_is_none_of_a_version_that_does_not_exist(client: Client, path: str) -> None:
    version(policy())
    assert client.get(f"{path}proof.json").status_code == 404


def test_one_client_gets_so_many_proofs_only_whatever_stands_behind_the_url(
    client: Client, sealed: PolicyVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PROOFS", replace(views.PROOFS, most=3))
    answers = [client.get(f"{URL}proof.json?x={number}") for number in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1]["Retry-After"]) > 0
    assert "Too many" in answers[-1].json()["error"]
    with CaptureQueriesContext(connection) as queries:
        assert client.get(f"{URL}proof.json?x=9").status_code == 429
    assert "policies_ledgerentry" not in " ".join(query["sql"] for query in queries)
    declare_cookies("analytics", "visits")
    cookie_policy()
    client.post("/cookies/", {"notice": "1", "choice": "all"})
    assert client.get("/cookies/proof.json").status_code == 429
    assert client.get("/cookies/receipt.json").status_code == 429
    assert client.get(f"{URL}proof.json", REMOTE_ADDR="192.0.2.7").status_code == 200


# --- Where it is offered -------------------------------------------------------------------------------------
def test_the_public_page_offers_proof_and_script(
    client: Client, sealed: PolicyVersion, tmp_path: Path
) -> None:
    page = client.get(URL).content.decode()
    assert f'href="{URL}proof.json"' in page
    answer = client.get(f"{URL}proof.json")
    assert "s-maxage" in answer["Cache-Control"]
    assert not answer.cookies
    assert checked(tmp_path, answer.content.decode(), record=client.get(f"{URL}record.json").content)[0] == 0
    script = client.get("/.well-known/check_proof.py")
    assert "/.well-known/check_proof.py" in page
    assert script.content == SCRIPT.read_bytes()
    assert script["Content-Disposition"] == 'attachment; filename="check_proof.py"'
    assert client.post(f"{URL}proof.json").status_code == 405


def test_a_public_proof_holds_nothing_that_is_not_public(client: Client, sealed: PolicyVersion) -> None:
    found = client.get(f"{URL}proof.json").json()
    assert found.keys() == {"format", "entry", "position", "path", "heads", "timestamp"}
    assert found["entry"].keys() == {"kind", "time", "salt", "content"}
    assert found["entry"]["content"] == {"policy": "house-rules", "number": 1, "sha256": sealed.sha256}
    salts = set(LedgerStatement.objects.values_list("ledger_salt", flat=True))
    assert not [salt for salt in salts if salt in json.dumps(found)]


def test_a_withdrawn_version_keeps_its_proof(client: Client) -> None:
    version(policy())
    coming = version(policy("other"), at=timezone.now() + timedelta(days=3))
    withdraw(coming)
    seal()
    assert client.get("/other/versions/1/proof.json").status_code == 200


def test_a_visitor_gets_the_proof_of_their_own_choice_only(client: Client, tmp_path: Path) -> None:
    declare_cookies("analytics", "visits")
    cookie_policy()
    assert client.get("/cookies/proof.json").status_code == 404
    client.post("/cookies/", {"notice": "1", "choice": "all"})
    assert client.get("/cookies/proof.json").status_code == 409
    assert "once it is sealed" in client.get("/cookies/receipt.json").json()["proof"]["error"]
    Client().post("/cookies/", {"notice": "1", "choice": "none"})
    seal()
    answer = client.get("/cookies/proof.json")
    mine = ConsentRecord.objects.get(method="all")
    assert answer.json()["entry"]["content"]["id"] == str(mine.public_id)
    assert "no-store" in answer["Cache-Control"]
    assert checked(tmp_path, answer.content.decode())[0] == 0
    assert "/cookies/proof.json" in client.get("/cookies/").content.decode()
    receipt = client.get("/cookies/receipt.json")
    assert receipt.json()["proof"] == answer.json()
    assert checked(tmp_path, receipt.content.decode())[0] == 0
    assert Client().get("/cookies/proof.json").status_code == 404
