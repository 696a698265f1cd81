"""The auditor's export: complete, checkable with standard tools by its own README, and the same each time."""

import csv
import hashlib
import io
import json
import re
import subprocess
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from home.models import User
from policies.ledger import heads, sealing
from policies.models import Policy, PolicyVersion
from policies.versions import export, publishing, records
from tests.factories import policy, policy_page, publish, version, withdraw
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop, pytest.mark.slow]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def rules_of_module(database_of_module: None) -> int:
    rules = policy()
    for number, text in enumerate(("one", "two", "three"), start=1):
        version(rules, html=f"<p>{text}</p>", change_summary=text, at=NOW - timedelta(days=10 - number))
    return rules.pk


@pytest.fixture
def rules(rules_of_module: int, db: None) -> Policy:
    return Policy.objects.get(pk=rules_of_module)


def exported(*policies: Policy) -> zipfile.ZipFile:
    return zipfile.ZipFile(export.write(policies or Policy.objects.all(), now=NOW))


def unpacked(to: Path, *policies: Policy) -> Path:
    exported(*policies).extractall(to)
    return to


def check_as_the_readme_says(folder: Path) -> str:
    """Run the commands of the README that use the hash tool; return what they say."""
    blocks = re.findall(r"(?:^    .*\n)+", (folder / "README.txt").read_text(encoding="utf-8"), re.MULTILINE)
    commands = [block for block in blocks if "sha256sum" in block and "curl" not in block]
    assert len(commands) == 3
    results = [
        subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
        for command in commands
    ]
    return "".join(result.stdout + result.stderr for result in results)


def rows(archive: zipfile.ZipFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read("approvals.csv").decode("utf-8-sig"))))


# --- What is in it ---------------------------------------------------------------------------------------
def test_every_version_has_its_folder(rules: Policy) -> None:
    sealing.seal(now=timezone.now())
    files = {"page.html", "text.txt", "record.json", "record.json.sha256", "proof.json"}
    expected = {f"house-rules/version-000{number}/{file}" for number in (1, 2, 3) for file in files}
    lists = {"README.txt", "SHA256SUMS", "approvals.csv", "heads.json", "index.html", "versions.json"}
    lists.add("check_proof.py")

    assert set(exported().namelist()) == expected | lists


@pytest.mark.both_databases
def test_the_record_is_byte_for_byte_what_is_hashed(rules: Policy) -> None:
    archive = exported()
    for found in rules.versions.all():
        body = archive.read(f"house-rules/version-000{found.number}/record.json")
        assert body == found.record.encode()
        assert hashlib.sha256(body).hexdigest() == found.sha256


def test_a_policy_is_exported_alone_or_with_the_others(rules: Policy) -> None:
    other = policy("other-rules")
    version(other, html="<p>x</p>")

    assert not [name for name in exported(other).namelist() if "house-rules" in name]
    assert {"house-rules", "other-rules"} <= {name.split("/")[0] for name in exported().namelist()}


def test_a_withdrawn_version_comes_with_its_withdrawal(rules: Policy) -> None:
    withdraw(version(rules, html="<p>four</p>", at=NOW + timedelta(days=30)))
    archive = exported()

    found = json.loads(archive.read("house-rules/version-0004/withdrawal.json"))
    assert (found["withdrawn_by"], found["withdrawal_reason"]) == ("Editor", "A test withdrew it.")
    assert [row["status"] for row in rows(archive)] == ["past", "past", "in_force", "withdrawn"]
    assert "A test withdrew it." in archive.read("house-rules/version-0004/page.html").decode()


def test_the_approvals_name_who_published_and_approved(rules: Policy) -> None:
    lawyer = User.objects.create_user("law@example.com", "x", first_name="Lena", last_name="Law")
    editor = User.objects.create_user("ed@example.com", "x", first_name="Ed", last_name="Itor")
    version(rules, html="<p>four</p>", publisher=editor, approver=lawyer)
    User.objects.all().delete()

    row = rows(exported())[-1]
    assert (row["publisher"], row["approver"], row["version"]) == ("Ed Itor", "Lena Law", "4")
    assert row["recorded_at"].endswith("Z")


def test_no_cell_of_the_approvals_is_a_formula(rules: Policy) -> None:
    version(rules, html="<p>four</p>", title="=HYPERLINK(1)", change_summary="@SUM(A1)")

    row = rows(exported())[-1]
    assert (row["title"], row["change_summary"]) == ("'=HYPERLINK(1)", "'@SUM(A1)")


def test_the_pages_hold_nothing_that_runs_or_loads() -> None:
    strange = policy("strange-rules")
    title = "<script>alert(1)</script>"
    body = '<p onclick="x()">Hello</p><script src="https://elsewhere.example/x.js"></script><img src="//x.example">'
    version(strange, html=body, title=title, change_summary="<b onload=x>bold</b>")
    archive = exported()

    for name in ("strange-rules/version-0001/page.html", "index.html"):
        html = archive.read(name).decode()
        assert "default-src 'none'" in html
        for piece in ("<script", "onclick=", "<img", "<b onload", "src="):
            assert piece not in html, name
    assert "&lt;script&gt;alert(1)" in archive.read("strange-rules/version-0001/page.html").decode()


# --- Checking it -----------------------------------------------------------------------------------------
def test_the_readme_s_commands_find_nothing_wrong_in_an_honest_export(rules: Policy, tmp_path: Path) -> None:
    newest = rules.versions.get(number=3)

    assert check_as_the_readme_says(unpacked(tmp_path)) == f"house-rules/ ends with {newest.sha256}\n"


@pytest.mark.parametrize("name", ["record.json", "record.json.sha256", "page.html", "text.txt"])
def test_the_readme_s_commands_find_a_changed_byte(rules: Policy, tmp_path: Path, name: str) -> None:
    file = unpacked(tmp_path) / "house-rules/version-0002" / name
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    file.write_bytes(body)

    assert f"house-rules/version-0002/{name}: FAILED" in check_as_the_readme_says(tmp_path)


def test_the_readme_s_commands_find_a_record_that_was_changed_with_its_hashes(
    rules: Policy, tmp_path: Path
) -> None:
    folder = unpacked(tmp_path) / "house-rules/version-0002"
    record = folder / "record.json"
    old = hashlib.sha256(record.read_bytes()).hexdigest()
    record.write_bytes(record.read_bytes().replace(b"two", b"2"))
    new = hashlib.sha256(record.read_bytes()).hexdigest()
    for file in (folder / "record.json.sha256", tmp_path / "SHA256SUMS"):
        file.write_text(file.read_text().replace(old, new))

    said = check_as_the_readme_says(tmp_path)
    assert "BROKEN: house-rules/version-0003/ does not follow" in said


def test_the_readme_s_commands_find_a_missing_version(rules: Policy, tmp_path: Path) -> None:
    folder = unpacked(tmp_path) / "house-rules/version-0002"
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()

    assert "BROKEN: house-rules/version-0003/ does not follow" in check_as_the_readme_says(tmp_path)


@pytest.mark.parametrize("record", ["[]", "no JSON", '{"html": 5, "facts": []}'])
def test_a_record_that_was_tampered_with_is_exported_and_fails_the_check(
    rules: Policy, tmp_path: Path, record: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE policies_policyversion SET record = %s WHERE number = 2", [record])

    said = check_as_the_readme_says(unpacked(tmp_path))
    assert (tmp_path / "house-rules/version-0002/record.json").read_text() == record
    assert "BROKEN: house-rules/version-0002/" in said


def test_it_holds_the_head_that_verify_policies_prints(rules: Policy) -> None:
    hour = timezone.now() + timedelta(days=9)
    coming = [version(rules, html=f"<p>{text}</p>", at=hour) for text in ("four", "five")]
    for one in reversed(coming):
        publishing.withdraw(version=one, by=None, reason="It was a mistake.")
    policy("without-versions")

    sealing.seal(now=timezone.now())

    assert exported().read("heads.json").decode() == heads.encode([heads.newest()])
    assert heads.newest().last_position == 7


def check_proofs_as_the_readme_says(folder: Path) -> str:
    readme = (folder / "README.txt").read_text(encoding="utf-8")
    [command] = [
        block for block in re.findall(r"(?:^    .*\n)+", readme, re.MULTILINE) if "check_proof.py" in block
    ]
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_every_proof_holds_offline(rules: Policy, tmp_path: Path) -> None:
    sealing.seal(now=timezone.now())
    assert check_proofs_as_the_readme_says(unpacked(tmp_path)) == ""


def test_a_withdrawal_has_a_proof_and_one_that_was_changed_has_none_that_holds(
    rules: Policy, tmp_path: Path
) -> None:
    withdraw(version(rules, html="<p>four</p>", at=NOW + timedelta(days=30)))
    sealing.seal(now=timezone.now())
    archive, folder = exported(), "house-rules/version-0004"
    entry = json.loads(archive.read(f"{folder}/withdrawal-proof.json"))["entry"]
    said = json.loads(archive.read(f"{folder}/withdrawal.json"))
    assert entry["content"]["version"] == archive.read(f"{folder}/record.json.sha256").decode().split()[0]
    assert (entry["content"]["reason"], entry["content"]["withdrawn_at"]) == (
        said["withdrawal_reason"],
        said["withdrawn_at"],
    )
    assert check_proofs_as_the_readme_says(unpacked(tmp_path / "before")) == ""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE policies_versionwithdrawal SET reason = 'Another.'")
    said = check_proofs_as_the_readme_says(unpacked(tmp_path / "after"))
    assert said == f"NOT PROVEN: the withdrawal of {folder}/\n"


def test_a_version_that_is_not_sealed_yet_is_named(rules: Policy, tmp_path: Path) -> None:
    sealing.seal(now=timezone.now())
    version(rules, html="<p>four</p>")
    said = check_proofs_as_the_readme_says(unpacked(tmp_path))
    assert said == "NOT PROVEN: house-rules/version-0004/\n"


def test_a_record_that_was_changed_with_its_hashes_has_no_proof_that_holds(
    rules: Policy, tmp_path: Path
) -> None:
    sealing.seal(now=timezone.now())
    record = rules.versions.get(number=3).record.replace("three", "3")
    values = [record, hashlib.sha256(record.encode()).hexdigest()]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE policies_policyversion SET record = %s, sha256 = %s WHERE number = 3", values)
    folder = unpacked(tmp_path)
    assert "BROKEN" not in check_as_the_readme_says(folder)
    assert check_proofs_as_the_readme_says(folder) == "NOT PROVEN: house-rules/version-0003/\n"


# --- How it is made --------------------------------------------------------------------------------------
def test_the_same_database_gives_the_same_bytes(rules: Policy) -> None:
    first = export.write([rules], now=NOW).read()
    with timezone.override("Asia/Tokyo"):
        assert export.write([rules], now=NOW + timedelta(hours=1)).read() == first


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "slug",
    ["../../etc/passwd", "a/b", "-rf", "con", "Regeln", "правила", "a b\n", "x;reboot", "$(reboot)", ""],
)
def test_a_strange_slug_makes_no_strange_file_name(slug: str, tmp_path: Path) -> None:
    strange = policy("plain")
    version(strange)
    Policy.objects.filter(pk=strange.pk).update(slug=slug)

    names = exported().namelist()
    assert {name.split("/")[0] for name in names if "/" in name} == {f"_policy-{strange.pk}"}
    readme = exported().read("README.txt").decode()
    assert not re.search(r"[;$(]\(?reboot|\.\./|/a b", readme)
    assert f"_policy-{strange.pk}-" in export.file_name(Policy.objects.get())
    assert "FAILED" not in check_as_the_readme_says(unpacked(tmp_path))


def many(of: Policy, count: int, words: int = 10) -> None:
    last = of.versions.order_by("-number").first()
    text = "word " * words
    record = records.encode({**last.content, "html": f"<p>{text}</p>", "text": text})
    made = [
        PolicyVersion(
            policy=of,
            number=number,
            title="House rules",
            effective_at=NOW - timedelta(days=1),
            recorded_at=NOW,
            change_kind="material",
            record=record,
            previous_sha256=f"{number:064d}",
            sha256=last.sha256,
        )
        for number in range(last.number + 1, last.number + 1 + count)
    ]
    PolicyVersion.objects.bulk_create(made)


@pytest.mark.both_databases
def test_many_versions_cost_no_more_queries_than_few(rules: Policy) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            exported()
        return len(captured)

    few = queries()
    many(rules, 40)
    assert queries() == few <= 4


@pytest.mark.slow
def test_many_versions_need_no_more_memory_than_few(rules: Policy) -> None:
    def peak() -> int:
        tracemalloc.start()
        export.write([rules], now=NOW).close()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    many(rules, 20, words=20_000)  # 200 KB of text and markup each
    peak()  # what is read once (templates) counts for neither
    few = peak()
    many(rules, 60, words=20_000)
    assert peak() < few * 1.5


# --- Who gets it -----------------------------------------------------------------------------------------
@pytest.mark.both_databases
def test_it_is_downloaded_from_the_admin_and_kept_by_no_cache(client: Client) -> None:
    page = policy_page()
    publish(page)
    found = Policy.objects.get()
    admin = signed_in("view_policyversion", client=client)
    today = timezone.localdate().isoformat()
    for address, name in (
        (f"/admin/policies/{found.pk}/export/", f"house-rules-{today}.zip"),
        ("/admin/policies/export/", f"policies-{today}.zip"),
    ):
        response = admin.get(address)
        body = b"".join(response.streaming_content)
        assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None
        assert response["Content-Type"] == "application/zip"
        assert f'filename="{name}"' in response["Content-Disposition"]
        assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))


def test_staff_without_the_right_to_see_versions_get_none(client: Client, rules: Policy) -> None:
    admin = signed_in(client=client)

    for address in (f"/admin/policies/{rules.pk}/export/", "/admin/policies/export/"):
        assert admin.get(address).status_code == 302
    assert admin.post("/admin/policies/export/").status_code in {302, 405}


def test_there_is_none_of_a_policy_that_does_not_exist(client: Client) -> None:
    assert signed_in(client=client, is_superuser=True).get("/admin/policies/77/export/").status_code == 404
