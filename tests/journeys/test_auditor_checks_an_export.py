"""An auditor signs in, downloads the export, and checks every version of it without the site."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from home.models import User
from policies.ledger import sealing
from tests.factories import policy, version

PASSWORD = "an-auditors-password"


@pytest.fixture
def auditor(live_server: LiveServer) -> User:
    """Publish three versions, and let somebody sign in who may see them and nothing else."""
    rules = policy()
    for text in ("First.", "Second.", "Third."):
        version(rules, html=f"<p>{text}</p>")
    sealing.seal(now=timezone.now())
    group = Group.objects.create(name="Auditors")
    group.permissions.set(Permission.objects.filter(codename__in=["access_admin", "view_policyversion"]))
    user = User.objects.create_user("auditor@example.com", PASSWORD)
    user.groups.add(group)
    return user


def test_an_auditor_exports_the_versions_and_checks_each_without_the_site(
    page: Page, live_server: LiveServer, auditor: User, tmp_path: Path
) -> None:
    page.goto(f"{live_server.url}/admin/policies/")
    page.get_by_label("E-mail address").fill(auditor.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="House rules").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export all (ZIP)").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)

    folders = sorted((tmp_path / "house-rules").iterdir())
    assert len(folders) == 3
    for folder in folders:
        command = [sys.executable, tmp_path / "check_proof.py", "proof.json", "record.json"]
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert "record.json is the record that it names" in done.stdout

    forged = (folders[1] / "record.json").read_text(encoding="utf-8").replace("Second", "Another")
    (folders[1] / "record.json").write_text(forged, encoding="utf-8")
    done = subprocess.run(command, cwd=folders[1], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "WRONG: record.json" in done.stdout
