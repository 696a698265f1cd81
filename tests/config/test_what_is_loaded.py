"""A process that shows pages, or runs a command, does not load the large libraries of what it does not do."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests.migrated_database import ROOT, copy_of

pytestmark = pytest.mark.slow

# Some 85 MB together. Each is needed for one thing: paying, exports, imports, timestamps, HEIC, papers, PostgreSQL; or
# for nothing (config/unused_libraries.py).
LARGE = {
    "stripe",
    "openpyxl",
    "mammoth",
    "markdown_it",
    "cryptography",
    "rfc3161_client",
    "pillow_heif",
    "fpdf",
    "requests",
    "urllib3",
    "yaml",
    "pygments",
    "psycopg2",
}
PAGES = [
    "/",
    "/house-rules/",
    "/house-rules/versions/",
    "/house-rules/compare/1/2/",
    "/house-rules/feed/",
    "/house-rules/versions/1/record.json",
    "/cookies/",
    "/shop/",
    "/shop/enamel-mug-mug/",
    "/basket/",
    "/sitemap.xml",
    "/admin/login/",
]
COMMANDS = [
    ["check"],
    ["migrate"],
    ["collectstatic", "--no-input", "--dry-run"],
    ["verify_policies"],
    ["publish_scheduled"],
    ["housekeeping"],
    ["worker", "--once"],
]
FILL = """
from tests import factories
page = factories.policy_page()
for body in ("<p>Be kind.</p>", "<p>Be kinder.</p>"):
    factories.publish(page, body=body, summary="Said.")
factories.product()
"""
VISIT = """
from django.test import Client
for path in json.loads(sys.argv[1]):
    assert Client(HTTP_HOST="localhost").get(path).status_code == 200, path
"""
TELL = "json.dump([name for name, module in sys.modules.items() if module], sys.stderr)"
RUN = """
from django.core.management import call_command
for command in json.loads(sys.argv[1]):
    call_command(*command, stdout=io.StringIO())
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables of a site with a policy, a product and an empty basket."""
    path = tmp_path_factory.mktemp("site") / "db.sqlite3"
    if (kept := copy_of("sqlite3")).exists():  # leaves `migrate` little to do
        shutil.copy(kept, path)
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'site'}",
        "ENV_FILE": os.devnull,
        "DATABASE_URL": f"sqlite:///{path}",
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
    }
    loaded_by(variables, RUN, [["migrate"]])
    loaded_by(variables, FILL, [])
    return variables


def loaded_by(environment: dict[str, str], code: str, about: Sequence[object]) -> set[str]:
    """Run code in a process of its own; return the packages that it loaded."""
    script = f"import io, json, sys\nimport django\ndjango.setup()\n{code}\n{TELL}"
    result = subprocess.run(
        [sys.executable, "-c", script, json.dumps(about)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return {name.partition(".")[0] for name in json.loads(result.stderr.splitlines()[-1])}


def test_whoever_shows_pages_loads_no_large_library(environment: dict[str, str]) -> None:
    assert loaded_by(environment, VISIT, PAGES) & LARGE == set()


def test_commands_load_no_large_library_that_they_do_not_use(environment: dict[str, str]) -> None:
    assert loaded_by(environment, RUN, COMMANDS) & LARGE == set()


def test_a_large_library_is_there_for_whoever_imports_it(environment: dict[str, str]) -> None:
    code = "import openpyxl, requests, django.contrib.postgres.fields"
    expected = {"openpyxl", "requests", "urllib3", "psycopg2"}
    assert loaded_by(environment, code, []) & LARGE == expected


def test_what_a_server_loads_is_not_searched_for_garbage(environment: dict[str, str]) -> None:
    loaded_by(
        environment, "import config.wsgi, gc\nassert gc.isenabled() and gc.get_freeze_count() > 100_000", []
    )
