"""The steps of docs/running-in-production.md start a site, from the files of the image and without naming settings."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.test_production_settings import COMPLETE, ROOT
from tests.migrated_database import copy_of

pytestmark = pytest.mark.slow

# Ask for a page as granian does; print its status and what it holds.
GET = """
from io import BytesIO
from config.wsgi import application
request = {
    "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "www.example.com", "SERVER_PORT": "443",
    "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "https", "wsgi.input": BytesIO(), "HTTP_HOST": "www.example.com",
}
page = application(request, lambda status, headers: print(status))
print(b"".join(page).decode())
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Return a folder with the files that .dockerignore lets into the image."""
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        source = ROOT / line.removeprefix("!").rstrip("/")
        if line.startswith("!") and source.exists():
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, tmp_path / source.name)
    return tmp_path


def test_a_site_set_up_as_the_document_says_serves_pages(image: Path) -> None:
    def run(*command: str) -> str:
        result = subprocess.run(
            [sys.executable, *command],
            cwd=image,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": "site:.", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (result.returncode, result.stderr) == (0, "")
        return result.stdout

    environment = {**COMPLETE, "DATABASE_URL": f"sqlite:///{image / 'db.sqlite3'}", "CACHE_URL": ""}
    assert {path.name for path in image.iterdir()}.isdisjoint({"demo", "tools", "tests"})
    if (kept := copy_of("sqlite3")).exists():  # leaves `migrate` little to do
        shutil.copy(kept, image / "db.sqlite3")
    run("manage.py", "check", "--deploy")
    run("manage.py", "migrate", "--verbosity", "0")
    run("manage.py", "collectstatic", "--noinput", "--verbosity", "0", "--ignore", "wagtail*")
    style_sheet = json.loads((image / "var/static/staticfiles.json").read_text())["paths"][
        "bundles/pages.css"
    ]
    status, _, page = run("-c", GET).partition("\n")
    assert status == "200 OK"
    assert style_sheet != "bundles/pages.css"
    assert f"/static/{style_sheet}" in page


@pytest.mark.parametrize("file", ["Procfile", "Dockerfile", "docs/running-in-production.md"])
def test_granian_is_started_with_as_many_threads_as_there_may_be_connections(file: str) -> None:
    lines = [line for line in (ROOT / file).read_text().splitlines() if "granian --interface" in line]
    assert lines
    assert all("--blocking-threads 8" in line for line in lines)
