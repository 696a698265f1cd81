"""A visitor who pays without a browser: posts the payment page's form over HTTP, for tests and demo data."""

import http.client
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from tools.stripe_sandbox import checkout_form
from tools.stripe_sandbox.storage import Body

SEE_OTHER = 303


class StayedError(Exception):
    """The payment page did not let go: declined, incomplete, or too late."""

    def __init__(self, status: int, html: str) -> None:
        super().__init__(f"The payment page answered {status}.")
        self.status = status
        self.html = html


def pay(url: str, session: Body, typed: Mapping[str, str]) -> str:
    """Post the form as it opens, with what was typed; return the URL that the browser is sent to."""
    body = urlencode({**checkout_form.defaults(session), "action": "pay", **typed})
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=15)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", f"/c/pay/{session['id']}", body, headers)
        response = connection.getresponse()
        html = response.read().decode()
    finally:
        connection.close()
    if response.status != SEE_OTHER:
        raise StayedError(response.status, html)
    return response.headers["Location"]
