"""Idempotency keys: done once, answered alike, never for something else; and what faults do to them."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.tools.stripe_sandbox.shop import client, order
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.slow


def test_the_same_request_is_done_once(shop: stripe.StripeClient) -> None:
    made = [shop.v1.checkout.sessions.create(order(), {"idempotency_key": "k"}) for _ in range(2)]
    assert made[0].id == made[1].id
    first, second = [session.last_response.headers for session in made]
    assert second["Idempotent-Replayed"] == "true"
    assert second["Original-Request"] == first["Request-Id"] != second["Request-Id"]
    assert len(shop.v1.checkout.sessions.list().data) == 1


def test_another_request_under_the_key_is_refused(shop: stripe.StripeClient) -> None:
    session = shop.v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        shop.v1.checkout.sessions.create(order(client_reference_id="2"), {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        shop.v1.checkout.sessions.expire(session.id, options={"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="255"):
        shop.v1.checkout.sessions.create(order(), {"idempotency_key": "k" * 256})


def test_another_account_has_other_keys(sandbox: Sandbox) -> None:
    ids = {
        client(sandbox.url, key).v1.checkout.sessions.create(order(), {"idempotency_key": "k"}).id
        for key in ("sk_test_one", "sk_test_two")
    }
    assert len(ids) == 2


def test_a_refused_request_leaves_the_key_free(shop: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.checkout.sessions.create(order(mode="x"), {"idempotency_key": "k"})
    assert shop.v1.checkout.sessions.create(order(), {"idempotency_key": "k"}).status == "open"


def test_an_answer_to_work_that_began_is_kept(shop: stripe.StripeClient) -> None:
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.v1.checkout.sessions.expire("cs_test_nobody", options={"idempotency_key": "k"})
    assert refused.value.headers["Idempotent-Replayed"] == "true"


def test_a_key_is_forgotten_after_a_day(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    first = shop.v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    sandbox.account.clock = lambda: time.time() + 86400
    second = shop.v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    assert first.id != second.id


def test_a_request_under_way_is_a_conflict(sandbox: Sandbox) -> None:
    sandbox.faults.add(operation="create", kind="slow", seconds=1)
    made: list[stripe.checkout.Session] = []

    def create() -> None:
        made.append(client(sandbox.url).v1.checkout.sessions.create(order(), {"idempotency_key": "k"}))

    thread = threading.Thread(target=create)
    thread.start()
    until = time.monotonic() + 5
    while sandbox.faults.listed() and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)
    with pytest.raises(stripe.APIError, match="in-progress") as refused:
        client(sandbox.url).v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    thread.join()
    assert (refused.value.http_status, len(made)) == (409, 1)


# --- Faults ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "error_500"])
def test_the_sdk_gets_over_a_fault(sandbox: Sandbox, kind: str) -> None:
    sandbox.faults.add(operation="create", kind=kind)
    shop = client(sandbox.url, retries=2)
    session = shop.v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    assert [found.id for found in shop.v1.checkout.sessions.list().data] == [session.id]


@pytest.mark.parametrize(("kind", "made"), [("drop_before", 0), ("drop_after", 1)])
def test_a_lost_answer_is_not_lost_work(sandbox: Sandbox, kind: str, made: int) -> None:
    sandbox.faults.add(operation="create", kind=kind)
    shop = client(sandbox.url)
    with pytest.raises(stripe.APIConnectionError):
        shop.v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    assert len(shop.v1.checkout.sessions.list().data) == made


def test_a_slow_answer_is_work_done(sandbox: Sandbox) -> None:
    sandbox.faults.add(operation="create", kind="slow", seconds=0.5)
    with pytest.raises(stripe.APIConnectionError):
        client(sandbox.url, timeout=0.1).v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    shop = client(sandbox.url)
    until = time.monotonic() + 5
    while not (made := shop.v1.checkout.sessions.list().data) and time.monotonic() < until:
        time.sleep(0.05)
    assert shop.v1.checkout.sessions.create(order(), {"idempotency_key": "k"}).id == made[0].id


def test_a_kept_error_is_answered_again(sandbox: Sandbox) -> None:
    sandbox.faults.add(operation="create", kind="error_500_kept")
    shop = client(sandbox.url, retries=2)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as refused:
            shop.v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
    assert refused.value.http_status == 500


def test_too_many_requests(sandbox: Sandbox) -> None:
    sandbox.faults.add(operation="any", kind="error_429", times=2)
    shop = client(sandbox.url, retries=2)
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            shop.v1.checkout.sessions.list()
    assert shop.v1.checkout.sessions.list().data == []


def test_a_fault_hits_its_own_operation(sandbox: Sandbox) -> None:
    sandbox.faults.add(operation="expire", kind="error_500")
    shop = client(sandbox.url)
    session = shop.v1.checkout.sessions.create(order())
    with pytest.raises(stripe.APIError):
        shop.v1.checkout.sessions.expire(session.id)
    assert shop.v1.checkout.sessions.retrieve(session.id).status == "open"
    sandbox.faults.add(operation="any", kind="error_500", times=100)
    sandbox.faults.clear()
    assert shop.v1.checkout.sessions.retrieve(session.id).status == "open"


def test_two_at_once_under_one_key_make_one_session(sandbox: Sandbox) -> None:
    answers: list[Any] = []

    def create() -> None:
        shop = client(sandbox.url, retries=5)
        answers.append(shop.v1.checkout.sessions.create(order(), {"idempotency_key": "k"}).id)

    together([create] * 8)
    assert len(answers) == 8
    assert len(set(answers)) == 1


def together(acts: list[Callable[[], None]]) -> None:
    """Do things at the same time."""
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
