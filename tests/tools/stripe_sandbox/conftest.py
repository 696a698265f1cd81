"""Fixtures of the sandbox's own tests: a sandbox that runs, the SDK that speaks to it, a shop's webhook URL."""

from collections.abc import Iterator

import pytest
import stripe

from tests.tools.stripe_sandbox.shop import Inbox, client
from tools.stripe_sandbox.server import Sandbox


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as running:
        yield running


@pytest.fixture
def sandbox(inbox: Inbox) -> Iterator[Sandbox]:
    with Sandbox(webhook_url=inbox.url, retry_delays=(0.05, 0.05, 0.05)) as running:
        yield running


@pytest.fixture
def shop(sandbox: Sandbox) -> stripe.StripeClient:
    return client(sandbox.url)
