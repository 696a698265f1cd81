"""Run a command with DATABASE_URL set to a temporary PostgreSQL server: `scripts/with_postgresql.py pytest tests`.

The server is in a temporary folder and listens only on a socket there. A helper process stops and deletes it when
this process ends, even if it was killed. A PostgreSQL server that already runs on the machine is not touched.
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

from programs_for_tests import find_postgresql

DATABASE = "site"
# The data is not needed after the run, so it is not forced to disk.
SERVER_OPTIONS = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


def _as_server_user() -> list[str]:
    """Return the prefix of a server command: PostgreSQL refuses to run as root."""
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
    """Start the process that removes server and folder when our end of its input closes."""
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
        start_new_session=True,  # Ctrl-C must not reach it
    )


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server with an empty database, yield its DATABASE_URL, then remove the server."""
    programs = find_postgresql()
    if programs is None:
        sys.exit("The PostgreSQL server programs were not found; `make test` says what to install.")
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
        yield f"postgres://postgres@/{quote(str(folder))}/{DATABASE}"  # a socket for django-environ
    finally:
        watcher.communicate()  # closes its input, then waits until everything is removed


def _stop(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _wait(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the command got Ctrl-C too: let it finish


def main(command: list[str]) -> int:
    """Run the command and return its exit status."""
    if not command or not shutil.which(command[0]):
        sys.exit("Usage: scripts/with_postgresql.py COMMAND… (the command must exist)")
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
