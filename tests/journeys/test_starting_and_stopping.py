"""`make run` and the PostgreSQL of the tests: they start, say clearly why not, and leave no process behind.

Every process that `make run` starts holds a pipe to it, and it fails when that is still open at its end; the others
inherit the pipe that their output goes to. So all are proven gone.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 60  # seconds; a first start fills an empty database
PREPARING = "Preparing the database and the demo content …"  # all that a newcomer reads before the welcome

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def free_port() -> int:
    """Return a free port whose next one is free, too: not one that the system gives to others meanwhile."""
    while True:
        port = random.randrange(20_000, 30_000)  # noqa: S311 - no secret
        with suppress(OSError), socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
            return port


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder where all runs of this file write."""
    return tmp_path_factory.mktemp("var")


@pytest.fixture
def environment(var: Path, free_port: int) -> dict[str, str]:
    """Return an environment in which nothing is written into the project's own folders."""
    inherited = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return {
        **inherited,
        "ENV_FILE": os.devnull,
        "DATABASE_URL": f"sqlite:///{var / 'db.sqlite3'}",
        "CACHE_URL": f"filecache://{var / 'cache'}",
        "MEDIA_STORAGE_URL": (var / "media").as_uri(),
        "PRIVATE_STORAGE_URL": (var / "private").as_uri(),
        "PORT": str(free_port),
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    """Return a function that starts a script of ours; what a failed test leaves running is ended here."""
    processes = []

    def start(script: str, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "scripts" / script), *arguments],
            env={**environment, **variables},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


def wait_for(process: subprocess.Popen[str], words: str) -> str:
    """Read what a process says until the words come; return it."""
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    pytest.fail(f"{words!r} never came:\n{said}")


def status_of(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_run_welcomes_serves_the_demo_and_ends_with_all_its_processes(start: Start, free_port: int) -> None:
    for number, expected_status in ((signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)):
        process = start("run.py")
        said = wait_for(process, "Stop it with Ctrl-C")
        before = said.partition("The site is running.")[0]
        assert [line for line in before.splitlines() if line.strip()] == [PREPARING]
        assert f"http://127.0.0.1:{free_port}/" in said
        assert "editor@jomso.example" in said
        assert status_of(free_port, "/privacy-policy/") == 200
        assert status_of(free_port, "/static/bundles/pages.css") == 200
        assert status_of(free_port, "/no-such-page/") == 404
        wait_for(process, "The worker is ready.")
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)
        assert process.returncode == expected_status


def test_a_run_ends_when_one_of_its_processes_does(start: Start) -> None:
    process = start("run.py")
    wait_for(process, "Stop it with Ctrl-C")
    children = subprocess.run(
        ["pgrep", "-P", str(process.pid)], check=True, capture_output=True, text=True
    ).stdout.split()
    os.kill(int(children[0]), signal.SIGKILL)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "so everything was stopped" in said
    assert "still runs" not in said


def test_a_run_says_when_the_port_is_taken(start: Start, free_port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        taken.listen()
        said, _ = start("run.py").communicate(timeout=PATIENCE)
    assert f"Port {free_port} cannot be used" in said
    assert f"PORT={free_port + 2} make run" in said


@pytest.mark.parametrize("port", ["shop", "0", "65536", "-1"])
def test_a_run_refuses_a_port_that_is_none(start: Start, port: str) -> None:
    process = start("run.py", PORT=port)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert "PORT must be a number" in said


# A command that says in which folder its PostgreSQL lives.
SAY_FOLDER = (
    "import os; print(os.environ['DATABASE_URL'].removeprefix('postgres://postgres@/').rpartition('/')[0])"
)


def test_the_postgresql_of_tests_is_gone_with_its_command(start: Start) -> None:
    process = start("with_postgresql.py", sys.executable, "-c", f"{SAY_FOLDER}; exit(3)")
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert said.strip()
    assert not Path(said.strip()).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_postgresql_of_tests_is_gone_however_it_ends(start: Start, number: int) -> None:
    process = start("with_postgresql.py", sys.executable, "-uc", f"{SAY_FOLDER}; import time; time.sleep(9)")
    folder = Path(wait_for(process, os.sep).strip())
    assert (folder / "data/postmaster.pid").exists()
    process.send_signal(number)
    process.wait(timeout=PATIENCE)
    give_up = time.monotonic() + PATIENCE
    while folder.exists() and time.monotonic() < give_up:
        time.sleep(0.1)
    assert not folder.exists()
