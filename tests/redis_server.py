"""A stand-in for Redis, for what Django's cache asks of it: GET, SET, DEL and FLUSHDB, over its real protocol."""

import socketserver
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Thread


class _Connection(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while header := self.rfile.readline():
            parts = [self._part() for _ in range(int(header[1:]))]
            self.server.asked += 1
            self.wfile.write(self.server.answer(*parts))
            if self.server.hangs_up and parts[0] == b"GET":
                return

    def _part(self) -> bytes:
        length = int(self.rfile.readline()[1:])
        return self.rfile.read(length + 2)[:length]


class RedisServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.url = f"redis://127.0.0.1:{self.server_address[1]}/0"
        self.hangs_up = False  # after each value, as a server does with idle connections
        self.asked = 0
        self._values: dict[bytes, tuple[bytes, float]] = {}
        self._lock = Lock()

    def answer(self, command: bytes, *arguments: bytes) -> bytes:
        with self._lock:
            self._values = {key: kept for key, kept in self._values.items() if kept[1] > time.monotonic()}
            match command.upper():
                case b"GET":
                    value, _ = self._values.get(arguments[0], (None, 0))
                    return b"_\r\n" if value is None else b"$%d\r\n%b\r\n" % (len(value), value)
                case b"SET":
                    return self._set(*arguments)
                case b"DEL":
                    return b":%d\r\n" % sum(self._values.pop(key, None) is not None for key in arguments)
                case b"FLUSHDB":
                    self._values.clear()
                case b"HELLO":
                    return b"%1\r\n+proto\r\n:3\r\n"
        return b"+OK\r\n"

    def _set(self, key: bytes, value: bytes, *options: bytes) -> bytes:
        if b"NX" in options and key in self._values:
            return b"_\r\n"
        seconds = int(options[options.index(b"EX") + 1]) if b"EX" in options else float("inf")
        self._values[key] = value, time.monotonic() + seconds
        return b"+OK\r\n"


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Serve until the block ends."""
    with RedisServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
