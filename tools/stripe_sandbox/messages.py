"""What comes in and what goes out: a request and an answer, as every part of the sandbox hands them on.

It neither listens nor sends; `server` does.
"""

import json
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import parse_qs, quote


@dataclass(frozen=True)
class Request:
    """A request as it came, its path without the question mark and what follows."""

    method: str
    path: str
    query: str
    headers: Message
    body: bytes
    id: str

    def fields(self) -> dict[str, str]:
        """Return the fields of a form that a browser sent; of several with one name the last."""
        text = self.body.decode("utf-8", "replace")
        return {name: values[-1].strip() for name, values in parse_qs(text, keep_blank_values=True).items()}


@dataclass
class Response:
    """An answer, complete."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, data: Any, status: int = 200, **headers: str) -> "Response":
        """Return an answer as Stripe writes it."""
        return cls(status, json_bytes(data), {"Content-Type": "application/json", **headers})

    @classmethod
    def redirect(cls, url: str) -> "Response":
        """Send the browser on, by GET."""
        return cls(303, b"", {"Location": quote(url, safe="%/:=&?~#+!$,;'@()*[]{}")})


def json_bytes(data: Any) -> bytes:
    """Return data as JSON, indented as Stripe does."""
    return json.dumps(data, indent=2, ensure_ascii=False).encode()
