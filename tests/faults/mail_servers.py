"""Mail servers on this machine, with real sockets: they take mail, refuse it, lose it, trickle, or never say a word."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class _Conversation(socketserver.StreamRequestHandler):
    """As much SMTP as it takes to accept a mail (RFC 5321)."""

    took = b"250 taken\r\n"

    def handle(self) -> None:
        """Talk until the client quits."""
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.received.append(b"".join(lines).decode())
                if not self.took:
                    return
                self.wfile.write(self.took)
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(self.answer(line))

    def answer(self, _line: bytes) -> bytes:
        """Return what the server says to a command."""
        return b"250 ok\r\n"


class _Refusal(_Conversation):
    """Takes no mail for an address that begins with "gone"."""

    def answer(self, line: bytes) -> bytes:
        return b"550 no such user\r\n" if line.upper().startswith(b"RCPT TO:<GONE") else super().answer(line)


class _Loss(_Conversation):
    """Hangs up once it has a mail, and says nothing of what becomes of it."""

    took = b""


class _Trickle(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Greet for half a minute, a byte after the other."""
        with suppress(OSError):
            for _ in range(300):
                self.wfile.write(b"2")
                time.sleep(0.1)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    received: list[str]


def unused_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def working(port: int) -> Iterator[list[str]]:
    """Run a mail server on a port; yields the mails it took."""
    with _running(port, _Conversation) as server:
        yield server.received


@contextmanager
def refusing(port: int) -> Iterator[list[str]]:
    """Run a mail server that refuses some addresses; yields the mails it took."""
    with _running(port, _Refusal) as server:
        yield server.received


@contextmanager
def losing(port: int) -> Iterator[list[str]]:
    """Run a mail server that takes a mail and never says so; yields what it took."""
    with _running(port, _Loss) as server:
        yield server.received


@contextmanager
def trickling(port: int) -> Iterator[None]:
    """Run a mail server that never ends its first line."""
    with _running(port, _Trickle):
        yield


@contextmanager
def _running(port: int, handler: type[socketserver.StreamRequestHandler]) -> Iterator[_Server]:
    with _Server(("127.0.0.1", port), handler) as server:
        server.received = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent() -> Iterator[int]:
    """Run a server that accepts connections and never answers; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
