"""The commands of docs/running-in-production.md, run in their order: from nothing to a page that nginx serves.

They run in a folder of the test. What they would do to the machine itself is replaced, see `PRELUDE` and `adapted`.
The site that stands at their end then meets what no visitor should do.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg2
import pytest
from django.db import connection

from programs_for_tests import find_nginx
from tests.config.production import COMPLETE, ROOT
from tests.faults import outages
from tests.nginx import NAME, Nginx, adapted, around, make_certificate
from tests.served_site import free_port

# `django_db`: the copy of the database is made before the first test.
pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.postgresql]

DOCUMENT = ROOT / "docs/running-in-production.md"
PATIENCE = 60  # seconds
SOON = 3.0  # seconds, on a busy machine: a second on an idle one
# Commands that would change the machine, or take minutes.
PRELUDE = """
set -eu
apt() { :; }; adduser() { :; }; runuser() { :; }  # programs, account and database are there
install() { mkdir -p "${@: -1}"; }
certbot() { :; }  # tests.nginx made a certificate
pip() { :; }  # what is required is installed here:
python3() { test "$*" = "-m venv .venv"; ln -s VENV .venv; }
systemctl() { echo "$@" >> FOLDER/systemctl; }  # the test starts what is asked for
nginx() { NGINX -p FOLDER -c FOLDER/nginx.conf "$@" -q; }
curl() { :; }  # the test asks, once nginx runs
"""


class Site:
    """What the document leads to."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.home = folder / "srv/site"
        self.asked_of_systemd: list[str] = []
        self.running: list[subprocess.Popen] = []
        self.front: Nginx
        self.processes = ExitStack()

    def run(self, block: str) -> None:
        """Run a block of commands in bash."""
        for path in ("/srv/", "/etc/nginx", "/etc/systemd/system"):
            block = block.replace(path, f"{self.folder}{path}")
        replaced = {
            "createsuperuser": "createsuperuser --noinput --email owner@example.com",
            "collectstatic --noinput": "collectstatic --noinput --verbosity 0 --ignore 'wagtail*'",  # a minute
            "check --deploy": "check --deploy --fail-level WARNING",
        }
        for words, others in replaced.items():
            block = block.replace(words, others)
        prelude = PRELUDE.replace("FOLDER", str(self.folder)).replace("NGINX", str(find_nginx()))
        prelude = prelude.replace("VENV", str(Path(sys.prefix)))
        environment = {"PATH": os.environ["PATH"], "DJANGO_SUPERUSER_PASSWORD": "a-long-password"}
        activate = "[ ! -d .venv ] || . .venv/bin/activate\n"  # each block has a shell of its own
        script = f"{prelude}cd {self.home}\n{activate}{block}"
        subprocess.run(["bash", "-c", script], env=environment, check=True)

    def start(self, unit: str) -> subprocess.Popen:
        """Start a unit as systemd would, and let it run."""
        text = (self.folder / "etc/systemd/system" / unit).read_text()
        command = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)[0]
        command = command.replace("%%", "%").replace("$$", "$")
        variables = dict(line.split("=") for line in re.findall(r"^Environment=(.*)$", text, re.MULTILINE))
        environment = {"PATH": os.environ["PATH"], **variables}
        process = subprocess.Popen(
            shlex.split(command), cwd=self.home, env=environment, start_new_session=True
        )
        self.running.append(process)
        self.processes.callback(stop, process)
        return process

    def wait_until(self, path: str, status: int, words: str = "") -> str:
        """Ask until the answer is this one, and return it."""
        end = time.monotonic() + PATIENCE
        while True:
            response, body = self.front.ask(path)
            if response.status == status and words in body.decode():
                return body.decode()
            assert time.monotonic() < end, f"{path} is still {response.status}: {body.decode()[:500]}"
            time.sleep(0.2)


def stop(process: subprocess.Popen) -> None:
    """End a process as systemd does: a worker that is just starting may take 20 seconds."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def site(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Follow the document."""
    folder = tmp_path_factory.mktemp("machine")
    site = Site(folder, free_port())
    make_machine(site)
    with outages.redis(folder) as cache:
        try:
            for block in re.findall(r"^```sh\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL):
                site.run(block)
                if "cp .env.example .env" in block:
                    fill_in(site.home / ".env", f"redis://127.0.0.1:{cache}/0")
                start_what_was_asked_for(site)
            yield site
        finally:
            site.processes.close()


def make_machine(site: Site) -> None:
    """Make the folders of a machine, and the files of the site with other ports and folders."""
    for path in ("srv/site", "etc/nginx/sites-available", "etc/nginx/sites-enabled", "etc/systemd/system"):
        (site.folder / path).mkdir(parents=True)
    make_certificate(site.folder)
    site.front = Nginx(site.folder, site.home / "var")
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        source = ROOT / line.removeprefix("!").rstrip("/")
        if line.startswith("!") and source.exists():
            target = site.home / source.name
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    assert {path.name for path in site.home.iterdir()}.isdisjoint({"demo", "tools", "tests"})
    shutil.copy(ROOT / ".env.example", site.home)
    shutil.copytree(ROOT / "deploy", site.home / "deploy")
    for path in (site.home / "deploy").rglob("*.*"):
        path.write_text(adapted(path.read_text(), site.front, site.port))
    (site.folder / "nginx.conf").write_text(around(site.folder, "etc/nginx/sites-enabled/*"))


def fill_in(file: Path, cache: str) -> None:
    """Write the first group of settings, as somebody would who reads the document."""
    name = outages.new_database()
    host = connection.get_connection_params()["host"]
    values = {
        **COMPLETE,
        "DATABASE_URL": f"postgres://postgres@/{host.replace('/', '%2F')}/{name}",
        "CACHE_URL": cache,
        "BEHIND_PROXY": "true",
        "BACKUP_PASSPHRASE": "correct horse battery staple",
    }
    assert values["SITE_URL"] in DOCUMENT.read_text()
    file.write_text(file.read_text() + "".join(f"{name}={value}\n" for name, value in values.items()))


def start_what_was_asked_for(site: Site) -> None:
    asked = site.folder / "systemctl"
    lines = asked.read_text().splitlines() if asked.exists() else []
    asked.unlink(missing_ok=True)
    site.asked_of_systemd += lines
    for line in lines:
        if line.startswith("enable --now"):
            for unit in re.findall(r"\S+\.service", line):
                site.start(unit)
        elif line == "start site-backup.service":
            assert site.start("site-backup.service").wait(PATIENCE) == 0
        elif line == "reload nginx":
            site.front.start(site.folder / "nginx.conf", site.processes)


# --- What stands at the end -------------------------------------------------------------------------------
def test_the_document_leads_to_a_page_that_nginx_serves(site: Site) -> None:
    html = site.wait_until("/", 200)
    sheet = re.findall(r'href="(/static/bundles/pages\.[0-9a-f]{12}\.css)"', html)[0]
    response, body = site.front.ask(sheet, Accept_Encoding="gzip")
    assert response.status == 200
    assert "immutable" in response.headers["Cache-Control"]
    assert (response.headers["Content-Encoding"], body[:2]) == ("gzip", b"\x1f\x8b")


def test_nothing_is_promised_that_browsers_remember(site: Site) -> None:
    for path in ("/", "/nothing/", "/healthz/"):
        assert "Strict-Transport-Security" not in site.front.ask(path)[0].headers


def test_worker_and_backup_run(site: Site) -> None:
    site.wait_until("/readyz/", 200, '"worker": true')
    backups = list((site.folder / "srv/backups").glob("*.backup"))
    assert [path.stat().st_size > 10_000 for path in backups] == [True]
    assert "enable --now site-web.service site-worker.service site-backup.timer" in site.asked_of_systemd


def test_systemd_understands_the_units(site: Site) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        return  # not every machine has it
    units = sorted((site.folder / "etc/systemd/system").iterdir())
    assert len(units) == 4
    result = subprocess.run([program, "verify", *units], capture_output=True, text=True, check=False)
    assert "site-" not in result.stderr, result.stderr
    assert result.returncode == 0


def test_the_admin_is_reached_and_knows_who_asks(site: Site) -> None:
    response, body = site.front.ask("/admin/", X_Forwarded_For="1.2.3.4")
    assert (response.status, body) == (302, b"")
    assert response.headers["Location"] == "/admin/login/?next=/admin/"


# --- What no visitor should do ----------------------------------------------------------------------------
@pytest.mark.parametrize("number", [90, 300])
def test_many_header_fields_get_an_answer_and_harm_nobody(site: Site, number: int) -> None:
    fields = "".join(f"X-Field-{n}: value\r\n" for n in range(number))
    answer = site.front.send(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n{fields}Connection: close\r\n\r\n".encode())
    assert answer[9:12] in {b"200", b"400", b"431"}
    assert b"nosniff" in answer
    assert site.front.ask("/")[0].status == 200


def test_an_early_answer_of_the_server_behind_has_the_headers_too(site: Site) -> None:
    for path, status in (("/nothing/?a=%00", 400), ("/nothing/", 404), ("/b", 301), ("/healthz/", 200)):
        response, _ = site.front.ask(path)
        assert response.status == status
        for name in ("Content-Security-Policy", "X-Content-Type-Options", "Permissions-Policy"):
            assert len(response.headers.get_all(name, [])) == 1


def test_there_is_no_demo_here(site: Site) -> None:
    for path in ("/demo/", "/demo/mail/", "/demo/enter/brand/"):
        assert site.front.ask(path)[0].status == 404


def test_many_at_once_leave_room_for_another_visitor(site: Site) -> None:
    site.front.ask("/nothing/")
    with ThreadPoolExecutor(150) as visitors:
        asked = [
            visitors.submit(site.front.ask, f"/nothing-{number}/", source=f"127.0.1.{number % 10 + 1}")
            for number in range(150)
        ]
        time.sleep(0.1)
        began = time.monotonic()
        assert site.front.ask("/", source="127.0.2.1")[0].status == 200
        seconds = time.monotonic() - began
        statuses = {future.result()[0].status for future in asked}
    assert statuses <= {404, 429}
    assert seconds < SOON
    with psycopg2.connect(**connection.get_connection_params()) as there, there.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'faults_%'")
        assert cursor.fetchone()[0] <= 2 * 8 + 2


def test_a_web_server_that_is_killed_is_a_plain_page_until_it_is_back(site: Site) -> None:
    web = next(process for process in site.running if "web" in process.args)
    stop(web)
    assert "We’ll be back soon" in site.wait_until("/", 503)
    assert site.front.ask("/static/img/shelves.svg")[0].status == 200
    site.start("site-web.service")
    site.wait_until("/", 200)
