"""The nginx that is shipped (deploy/nginx/), in front of a server of the test that says what reached it.

How a real site stands behind it: test_production_document.py.
"""

import gzip
import json
import re
import selectors
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings

from config.serve_media import MEDIA_POLICY
from tests.nginx import DEPLOY, NAME, Nginx, nginx

pytestmark = pytest.mark.slow

HOST = f"Host: {NAME}\r\n"
HASHED = "bundles/pages.0123456789ab.css"
RULES = "prefetch.0123456789ab.speculationrules"
HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy")


class Echo(ThreadingHTTPServer):
    """Answers with what it was asked, and remembers it."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Echo)
        self.paths: list[str] = []


class _Echo(BaseHTTPRequestHandler):
    server: Any
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.paths.append(self.path)
        shown = {"path": self.path, "headers": self.headers.items(), "bytes": len(body), "filled": "x" * 2000}
        answer = json.dumps(shown).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        if "policy" in self.path:
            self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815 - as http.server names it

    def log_message(self, *_words: object) -> None:
        """Stay silent."""


@contextmanager
def echo(port: int = 0) -> Iterator[Echo]:
    with Echo(port) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Echo]:
    with echo() as server:
        yield server


@pytest.fixture(scope="module")
def front(upstream: Echo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with nginx(tmp_path_factory.mktemp("nginx"), upstream.server_port) as server:
        for path, data in {HASHED: b"a{}" * 500, "img/shelves.svg": b"<svg/>", RULES: b"{}"}.items():
            (server.static / path).parent.mkdir(parents=True, exist_ok=True)
            (server.static / path).write_bytes(data)
        (server.static / f"{HASHED}.gz").write_bytes(gzip.compress(b"a{} /* compressed before */"))
        (server.media / "cup.svg").write_text("<svg/>")
        (server.folder / "secret").write_text("hidden words")
        (server.media / "link.txt").symlink_to(server.folder / "secret")
        yield server


def reached(front: Nginx, path: str, **headers: str) -> dict[str, Any]:
    """Ask, and return what reached the server behind, each header as a list."""
    response, body = front.ask(path, **headers)
    assert response.status == 200
    shown = json.loads(body)
    found: dict[str, list[str]] = {}
    for name, value in shown["headers"]:
        found.setdefault(name.lower(), []).append(value)
    return {**shown, "headers": found}


# --- Names and addresses ----------------------------------------------------------------------------------
def test_http_leads_to_https_and_the_short_name_to_the_long_one(front: Nginx) -> None:
    for host in (NAME, "example.com"):
        response, _ = front.ask_plainly("/a/?b=c", host)
        assert (response.status, response.headers["Location"]) == (301, f"https://{NAME}/a/?b=c")
        assert [name for name in HEADERS if not response.headers[name]] == []
    response, _ = front.ask("/a/", Host="example.com")
    assert (response.status, response.headers["Location"]) == (301, f"https://{NAME}/a/")
    assert [name for name in HEADERS if not response.headers[name]] == []


@pytest.mark.parametrize("host", ["evil.example", f"{NAME}.evil.example", "127.0.0.1", ""])
def test_a_forged_host_reaches_nothing(front: Nginx, upstream: Echo, host: str) -> None:
    before = len(upstream.paths)
    for answer, _ in (front.ask("/", Host=host), front.ask_plainly("/", host)):
        assert 400 <= answer.status < 500
        assert answer.status == 400 or [name for name in HEADERS if not answer.headers[name]] == []
    assert len(upstream.paths) == before


def test_a_visitor_cannot_forge_where_she_is_or_how_she_came(front: Nginx) -> None:
    forged = {"X_Forwarded_For": "1.2.3.4", "X_Forwarded_Proto": "http", "X_Real_IP": "1.2.3.4"}
    headers = reached(front, "/", **forged)["headers"]
    assert headers["x-forwarded-for"] == ["127.0.0.1"]
    assert headers["x-forwarded-proto"] == ["https"]
    assert headers["host"] == [NAME]
    answer = front.send(
        f"GET / HTTP/1.1\r\n{HOST}X_Forwarded_For: 1.2.3.4\r\nConnection: close\r\n\r\n".encode()
    )
    assert b"1.2.3.4" not in answer
    assert reached(front, "/", source="127.0.0.9")["headers"]["x-forwarded-for"] == ["127.0.0.9"]


def test_http_2_is_offered(front: Nginx) -> None:
    front.trust.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with front.socket() as connection:
            assert connection.selected_alpn_protocol() == "h2"
            assert connection.version() == "TLSv1.3"
    finally:
        front.trust.set_alpn_protocols(["http/1.1"])


# --- Files ------------------------------------------------------------------------------------------------
def test_a_hashed_file_is_kept_for_ever_and_another_for_a_minute(front: Nginx) -> None:
    assert "immutable" in front.ask(f"/static/{HASHED}")[0].headers["Cache-Control"]
    assert front.ask("/static/img/shelves.svg")[0].headers["Cache-Control"] == "max-age=60, public"
    missing, _ = front.ask("/static/bundles/gone.0123456789ab.css")
    assert (missing.status, missing.headers["Cache-Control"]) == (404, None)


def test_the_rules_of_prefetching_are_sent_as_such(front: Nginx) -> None:
    headers = front.ask(f"/static/{RULES}")[0].headers
    assert headers["Content-Type"] == "application/speculationrules+json"
    assert "immutable" in headers["Cache-Control"]


def test_a_file_is_sent_as_it_was_compressed_beforehand(front: Nginx) -> None:
    response, body = front.ask(f"/static/{HASHED}", Accept_Encoding="gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == b"a{} /* compressed before */"
    assert "Content-Encoding" not in front.ask(f"/static/{HASHED}")[0].headers


def test_media_can_run_nothing_and_no_other_file_is_served(front: Nginx) -> None:
    response, _ = front.ask("/media/cup.svg")
    assert response.status == 200
    assert response.headers["Content-Security-Policy"] == MEDIA_POLICY
    for path in ("/media/", "/static/", "/media/link.txt", "/media../secret", "/static/%2e%2e/%2e%2e/secret"):
        body = front.ask(path)[1]
        assert b"hidden words" not in body


@pytest.mark.parametrize(
    "path", ["/", "/static/img/shelves.svg", "/media/cup.svg", "/static/gone.css", "/large"]
)
def test_every_answer_of_nginx_has_the_headers_of_the_site(front: Nginx, path: str) -> None:
    body = b"x" * 4_000_000 if path == "/large" else b""
    response, _ = front.ask(path, method="POST" if body else "GET", body=body)
    assert [name for name in HEADERS if len(response.headers.get_all(name, [])) != 1] == []
    assert response.headers["Permissions-Policy"] == settings.PERMISSIONS_POLICY
    assert response.headers["Referrer-Policy"] == settings.SECURE_REFERRER_POLICY
    assert response.headers["Server"] == "nginx"


def test_a_policy_of_the_site_stays(front: Nginx) -> None:
    policies = front.ask("/policy")[0].headers.get_all("Content-Security-Policy")
    assert policies == ["default-src 'self'"]


def test_pages_are_compressed_but_not_those_of_one_person(front: Nginx) -> None:
    for path in ("/contact/", "/policies/", "/sitemap.xml"):
        assert front.ask(path, Accept_Encoding="gzip")[0].headers["Content-Encoding"] == "gzip"
    for path in ("/admin/", "/basket/", "/checkout/", "/orders/x/", "/documents/1/a.txt"):
        assert "Content-Encoding" not in front.ask(path, Accept_Encoding="gzip")[0].headers


def has_ended(connection: Any) -> bool:
    """Return whether the other end closed a connection that does not block."""
    try:
        return not connection.recv(1000)
    except ssl.SSLWantReadError:  # it was something of TLS
        return False
    except ConnectionResetError:
        return True


# --- Whoever sends much, or slowly ------------------------------------------------------------------------
@pytest.mark.parametrize(("path", "size"), [("/contact/", 50_000_000), ("/admin/images/add/", 50_000_000)])
def test_a_body_of_50_megabytes_is_refused_with_words(
    front: Nginx, upstream: Echo, path: str, size: int
) -> None:
    before = len(upstream.paths)
    head = f"POST {path} HTTP/1.1\r\n{HOST}Content-Length: {size}\r\nConnection: close\r\n\r\n".encode()
    answer = front.send(head + b"x" * 100_000, until=b"</html>")
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"That is too large" in answer
    assert len(upstream.paths) == before


def test_a_picture_of_ten_megabytes_reaches_the_admin_and_the_forms_that_may_ask_for_one(
    front: Nginx,
) -> None:
    picture = b"x" * 10_000_000
    for path in ("/admin/images/add/", "/contact/"):
        response, body = front.ask(path, method="POST", body=picture)
        assert (response.status, json.loads(body)["bytes"]) == (200, len(picture))
    for path in ("/contact/thanks/", "/about/", "/checkout/"):
        assert front.ask(path, method="POST", body=picture)[0].status == 413
    assert front.ask("/contact/", method="POST", body=picture * 3)[0].status == 413


def test_headers_that_are_too_large_are_refused(front: Nginx) -> None:
    for line in ("x" * 9_000, "x" * 100_000):
        answer = front.send(f"GET / HTTP/1.1\r\n{HOST}A: {line}\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 400 ")
    assert front.send(f"GET /{'x' * 9_000} HTTP/1.1\r\n{HOST}\r\n".encode()).startswith(b"HTTP/1.1 414 ")


def test_pipelined_requests_are_answered_in_order(front: Nginx) -> None:
    asked = "".join(f"GET /{number} HTTP/1.1\r\n{HOST}\r\n" for number in range(9))
    answer = front.send(f"{asked}GET /9 HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode())
    assert re.findall(rb'"path": "/(\d)"', answer) == [str(number).encode() for number in range(10)]


def test_three_hundred_slow_bodies_reach_nobody_and_harm_nobody(front: Nginx, upstream: Echo) -> None:
    before = len(upstream.paths)
    head = f"POST /slow/ HTTP/1.1\r\n{HOST}Content-Length: 1000\r\n\r\n".encode()
    with ExitStack() as open_ones, selectors.DefaultSelector() as ready:
        for number in range(300):
            connection = open_ones.enter_context(front.socket(source=f"127.0.1.{number % 20 + 1}"))
            connection.sendall(head + b"x")
            connection.setblocking(False)
            ready.register(connection, selectors.EVENT_READ)
        began = time.monotonic()
        assert front.ask("/another/", source="127.0.0.9")[0].status == 200
        assert time.monotonic() - began < 1
        dropped, end = 0, time.monotonic() + 15
        while dropped < 300 and time.monotonic() < end:
            for key, _ in ready.select(timeout=1):
                if has_ended(key.fileobj):
                    ready.unregister(key.fileobj)
                    dropped += 1
    assert dropped == 300
    assert upstream.paths[before:] == ["/another/"]


def test_one_address_gets_no_more_than_its_share(front: Nginx) -> None:
    asked = "".join(f"GET /many/{number} HTTP/1.1\r\n{HOST}\r\n" for number in range(140))
    answer = front.send(
        f"{asked}GET / HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode(), source="127.0.0.7"
    )
    assert 100 <= answer.count(b"HTTP/1.1 200 ") < 130
    assert answer.count(b"HTTP/1.1 429 ") > 10
    assert front.ask("/", source="127.0.0.8")[0].status == 200


@pytest.mark.parametrize(("method", "most"), [("GET", 24), ("POST", 4)])
def test_one_address_has_only_so_many_requests_at_once(front: Nginx, method: str, most: int) -> None:
    head = f"{method} /slow/ HTTP/1.1\r\n{HOST}Content-Length: 1000\r\n\r\n".encode()
    with ExitStack() as open_ones:
        source = f"127.0.0.{60 + most}"
        connections = [open_ones.enter_context(front.socket(source=source)) for _ in range(most + 6)]
        for connection in connections:
            connection.sendall(head)
        answers = [connection.recv(4096) for connection in connections]
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 429 ")]
    assert (answers.count(b""), len(refused)) == (most, 6)
    assert all(b"Retry-After: 2" in answer and b"Too much at once" in answer for answer in refused)


def test_events_of_stripe_may_come_many_at_once_but_small(front: Nginx, upstream: Echo) -> None:
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(front.ask, "/stripe/webhook/", method="POST", body=b"{}") for _ in range(12)]
    assert {one.result()[0].status for one in asked} == {200}
    assert front.ask("/stripe/webhook/", method="POST", body=b"x" * 600_000)[0].status == 413


def test_one_address_gets_no_more_than_100_files_at_once(front: Nginx) -> None:
    configuration = (DEPLOY / "site.conf").read_text()
    files = configuration[
        configuration.index("location /static/") : configuration.index("# --- Pages of nginx")
    ]
    assert files.count("limit_conn site_files_at_once 100;") == 2


# --- The site is away ---------------------------------------------------------------------------------------
def test_while_the_site_is_away_a_plain_page_says_so_and_it_is_back_by_itself(tmp_path: Path) -> None:
    with echo() as server:
        port = server.server_port
    with nginx(tmp_path, port) as front:
        response, body = front.ask("/")
        assert (response.status, response.headers["Retry-After"]) == (503, "60")
        assert "We’ll be back soon" in body.decode()
        assert [name for name in HEADERS if not response.headers[name]] == []
        with echo(port):
            assert front.ask("/")[0].status == 200


# --- What else is written down --------------------------------------------------------------------------------
def test_the_page_of_nginx_uses_the_words_of_the_site() -> None:
    words = re.findall(r'translate "([^"]+)"', (DEPLOY.parent.parent / "templates/503.html").read_text())
    page = (DEPLOY / "pages/away.html").read_text()
    assert [sentence for sentence in words[1:3] if sentence not in page] == []


def test_a_network_of_ipv6_counts_as_one_visitor() -> None:
    configuration = (DEPLOY / "site.conf").read_text()
    pattern = re.findall(r'"~(\(\?s\)[^"]+)" \$network', configuration)[0].replace("?<", "?P<").encode()
    ours, same = (socket.inet_pton(socket.AF_INET6, a) for a in ("2001:db8::1", "2001:db8::a0a:1:2:3"))
    other, short = socket.inet_pton(socket.AF_INET6, "2001:db8:0:1::1"), socket.inet_aton("192.0.2.1")
    networks = [re.match(pattern, address) for address in (ours, same, other, short)]
    assert all(networks[:3])
    assert networks[0]["network"] == networks[1]["network"] != networks[2]["network"]
    assert networks[3] is None


def test_no_page_is_kept_by_nginx() -> None:
    assert not re.search(r"^\s*proxy_cache\b", (DEPLOY / "site.conf").read_text(), re.MULTILINE)
