"""Web servers on free ports of this machine, each with one worker: granian, gunicorn, nginx."""

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

THREADS = 8  # as in the Procfile
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
    """A running server: where it listens, and the process that answers."""

    port: int
    worker: int

    def cpu(self) -> float:
        """Return the CPU seconds that the worker has used."""
        return cpu_of(self.worker)

    def memory(self) -> tuple[float, float]:
        """Return the worker's resident megabytes, and its share of them (pages of several processes divided)."""
        found = dict.fromkeys(("Rss:", "Pss:"), 0.0)
        for line in Path(f"/proc/{self.worker}/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(" ")
            if name in found:
                found[name] = int(rest.split()[0]) / 1000
        return found["Rss:"], found["Pss:"]

    def get(self, path: str, cookies: str = "") -> tuple[int, bytes]:
        """Ask for a page; return the status and the body as it was sent."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS_TO_ANSWER)
        try:
            connection.request("GET", path, headers={**HEADERS, **({"Cookie": cookies} if cookies else {})})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


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
    threads: int = THREADS,
    tls: tuple[Path, Path] | None = None,
    **more: str,
) -> Iterator[Server]:
    """Start granian as the Procfile does, with one worker; by HTTPS with a key and a certificate."""
    port = port or free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--log-level", "error"]
    options += ["--backlog", "1024", "--backpressure", "256", "--http1-header-read-timeout", "10000"]
    if tls:
        options += ["--ssl-keyfile", str(tls[0]), "--ssl-certificate", str(tls[1])]
    command = [
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--no-ws",
        "--blocking-threads",
        str(threads),
        *options,
    ]
    with _running(site, [sys.executable, *command, application], port, more) as server:
        yield server


@contextmanager
def gunicorn(site: Site, application: str, *, threads: int, **more: str) -> Iterator[Server]:
    """Start gunicorn with one worker: with one thread it closes each connection, with several it keeps them."""
    port = free_port()
    options = ["--no-control-socket", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--log-level", "error"]
    command = ["-m", "gunicorn", *options, "--threads", str(threads), application]
    with _running(site, [sys.executable, *command], port, more) as server:
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
def _running(site: Site, command: list[str], port: int, more: dict[str, str]) -> Iterator[Server]:
    process = subprocess.Popen(
        command,
        cwd=site.folder,
        env={**site.environment, "BEHIND_PROXY": "1", "MALLOC_ARENA_MAX": "1", **more},
        start_new_session=True,
    )
    try:
        yield Server(port, _worker_of(process, port))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _worker_of(process: subprocess.Popen[bytes], port: int) -> int:
    """Wait until the server answers; return the number of the process that does."""
    end = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < end and process.poll() is None:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        with socket.socket() as connection:
            if children and connection.connect_ex(("127.0.0.1", port)) == 0:
                return max(int(child) for child in children)
        time.sleep(0.1)
    sys.exit("A server did not start; its error stands above.")


def free_port() -> int:
    """Return the number of a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
