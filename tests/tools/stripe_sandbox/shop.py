"""What the tests of the sandbox share: a shop that wants to be paid, and its webhook URL.

The shop speaks to the sandbox through the SDK over HTTP; nothing is patched.
"""

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import stripe

from tools.stripe_sandbox.server import Sandbox

KEY = "sk_test_sandbox"
HALF_HOUR = 1800
SUCCESS = "http://127.0.0.1:8000/done/?session={CHECKOUT_SESSION_ID}"


def client(url: str, key: str = KEY, retries: int = 0, timeout: float = 10) -> stripe.StripeClient:
    """Return the SDK, pointed at a sandbox."""
    stripe.enable_telemetry = False
    http = stripe.RequestsClient(timeout=timeout)
    return stripe.StripeClient(
        key, base_addresses={"api": url}, max_network_retries=retries, http_client=http
    )


@dataclass
class Answer:
    """What came back, as text."""

    status: int
    headers: http.client.HTTPMessage
    text: str


def fetch(address: str, method: str = "GET", body: bytes | str | None = None, **headers: str) -> Answer:
    """Send a request as it is, following nothing; in names of headers `_` stands for `-`."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection.request(method, path, body, {name.replace("_", "-"): headers[name] for name in headers})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read().decode())
    finally:
        connection.close()


def send(sandbox: Sandbox, method: str, path: str, data: Any = None, **headers: str) -> tuple[int, Any]:
    """Use the controls; return the status and what they say."""
    body = None if data is None else json.dumps(data)
    usual = {"Content_Type": "application/json"}
    answer = fetch(f"{sandbox.url}/_sandbox/{path}", method, body, **(usual | headers))
    return answer.status, json.loads(answer.text)


def ask(sandbox: Sandbox, method: str, path: str, data: Any = None) -> Any:
    """Use the controls rightly."""
    status, answer = send(sandbox, method, path, data)
    assert status == 200, answer
    return answer


def paid(sandbox: Sandbox) -> str:
    """Pay a session."""
    session = client(sandbox.url).v1.checkout.sessions.create(order())
    sandbox.pay(session.id)
    return session.id


def line(**changes: Any) -> dict[str, Any]:
    """Return a line for two mugs, with changes to its price data."""
    data = {"currency": "eur", "unit_amount": 1250, "product_data": {"name": "Enamel mug"}}
    return {"quantity": 2, "price_data": {**data, **changes}}


def order(**changes: Any) -> dict[str, Any]:
    """Return the parameters of a session, with changes."""
    return {
        "mode": "payment",
        "line_items": [line()],
        "success_url": SUCCESS,
        "cancel_url": "http://127.0.0.1:8000/basket/",
        "adaptive_pricing": {"enabled": False},
        "client_reference_id": "order-1",
        "metadata": {"order": "1"},
        **changes,
    }


def shipping(amount: int = 395, currency: str = "eur", name: str = "Post") -> dict[str, Any]:
    """Return a way to ship."""
    fixed = {"amount": amount, "currency": currency}
    return {"shipping_rate_data": {"display_name": name, "type": "fixed_amount", "fixed_amount": fixed}}


@dataclass
class Inbox:
    """A webhook URL that answers as told, 200 when nothing is told, and keeps what it got."""

    answers: list[int] = field(default_factory=list)
    pause: float = 0  # seconds before it answers
    got: list[tuple[bytes, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.got.append((body, self.headers["Stripe-Signature"]))
                time.sleep(inbox.pause)
                self.send_response(inbox.answers.pop(0) if inbox.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Keep quiet."""

        class Server(ThreadingHTTPServer):
            request_queue_size = (
                64  # the five that Python keeps waiting are fewer than some tests send at once
            )

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/stripe/webhook/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.02])

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def events(self, secret: str) -> list[stripe.Event]:
        """Return what came, each checked against its signature."""
        return [stripe.Webhook.construct_event(body, header, secret) for body, header in self.got]
