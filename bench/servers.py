"""Web servers on free ports of this machine: our own, granian, gunicorn, nginx."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path

from bench.sites import HOST, Site

THREADS = 8  # as `manage.py web` has
SECONDS_TO_START = 60
SECONDS_TO_ANSWER = 120  # pictures are made at the first request
# As a proxy in front that ends TLS would ask, for a browser.
HEADERS = {"Host": HOST, "X-Forwarded-Proto": "https", "Accept-Encoding": "gzip, br"}
_TICKS = os.sysconf("SC_CLK_TCK")
_DEBIAN = Path("/usr/sbin")  # not on everybody's PATH
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}; default_type text/html; location / {{ try_files /page =404; }} }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A running server: where it listens, the process that was started, and those that answer."""

    port: int
    parent: int
    workers: tuple[int, ...]

    def cpu(self) -> float:
        """Return the CPU seconds that all its processes have used."""
        return sum(cpu_of(process) for process in (self.parent, *self.workers))

    def get(self, path: str, cookies: str = "") -> tuple[int, bytes]:
        """Ask for a page; return the status and the body as it was sent."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS_TO_ANSWER)
        try:
            connection.request("GET", path, headers={**HEADERS, **({"Cookie": cookies} if cookies else {})})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def memory_of(process: int) -> tuple[float, float]:
    """Return the resident megabytes of a process, and its share of them (PSS).

    A page of memory that n processes use counts as an n-th.
    """
    found = dict.fromkeys(("Rss:", "Pss:"), 0.0)
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(" ")
        if name in found:
            found[name] = int(rest.split()[0]) / 1000
    return found["Rss:"], found["Pss:"]


def cpu_of(process: int) -> float:
    """Return the CPU seconds that a running process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def has_gunicorn() -> bool:
    """Return whether gunicorn is there, which the site does not need."""
    return find_spec("gunicorn") is not None


def install(*programs: str) -> list[str]:
    """Install programs with Debian's packages if this account may; return which are missing after all."""
    missing = [program for program in programs if not _find(program)]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        # In this run level Debian starts no service that it installs.
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for step in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", "--quiet", "--quiet", *step], env=environment, check=False)
    return [program for program in programs if not _find(program)]


def _find(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path=str(_DEBIAN))


@contextmanager
def granian(
    site: Site,
    application: str,
    *,
    port: int = 0,
    workers: int = 1,
    tls: tuple[Path, Path] | None = None,
    **more: str,
) -> Iterator[Server]:
    """Start an application by granian's own command; by HTTPS with a key and a certificate."""
    port = port or free_port()
    options = ["--interface", "wsgi", "--no-ws", "--blocking-threads", str(THREADS), "--log-level", "error"]
    options += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
    if tls:
        options += ["--ssl-keyfile", str(tls[0]), "--ssl-certificate", str(tls[1])]
    more = {"MALLOC_ARENA_MAX": "1", **more}
    command = [sys.executable, "-m", "granian", *options, application]
    with _running(site, command, port, more, workers) as server:
        yield server


@contextmanager
def ours(site: Site, *, workers: int = 1, **more: str) -> Iterator[Server]:
    """Start our web server, as the Procfile does."""
    port = free_port()
    command = [sys.executable, "manage.py", "web", "--port", str(port), "--workers", str(workers)]
    with _running(site, command, port, more, workers) as server:
        yield server


@contextmanager
def gunicorn(site: Site, application: str, *, threads: int, **more: str) -> Iterator[Server]:
    """Start gunicorn with one worker: with one thread it closes each connection, with several it keeps them."""
    port = free_port()
    options = ["--no-control-socket", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--log-level", "error"]
    command = ["-m", "gunicorn", *options, "--threads", str(threads), application]
    with _running(site, [sys.executable, *command], port, {"MALLOC_ARENA_MAX": "1", **more}) as server:
        yield server


@contextmanager
def nginx(folder: Path, body: bytes) -> Iterator[Server]:
    """Start nginx, which answers everything with these bytes from a file."""
    port = free_port()
    folder.mkdir()
    folder.chmod(0o755)
    folder.parent.chmod(0o755)  # its workers run as another account
    (folder / "page").write_bytes(body)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    site = Site(folder, {"PATH": os.environ["PATH"]}, "")
    with _running(site, [_find("nginx") or "", "-c", str(folder / "nginx.conf")], port, {}) as server:
        yield server


@contextmanager
def _running(
    site: Site, command: list[str], port: int, more: dict[str, str], workers: int = 1
) -> Iterator[Server]:
    process = subprocess.Popen(
        command,
        cwd=site.folder,
        env={**site.environment, "BEHIND_PROXY": "1", **more},
        stdout=subprocess.DEVNULL,  # granian says there that it starts, and ends
        start_new_session=True,
    )
    try:
        yield Server(port, process.pid, _workers_of(process, port, workers))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _workers_of(process: subprocess.Popen[bytes], port: int, count: int) -> tuple[int, ...]:
    """Wait until the server answers; return the numbers of the processes that do, the newest ones."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        with socket.socket() as connection:
            if len(children) >= count and connection.connect_ex(("127.0.0.1", port)) == 0:
                return tuple(sorted(int(child) for child in children)[-count:])
        time.sleep(0.1)
    sys.exit("A server did not start; its error stands above.")


def free_port() -> int:
    """Return the number of a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
