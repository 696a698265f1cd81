"""A service that can fail: a TCP proxy in front of a real server, which forwards, or does what broken networks do."""

import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

Address = tuple[str, int] | str  # of a port, or the path of a socket
RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: close() sends RST


class Proxy:
    """Forwards to a server. `broken` says how it fails: "refused", "reset", "slow" or "silent"."""

    def __init__(self, target: Address) -> None:
        self.target = target
        self.fault = ""
        self.delay = 0.0  # seconds before each part of an answer, when it is "slow"
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port: int = found.getsockname()[1]
        self._server: _Server | None = None
        self._connections: set[socket.socket] = set()

    def start(self) -> None:
        """Accept connections."""
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections, and end those that there are."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.hang_up()

    def hang_up(self) -> None:
        for connection in list(self._connections):
            with suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
                connection.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def broken(self, fault: str, *, delay: float = 0.0) -> Iterator[None]:
        """Fail in one way while this lasts; connections that exist fail too."""
        self.fault, self.delay = fault, delay
        if fault == "refused":
            self.stop()
        elif fault == "reset":
            self.hang_up()
        try:
            yield
        finally:
            self.fault = ""
            if fault == "refused":
                self.start()
            elif fault == "silent":
                self.hang_up()

    def forward(self, client: socket.socket) -> None:
        """Carry bytes both ways until one end closes."""
        if self.fault == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
            return
        family = socket.AF_UNIX if isinstance(self.target, str) else socket.AF_INET
        with closing(socket.socket(family)) as server:
            server.connect(self.target)
            both = {client, server}
            self._connections |= both
            answers = threading.Thread(target=self._carry, args=(server, client), daemon=True)
            answers.start()
            self._carry(client, server)
            answers.join()
            self._connections -= both

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                while self.fault == "silent":
                    time.sleep(0.01)
                if self.fault == "slow":
                    time.sleep(self.delay)
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", proxy.port), _Handler)


class _Handler(socketserver.BaseRequestHandler):
    server: Any

    def handle(self) -> None:
        self.server.proxy.forward(self.request)


@contextmanager
def proxy(target: Address) -> Iterator[Proxy]:
    """Stand in front of a server until the block ends."""
    found = Proxy(target)
    found.start()
    try:
        yield found
    finally:
        found.stop()
