"""Where a proof is offered, to whom, and what is said where there is none."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from policies.ledger import views
from policies.ledger.proof import NoProofError, Proofs
from policies.models import ConsentRecord, PolicyVersion
from policies.models.ledger import LedgerStatement
from tests.factories import cookie_policy, declare_cookies, policy, version, withdraw
from tests.policies.proving import SCRIPT, URL, checked, seal

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop, pytest.mark.slow]


def test_a_record_that_is_not_sealed_yet_says_when(client: Client) -> None:
    version(policy())
    answer = client.get(f"{URL}proof.json")
    assert answer.status_code == 409
    assert "once it is sealed" in answer.json()["error"]
    assert "s-maxage" not in answer.headers.get("Cache-Control", "")
    seal()
    assert client.get(f"{URL}proof.json").status_code == 200


@pytest.mark.both_databases
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


def test_the_proof_of_a_choice_is_offered_once_it_is_sealed(client: Client) -> None:
    declare_cookies("analytics", "visits")
    cookie_policy()
    client.post("/cookies/", {"notice": "1", "choice": "all"})
    html = client.get("/cookies/").content.decode()
    assert "proof of it is available here once it is sealed" in html
    assert "/cookies/proof.json" not in html
    seal()
    html = client.get("/cookies/").content.decode()
    assert 'href="/cookies/proof.json"' in html
    assert "once it is sealed" not in html


@pytest.mark.both_databases
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


@pytest.mark.both_databases
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


@pytest.mark.both_databases
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
