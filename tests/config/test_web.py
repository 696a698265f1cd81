"""The web server: one process loads the site, its workers share that and are replaced."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from config.management.commands import web
from tests.config.production import COMPLETE, ROOT
from tests.served_site import ServedSite

pytestmark = pytest.mark.slow

PATIENCE = 30  # seconds
SOON = 3.0  # seconds, on a busy machine: to load the site takes longer
# What eight threads that allocate at the same moment take their memory from.
COUNT_HEAPS = """
import ctypes, os, sys, threading
from config.management.commands import web
if "one" in sys.argv:
    web.use_one_heap()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.fopen.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fflush.argtypes = [ctypes.c_void_p]
together = threading.Barrier(9)
def work():
    taken = bytes(5000)
    together.wait()
    together.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
together.wait()
stdout = libc.fopen(b"/dev/stdout", b"w")
libc.malloc_info(0, stdout)
libc.fflush(stdout)
together.wait()
"""
# How a copy of a process that ignores SIGTERM ends when it gets one at once.
COPY_AND_END = """
import os, signal, sys
from config.management.commands import web
signal.signal(signal.SIGTERM, lambda *_: None)
if "mended" in sys.argv:
    web.let_new_workers_end()
copy = os.fork()
os.kill(os.getpid(), signal.SIGTERM)
if not copy:
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]))
"""


class Served:
    """A site with a web server of two workers."""

    def __init__(self, site: ServedSite) -> None:
        self.site, self.parent = site, site.servers[0]

    def workers(self) -> set[int]:
        path = Path(f"/proc/{self.parent.pid}/task/{self.parent.pid}/children")
        return {int(process) for process in path.read_text().split()}

    def wait_for_others_than(self, *gone: int) -> float:
        """Wait until two workers answer that are none of these, and return the seconds."""
        began = time.monotonic()
        while len(now := self.workers()) != 2 or now & set(gone) or not self.site.is_up():
            assert time.monotonic() < began + PATIENCE
            time.sleep(0.02)
        return time.monotonic() - began


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("web")
    url = f"sqlite:///{folder / 'db.sqlite3'}"  # which nothing here asks
    with ServedSite(folder, servers=1, log=folder / "log", DATABASE_URL=url) as site:
        yield Served(site)


def memory_of(process: int) -> dict[str, int]:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}


def test_workers_share_what_was_loaded(served: Served) -> None:
    for worker in served.workers():
        memory = memory_of(worker)
        assert memory["Pss"] < 0.6 * memory["Rss"]


def test_whoever_loads_the_site_leaves_nothing_open_that_its_workers_would_use(served: Served) -> None:
    opened = [str(path.readlink()) for path in Path(f"/proc/{served.parent.pid}/fd").iterdir()]
    assert any(path.endswith(".in-use") for path in opened)
    assert not any("sqlite3" in path for path in opened)
    assert sum("socket:" in path for path in opened) == 1  # granian's own, which keeps the port
    waiting_for_a_worker = len(served.workers())
    assert len(list(Path(f"/proc/{served.parent.pid}/task").iterdir())) == 1 + waiting_for_a_worker


def test_a_worker_that_is_killed_is_back_at_once(served: Served) -> None:
    victim, other = served.workers()
    os.kill(victim, signal.SIGKILL)
    assert served.wait_for_others_than(victim) < SOON
    assert other in served.workers()


def test_a_hangup_exchanges_the_workers(served: Served) -> None:
    before = served.workers()
    served.parent.send_signal(signal.SIGHUP)
    served.wait_for_others_than(*before)


def test_a_signal_to_the_parent_ends_all(served: Served) -> None:
    processes = {served.parent.pid, *served.workers()}
    served.parent.terminate()
    assert served.parent.wait(PATIENCE) == 0
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, 0)
            pytest.fail("a process is still there")


# --- What it refuses -------------------------------------------------------------------------------------
def start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the web server with nothing of our own environment."""
    return subprocess.run(
        [sys.executable, "manage.py", "web"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def test_a_site_with_wrong_settings_says_so_once_and_does_not_start(tmp_path: Path) -> None:
    folders = {"PRIVATE_STORAGE_URL": tmp_path.as_uri(), "ENV_FILE": os.devnull}
    result = start({**COMPLETE, **folders, "SECRET_KEY": "short"})
    assert result.returncode == 1
    assert result.stderr.count("config.E005") == 1
    assert "Traceback" not in result.stderr
    assert "worker" not in result.stdout


def test_it_takes_no_settings_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "environment").write_text("DJANGO_SETTINGS_MODULE=config.settings.dev\n")
    result = start({"ENV_FILE": str(tmp_path / "environment")})
    assert result.returncode == 1
    assert "Production does not start without these variables" in result.stderr


# --- How it serves ---------------------------------------------------------------------------------------
def test_granian_has_the_limits_of_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "Granian", lambda _application, **options: options)
    options = web.server(host="127.0.0.1", port=1, workers=2, threads=8)
    limits = {"blocking_threads": 8, "backlog": 1024, "backpressure": 256, "websockets": False}
    assert options.items() >= limits.items()
    assert options["http1_settings"].header_read_timeout == 10_000
    assert options["respawn_failed_workers"]


def run(code: str, *arguments: str) -> str:
    """Run Python in a process of its own; return what it prints."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "site"), "ENV_FILE": os.devnull}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def test_threads_share_one_heap() -> None:
    assert run(COUNT_HEAPS).count("<heap nr=") == 9
    assert run(COUNT_HEAPS, "one").count("<heap nr=") == 1


def test_a_signal_ends_a_worker_that_is_just_starting() -> None:
    assert run(COPY_AND_END) == "0\n"
    assert run(COPY_AND_END, "mended") == f"{-signal.SIGTERM}\n"


@pytest.mark.parametrize(
    "file",
    ["Procfile", "Dockerfile", "docs/running-in-production.md", "deploy/systemd/site-web.service"],
)
def test_everything_starts_it_by_the_same_command(file: str) -> None:
    text = (ROOT / file).read_text().replace('", "', " ")
    assert "manage.py web" in text
    assert "--interface wsgi" not in text
