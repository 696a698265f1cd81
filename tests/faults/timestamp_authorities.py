"""A time-stamp authority on this machine, made by the openssl command: it answers as it should, or as it is told."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

_CONFIG = """
[tsa]
default_tsa = local
[local]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
ess_cert_id_alg = sha256
[signer]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
"""
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Authority:
    """Keys and certificates in a folder of their own: `roots` is what those who trust it know of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.roots = folder, folder / "root.pem"
        for name, digests in (("takes-all", "sha256"), ("takes-none-of-ours", "sha512")):
            (folder / f"{name}.cnf").write_text(_CONFIG.format(folder=folder, digests=digests), "utf-8")
        (folder / "serial").write_text("01\n", "utf-8")
        request = ("-keyout", "root.key", "-out", "root.pem", "-days", "9", "-subj", "/CN=Root")
        self._openssl("req", "-x509", *_KEY, *request)
        self._openssl("req", *_KEY, "-keyout", "signer.key", "-out", "signer.csr", "-subj", "/CN=Authority")
        issued_by = ("-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "9")
        extensions = ("-extfile", "takes-all.cnf", "-extensions", "signer")
        self._openssl("x509", "-req", "-in", "signer.csr", "-out", "signer.pem", *issued_by, *extensions)

    def reply(self, question: bytes, *, config: str = "takes-all") -> bytes:
        """Return the answer to a question, whatever that says."""
        (self.folder / "question").write_bytes(question)
        arguments = ("-queryfile", "question", "-out", "answer")
        self._openssl("ts", "-reply", "-config", f"{config}.cnf", *arguments)
        return (self.folder / "answer").read_bytes()

    def refuse(self, question: bytes) -> bytes:
        """Return an answer with the status "rejection"."""
        return self.reply(question, config="takes-none-of-ours")

    def reply_to_another(self, data: bytes) -> Callable[[bytes], bytes]:
        """Return what answers every question as if it had been one about `data`."""
        other = TimestampRequestBuilder(data=data, hash_algorithm=HashAlgorithm.SHA256).build()
        return lambda _question: self.reply(other.as_bytes())

    def verifies(self, token: bytes, sha256: str) -> bool:
        """Return whether the openssl command finds that a token is of a hash, and signed by this authority."""
        (self.folder / "kept").write_bytes(token)
        arguments = ("-verify", "-digest", sha256, "-in", "kept", "-CAfile", "root.pem")
        return b"Verification: OK" in self._openssl("ts", *arguments, check=False)

    def _openssl(self, *arguments: str, check: bool = True) -> bytes:
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, check=check)
        return done.stdout


class _Desk(BaseHTTPRequestHandler):
    server: "_Server"

    def do_POST(self) -> None:
        """Answer as the server was told to."""
        question = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.questions.append(question)
        answer = self.server.answer(question)
        if isinstance(answer, int):
            self.send_error(answer)
            return
        if isinstance(answer, bytes):
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            answer = iter([answer])
        try:
            for part in answer:
                self.wfile.write(part)
        except OSError:
            self.close_connection = True  # who asked has gone

    def log_message(self, *_words: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    answer: Callable[[bytes], bytes | int | Iterator[bytes]]
    questions: list[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/tsr?for=tests"


@contextmanager
def serving(answer: Callable[[bytes], bytes | int | Iterator[bytes]]) -> Iterator[_Server]:
    """Run an authority that answers so: with bytes, with an HTTP status, or with raw parts, one after the other."""
    with _Server(("127.0.0.1", 0), _Desk) as server:
        server.answer, server.questions = answer, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def trickle(data: bytes, *, seconds: float) -> Iterator[bytes]:
    """Yield data byte by byte, each soon enough for a time-out that begins anew with each."""
    for byte in data:
        time.sleep(seconds)
        yield bytes([byte])
