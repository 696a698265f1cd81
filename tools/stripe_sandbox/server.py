"""The server: it listens on this machine, hands requests on, watches the clock, and ends at once when told.

`Sandbox` is all that others need: start it, give the SDK its `url`, stop it.
"""

import logging
import socket
import socketserver
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tools.stripe_sandbox import control, delayed, delivery, pages, rendering, sessions, visitor
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.api import Api
from tools.stripe_sandbox.errors import ApiError, DroppedError
from tools.stripe_sandbox.faults import Faults
from tools.stripe_sandbox.identifiers import new_id
from tools.stripe_sandbox.limits import is_this_machine
from tools.stripe_sandbox.messages import Request, Response
from tools.stripe_sandbox.secret import webhook_secret as secret_of
from tools.stripe_sandbox.storage import Storage

logger = logging.getLogger("stripe_sandbox")

HOST = "127.0.0.1"
LONGEST_BODY = 1_000_000
TICK = 0.2  # seconds between two looks at the clock
PATIENCE = 2.0  # seconds that requests may take to end when all of it ends


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after the other from a connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120  # seconds that a connection may be idle
    server: "_Server"

    def version_string(self) -> str:
        return "sandbox"

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.server.clock() if timestamp is None else timestamp)

    def handle_one_request(self) -> None:
        with suppress(ConnectionError):  # whoever asked is gone
            super().handle_one_request()
            return
        self.close_connection = True

    def _serve(self) -> None:
        started = time.monotonic()
        path, _, query = self.path.partition("?")
        try:
            body = self._body()
            request = Request(self.command, path, query, self.headers, body, new_id("req_"))
            response = self.server.respond(request, self.client_address[0])
        except ApiError as error:
            response = Response.json(error.as_dict(), error.status)
            self.close_connection = True
        except DroppedError:
            response = None
        milliseconds = round((time.monotonic() - started) * 1000)
        status = response.status if response else "no answer"
        logger.info("%s %s %s %s ms", self.command, path, status, milliseconds)
        if response is None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(response)

    do_GET = do_HEAD = do_POST = do_DELETE = do_PUT = do_PATCH = do_OPTIONS = _serve  # noqa: N815 - fixed names

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            raise ApiError("Send a Content-Length.", status=411)
        if len(length) > len(str(LONGEST_BODY)) or int(length) > LONGEST_BODY:
            raise ApiError(f"A request has at most {LONGEST_BODY} bytes.", status=413)
        body = self.rfile.read(int(length))
        if len(body) < int(length):  # whoever sent it broke off
            raise DroppedError
        return body

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            # URLs come from the shop and may hold anything; a header holds one line of ASCII.
            self.send_header(name, value.encode("ascii", "backslashreplace").decode().replace("\n", ""))
        self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name it has in the library
        logger.debug(format, *args)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing here: the line is written with the answer."""


class _Server(ThreadingHTTPServer):
    """Listens; knows its connections, to close them when it ends."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, port: int, respond: Callable[[Request, str], Response], clock: Callable[[], float]
    ) -> None:
        self.respond, self.clock = respond, clock
        self._open: dict[socket.socket, threading.Thread] = {}
        self._open_lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking a name server for our own name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open[request] = threading.current_thread()
        super().process_request_thread(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        logger.error("a request from %s failed", client_address, exc_info=True)  # noqa: LOG014 - called while it is handled

    def close_connections(self) -> None:
        """Break every connection and wait for its thread a little."""
        with self._open_lock:
            connections = dict(self._open)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        until = time.monotonic() + PATIENCE
        for thread in connections.values():
            thread.join(max(0, until - time.monotonic()))


class Sandbox:
    """Stripe's stand-in, running beside whoever started it.

    Port 0 takes a free one. Without a database it forgets everything at the end. A secret may be two, separated by
    a comma: then both sign, as at Stripe while one is exchanged for the other. `clock` is the time
    sessions live by; `account.ahead` moves it while the sandbox runs. Unless told
    not to, it fails when it would say what the SDK's types do not.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        database: Path | str | None = None,
        shop_name: str = "Test shop",
        clock: Callable[[], float] = time.time,
        retry_delays: tuple[float, ...] = delivery.RETRY_DELAYS,
        checks_itself: bool = True,
    ) -> None:
        self._folder = None if database else tempfile.TemporaryDirectory(prefix="sandbox-")
        path = (
            Path(database)
            if database
            else Path(self._folder.name if self._folder else "") / "sandbox.sqlite3"
        )
        self._stopping = threading.Event()
        self._server = self._listen(port)
        self.url = f"http://{HOST}:{self._server.server_port}"
        self.webhook_secret = webhook_secret or secret_of(path)
        self.storage = Storage(path)
        self.account = Account(self.storage, clock, self.url, shop_name, webhook_url)
        self.account.checks_itself = checks_itself
        self.faults = Faults()
        secrets = [secret.strip() for secret in self.webhook_secret.split(",") if secret.strip()]
        self.deliveries = delivery.Deliverer(self.account, secrets, retry_delays)
        self.control = control.Control(self.account, self.deliveries, self.faults)
        self._api = Api(self.account, self.faults, self._stopping)
        self._pages = pages.Pages(self.account)
        self._threads = [
            threading.Thread(
                target=self._server.serve_forever, args=[0.01], name="sandbox-server", daemon=True
            ),
            threading.Thread(target=self._watch_clock, name="sandbox-clock", daemon=True),
        ]

    def _listen(self, port: int) -> _Server:
        try:
            return _Server(port, self._respond, self._now)
        except OSError:
            if self._folder:
                self._folder.cleanup()
            raise

    def start(self) -> Self:
        """Begin to answer and to deliver."""
        for thread in self._threads:
            thread.start()
        self.deliveries.start()
        return self

    def stop(self) -> None:
        """End at once; what is not delivered yet is delivered after the next start with the same database."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._threads[0].is_alive():
            self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()
        self.deliveries.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        self.storage.close()
        if self._folder:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def webhook_url(self) -> str | None:
        """Where events are sent."""
        return self.account.webhook_url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.account.webhook_url = url

    def _now(self) -> float:
        return self.account.time()

    # --- Inside ------------------------------------------------------------------------------------------
    def _watch_clock(self) -> None:
        while not self._stopping.wait(TICK):
            try:
                self.look_at_the_clock()
            except Exception:
                logger.exception("looking at the clock failed; it is done again")

    def look_at_the_clock(self) -> None:
        """End sessions whose time has come, and settle delayed payments that are due."""
        if delayed.end_due(self.account):
            self.deliveries.wake()

    def _respond(self, request: Request, client: str) -> Response:
        try:
            response = self._routed(request, client)
        except (ApiError, DroppedError):
            raise
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            error = ApiError("The sandbox itself has failed; see its log.", status=500, kind="api_error")
            response = Response.json(error.as_dict(), 500)
        finally:
            self.deliveries.wake()
        response.headers["Request-Id"] = request.id
        return response

    def _routed(self, request: Request, client: str) -> Response:
        if request.path.startswith("/v1/"):
            return self._api.answer(request)
        if _is_from_elsewhere(request):
            return _refusal("This came from another site's page.", 403)
        if request.path.startswith(pages.PREFIX):
            return self._pages.answer(request)
        if request.path.startswith(control.PREFIX):
            if is_this_machine(client) and is_this_machine(_host(request)):
                return self.control.answer(request)
            return _refusal("The controls answer to this machine only.", 403)
        return rendering.asset(request.path) or _elsewhere(request.path)

    # --- For tests ---------------------------------------------------------------------------------------
    def pay(self, session: str, **typed: str) -> str:
        """Pay a session as a browser would, with the demo values and what differs; return where it leads.

        `outcome` is one of those on the page. Raises `visitor.StayedError` when the payment page is shown again.
        """
        with self.storage.transaction() as db:
            found = sessions.get(self.account, db, session)
        return visitor.pay(self.url, found, typed)

    def decide(self, session: str, *, succeeds: bool = True, outcome: str = "", **more: Any) -> None:
        """Let a bank decide a delayed payment, or another outcome of those that the controls know."""
        self.control.objects.settle(
            session, {"outcome": outcome or ("succeed" if succeeds else "fail"), **more}
        )

    def wait_until_delivered(self, timeout: float = 5) -> None:
        """Wait until no webhook is left to be carried."""
        until = time.monotonic() + timeout
        while waiting := self.deliveries.waiting() or self.deliveries.under_way():
            if time.monotonic() > until:
                raise TimeoutError(f"Not delivered: {', '.join(waiting)}")
            time.sleep(0.01)


def _refusal(text: str, status: int) -> Response:
    return Response.json(ApiError(text).as_dict(), status)


def _elsewhere(path: str) -> Response:
    if path in ("/", control.PREFIX.rstrip("/")):
        return Response.redirect(control.PREFIX)
    return _refusal(f"There is no {path[:200]} here.", 404)


def _host(request: Request) -> str:
    try:
        return urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
    except ValueError:
        return ""


def _is_from_elsewhere(request: Request) -> bool:
    """Return whether a page of another site makes the browser send this."""
    if request.method in ("GET", "HEAD"):
        return False
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return True
    origin = request.headers.get("Origin")
    return origin is not None and origin != f"http://{request.headers.get('Host')}"
