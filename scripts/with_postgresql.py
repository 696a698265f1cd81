"""Runs a command with DATABASE_URL naming a PostgreSQL of its own: `scripts/with_postgresql.py pytest tests`.

The server lives in a temporary folder, listens on a socket in it and on no port, and is stopped and deleted
when the command ends, however it ends: a helper process waits for this one to be gone, even if it was killed.
It never touches a PostgreSQL that runs on the machine.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from urllib.parse import quote

from find_tools import find_postgresql

DATABASE = "site"
# Data that nobody needs after the run is not forced to the disk.
SERVER_OPTIONS = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def _as_server_user() -> list[str]:
    """Return the words that go before a command so that PostgreSQL runs it: it refuses to run as root."""
    if os.geteuid() != 0:
        return []
    return ["runuser", "-u", "postgres", "--"]


def _owned_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: the path of a socket may have 107 bytes
    if os.geteuid() == 0:
        postgres = pwd.getpwnam("postgres")
        os.chown(folder, postgres.pw_uid, postgres.pw_gid)
    return folder


def _quietly(*command: str | Path) -> None:
    result = subprocess.run(
        [*_as_server_user(), *command], check=False, capture_output=True, text=True, start_new_session=True
    )
    if result.returncode:
        words = result.stdout + result.stderr
        sys.exit(f"The PostgreSQL for the tests did not start ({Path(command[0]).name}):\n{words}")


def _watch(programs: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Start the process that removes server and folder once our end of its input is closed."""
    stop = [
        *_as_server_user(),
        str(programs / "pg_ctl"),
        "stop",
        "-s",
        "-m",
        "immediate",
        "-D",
        str(folder / "data"),
    ]
    script = 'folder=$1; shift; read -r _; [ ! -f "$folder/data/postmaster.pid" ] || "$@"; rm -rf "$folder"'
    return subprocess.Popen(
        ["/bin/sh", "-c", script, "sh", str(folder), *stop],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for us, not for it
    )


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server with an empty database, yield its DATABASE_URL, and leave nothing behind."""
    programs = find_postgresql()
    if programs is None:
        sys.exit("PostgreSQL's server programs are not here; `make test` says what to install.")
    folder = _owned_folder()
    watcher = _watch(programs, folder)
    try:
        data = folder / "data"
        _quietly(
            programs / "initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-D", data
        )
        options = f"{SERVER_OPTIONS} -k {folder}"
        _quietly(programs / "pg_ctl", "start", "-w", "-s", "-D", data, "-l", folder / "log", "-o", options)
        _quietly(programs / "psql", "-q", "-h", folder, "-U", "postgres", "-c", f"CREATE DATABASE {DATABASE}")
        yield f"postgres://postgres@/{quote(str(folder))}/{DATABASE}"  # django-environ's form for a socket's folder
    finally:
        watcher.communicate()  # closes its input, then waits until all is gone


def _stop(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _wait(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # Ctrl-C reached the command too: let it finish in its own way


def main(command: list[str]) -> int:
    """Run the command; its exit status is ours."""
    if not command or not shutil.which(command[0]):
        sys.exit("Usage: scripts/with_postgresql.py COMMAND…, and the command must be there.")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    with postgresql() as url:
        process = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url})
        try:
            return _wait(process)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
