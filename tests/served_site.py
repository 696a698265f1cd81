"""A site as it is served: two web servers with two workers each, and an editor, each in processes of their own.

They share a database, a cache and files. The editor calls functions of the test that asks, so that every change comes
from another process than those that answer visitors. `python -m tests.served_site` is the editor.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPResponse
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1:8000"  # of SITE_URL: both servers are the same site to visitors
PATIENCE = 60  # seconds


class Page:
    """An answer of a server."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode(errors="replace")


class ServedSite:
    """Starts the processes in a folder, and ends them."""

    def __init__(
        self,
        folder: Path,
        *,
        servers: int = 2,
        workers: int = 2,
        threads: int = 4,
        log: Path | None = None,
        **environment: str,
    ) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHONDONT")}
        self.environment = {
            **inherited,
            "ENV_FILE": os.devnull,
            "DJANGO_SETTINGS_MODULE": "tests.settings_served",
            "CACHE_URL": f"filecache://{folder / 'cache'}",
            "MEDIA_STORAGE_URL": (folder / "media").as_uri(),
            "SITE_URL": f"http://{HOST}",
            "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in ("", "site", "scripts")),
            "PYTHONWARNINGS": "ignore",
            **environment,
        }
        self.ports = [free_port() for _ in range(servers)]
        self.workers = workers
        self.threads = threads
        self.servers: list[subprocess.Popen] = []
        self._processes = ExitStack()
        self._log = self._processes.enter_context(log.open("w")) if log else None  # otherwise ours

    def __enter__(self) -> "ServedSite":
        try:
            self._start_all()
        except BaseException:
            self._processes.close()
            raise
        return self

    def _start_all(self) -> None:
        web = [sys.executable, "manage.py", "web", "--workers", str(self.workers)]
        for port in self.ports:
            command = [*web, "--threads", str(self.threads), "--port", str(port)]
            self.servers.append(self._start(command, stderr=self._log))
        pipe = subprocess.PIPE
        self.editor = self._start(
            [sys.executable, "-m", "tests.served_site"], stdin=pipe, stdout=pipe, text=True
        )
        self.edit("tests.served_site:nothing")
        self._wait_for_servers()

    def __exit__(self, *args: object) -> None:
        self._processes.close()

    def _start(self, command: list[str], **options: Any) -> subprocess.Popen:
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment, **options)

        def stop() -> None:
            process.terminate()
            process.communicate(timeout=PATIENCE)

        self._processes.callback(stop)
        return process

    def _wait_for_servers(self) -> None:
        deadline = time.monotonic() + PATIENCE
        for port in self.ports:
            while not self.is_up(port):
                assert time.monotonic() < deadline, "a server does not start"
                time.sleep(0.1)

    def is_up(self, port: int | None = None) -> bool:
        """Return whether a server answers."""
        with suppress(OSError):
            return self.get("/healthz/", port=port).status == 200
        return False

    def edit(self, function: Callable[..., Any] | str, *arguments: Any) -> Any:
        """Call a function of a module in the editor's process, and return what it returns."""
        self.begin(function, *arguments)
        return self.end()

    def begin(self, function: Callable[..., Any] | str, *arguments: Any) -> None:
        name = function if isinstance(function, str) else f"{function.__module__}:{function.__qualname__}"
        print(json.dumps([name, *arguments]), file=self.editor.stdin, flush=True)

    def end(self) -> Any:
        answer = json.loads(self.editor.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer["value"]

    def get(
        self,
        path: str,
        *,
        port: int | None = None,
        method: str = "GET",
        body: str | bytes = "",
        **headers: str,
    ) -> Page:
        """Ask a server, by default the first, on a new connection, which may reach either worker."""
        connection = HTTPConnection("127.0.0.1", port or self.ports[0], timeout=PATIENCE)
        with closing(connection):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body or None, headers={"Host": HOST, **named})
            return Page(connection.getresponse())

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Send bytes as they are, and return the status and all that came back."""
        with socket.create_connection(("127.0.0.1", self.ports[0]), timeout=PATIENCE) as connection:
            with suppress(OSError):  # it may be closed while we still send
                connection.sendall(request)
            answer = b""
            with suppress(ConnectionResetError):
                while part := connection.recv(65_536):
                    answer += part
        return int(answer.split(b" ")[1]), answer

    def everywhere(self, path: str) -> list[Page]:
        """Ask both servers so often that both workers of each most probably answer."""
        return [self.get(path, port=port) for _ in range(8) for port in self.ports]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def nothing() -> None:
    """Let a test know that the editor has started."""


def _edit_until_told_to_stop() -> None:
    import django  # noqa: PLC0415 - only in the editor's process

    django.setup()
    from django.db import connections  # noqa: PLC0415 - likewise

    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        module, _, function = name.partition(":")
        try:
            answer = {"value": getattr(import_module(module), function)(*arguments)}
        except Exception as error:  # noqa: BLE001 - the test raises it
            answer = {"error": repr(error)}
        connections.close_all()  # a process that is forked off must not inherit one
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    _edit_until_told_to_stop()
