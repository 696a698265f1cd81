"""What a shopper does who looks for their orders by e-mail."""

import re
from dataclasses import replace
from typing import Any

from django.test import Client
from post_office.models import Email

from home import spam
from store.orders import finding

KNOWN, UNKNOWN = "shopper@example.com", "nobody@example.com"


def stamp(seconds: float = 10) -> str:
    fresh = spam.new_stamp(page_id="find-orders")
    return replace(fresh, at=fresh.at - seconds).signed()


def ask(client: Client, email: str = KNOWN, **values: str) -> Any:
    return client.post("/orders/find/", {"email": email, spam.STAMP_FIELD: stamp(), **values})


def link_in(email: str = KNOWN) -> str:
    """Have the worker send what was asked for, and return the path of the link in the newest e-mail."""
    finding.send_links()
    text = Email.objects.filter(to=email).latest("pk").message
    found = re.search(r"/orders/find/[\w-]{43}/", text)
    assert found
    return found[0]


def use(client: Client, email: str = KNOWN) -> str:
    """Ask for a link and use it; return its path."""
    ask(client, email)
    path = link_in(email)
    assert client.post(path).status_code == 303
    return path
