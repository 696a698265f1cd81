"""The shipped nginx on free ports of this machine, in front of a server of the test."""

import datetime
import os
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from socket import create_connection

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from programs_for_tests import find_nginx
from tests.served_site import ROOT, free_port

NAME = "www.example.com"
DEPLOY = ROOT / "deploy/nginx"
PATIENCE = 20  # seconds
# What Debian's own nginx.conf says around ours, and what keeps it in the folder of the test.
AROUND = """
{user} daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
  include {mime_types}; default_type application/octet-stream; sendfile on; tcp_nopush on;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  include {folder}/{site};
}}
"""


class Nginx:
    """A running nginx, its ports and its files."""

    def __init__(self, folder: Path, files: Path) -> None:
        self.folder = folder
        self.static, self.media = files / "static", files / "media"
        self.http, self.https = free_port(), free_port()
        self.trust = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))

    def start(self, configuration: Path, running: ExitStack) -> None:
        """Start it, and stop it with the others."""
        command = [str(find_nginx()), "-p", str(self.folder), "-c", str(configuration)]
        subprocess.run([*command, "-t", "-q"], check=True)
        process = subprocess.Popen(command)
        running.callback(process.wait)
        running.callback(process.terminate)
        _wait_for(self.https)

    def socket(self, *, name: str = NAME, source: str = "127.0.0.1") -> ssl.SSLSocket:
        """Connect as a visitor with this IP address does."""
        plain = create_connection(("127.0.0.1", self.https), timeout=PATIENCE, source_address=(source, 0))
        return self.trust.wrap_socket(plain, server_hostname=name)

    def ask(
        self, path: str, *, method: str = "GET", body: bytes = b"", source: str = "127.0.0.1", **headers: str
    ) -> tuple[HTTPResponse, bytes]:
        """Ask over TLS, on a new connection."""
        connection = HTTPSConnection(NAME, context=self.trust, timeout=PATIENCE)
        connection.sock = self.socket(source=source)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return _answer(connection, method, path, body, {"Host": NAME, **named})

    def ask_plainly(self, path: str, host: str = NAME) -> tuple[HTTPResponse, bytes]:
        """Ask without TLS."""
        connection = HTTPConnection("127.0.0.1", self.http, timeout=PATIENCE)
        return _answer(connection, "GET", path, b"", {"Host": host})

    def send(self, data: bytes, *, source: str = "127.0.0.1", until: bytes = b"\0") -> bytes:
        """Send bytes as they are over TLS, and return all that comes back, or what does until these bytes."""
        answer = b""
        with self.socket(source=source) as connection, suppress(OSError):
            connection.sendall(data)
            while until not in answer and (part := connection.recv(65_536)):
                answer += part
        return answer


def _answer(
    connection: HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str]
) -> tuple[HTTPResponse, bytes]:
    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # it need not read all before it refuses
            connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


@contextmanager
def nginx(folder: Path, site: int) -> Iterator[Nginx]:
    """Start nginx as it is shipped, with other ports and folders, in front of the port of a site."""
    make_certificate(folder)
    server = Nginx(folder, folder / "srv/site/var")
    for path in (server.static, server.media, folder / "etc/nginx"):
        path.mkdir(parents=True, exist_ok=True)
    for source, target in (("site.conf", "site.conf"), ("tls.conf", "etc/nginx/site-tls.conf")):
        (folder / target).write_text(adapted((DEPLOY / source).read_text(), server, site))
    (folder / "nginx.conf").write_text(around(folder))
    with ExitStack() as running:
        server.start(folder / "nginx.conf", running)
        yield server


def adapted(text: str, server: Nginx, site: int) -> str:
    """Return a file that is shipped with the ports and folders of the test, and less patience."""
    replaced = {
        r"listen \[::\]:(80|443).*;": "",
        r"listen 80\b": f"listen 127.0.0.1:{server.http}",
        r"listen 443\b": f"listen 127.0.0.1:{server.https}",
        r"127\.0\.0\.1:8000": f"127.0.0.1:{site}",
        r"--port 8000": f"--port {site}",
        r"/etc/letsencrypt/live/www\.example\.com": str(server.folder),
        r"/srv/site/deploy/nginx/pages": str(DEPLOY / "pages"),
        r"/(etc/nginx|srv)/": rf"{server.folder}/\1/",
        "client_body_timeout 10s": "client_body_timeout 2s",
        "rate=20r/s": "rate=1r/s",
    }
    for pattern, words in replaced.items():
        text = re.sub(pattern, words, text)
    return text


def around(folder: Path, site: str = "site.conf") -> str:
    """Return the configuration that includes the site's."""
    user = "user root;" if os.geteuid() == 0 else ""  # the folders of the tests are closed to others
    return AROUND.format(folder=folder, user=user, mime_types=_mime_types(), site=site)


def _mime_types() -> Path:
    shown = subprocess.run([str(find_nginx()), "-V"], capture_output=True, text=True, check=True).stderr
    return Path(re.findall(r"--conf-path=(\S+)", shown)[0]).parent / "mime.types"


def make_certificate(folder: Path) -> None:
    """Make a certificate that only the tests trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(NAME), x509.DNSName(NAME.removeprefix("www."))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _wait_for(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        with suppress(OSError), create_connection(("127.0.0.1", port), timeout=1):
            return
        assert time.monotonic() < end, "nginx does not start"
        time.sleep(0.02)
