"""PaymentIntents, charges and the balance: found again one by one and in lists, and adding up."""

from contextlib import suppress
from typing import Any

import pytest
import stripe

from tests.tools.stripe_sandbox.shop import ask, client, order, paid
from tools.stripe_sandbox.server import Sandbox
from tools.stripe_sandbox.visitor import StayedError

pytestmark = pytest.mark.slow


def intent_of(shop: stripe.StripeClient, session: str) -> str:
    return shop.v1.checkout.sessions.retrieve(session).payment_intent  # type: ignore[return-value]


def moved(shop: stripe.StripeClient, **conditions: Any) -> list[tuple[str, int, int]]:
    """Return what moved, the oldest first: its type, amount and fee."""
    found = shop.v1.balance_transactions.list({"limit": 100, **conditions}).data  # type: ignore[typeddict-item]
    return [(one.type, one.amount, one.fee) for one in found][::-1]


def test_intents_are_listed_newest_first_and_page_by_page(
    shop: stripe.StripeClient, sandbox: Sandbox
) -> None:
    made = [intent_of(shop, paid(sandbox)) for _ in range(3)]
    first = shop.v1.payment_intents.list({"limit": 2})
    assert ([intent.id for intent in first.data], first.has_more) == ([made[2], made[1]], True)
    assert [intent.id for intent in first.auto_paging_iter()] == made[::-1]
    created = shop.v1.payment_intents.retrieve(made[0]).created
    assert len(shop.v1.payment_intents.list({"created": {"gte": created}}).data) == 3
    assert shop.v1.payment_intents.list({"created": {"gt": created + 60}}).data == []


def test_the_charges_of_a_payment_are_its_attempts(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    paid(sandbox)
    session = shop.v1.checkout.sessions.create(order())
    with suppress(StayedError):
        sandbox.pay(session.id, outcome="decline")
    sandbox.pay(session.id)
    intent = intent_of(shop, session.id)
    charges = shop.v1.charges.list({"payment_intent": intent, "expand": ["data.balance_transaction"]}).data
    assert [charge.status for charge in charges] == ["succeeded", "failed"]
    money: Any = charges[0].balance_transaction
    assert (money.amount, money.net, money.source) == (2500, 2500 - money.fee, charges[0].id)
    assert charges[1].balance_transaction is None
    assert shop.v1.payment_intents.retrieve(intent).latest_charge == charges[0].id
    assert len(shop.v1.charges.list({"limit": 1}).data) == 1
    assert len(list(shop.v1.charges.list({"limit": 1}).auto_paging_iter())) == 3
    (told, _seen) = shop.v1.events.list({"types": ["charge.succeeded"]}).data
    assert told.data.object["balance_transaction"] is None, "it is known a moment later"
    assert (
        shop.v1.events.list({"type": "charge.updated"}).data[0].data.object["balance_transaction"] == money.id
    )


def test_every_movement_of_money_is_in_the_balance(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    intent = intent_of(shop, paid(sandbox))
    part = shop.v1.refunds.create({"payment_intent": intent, "amount": 1000})
    back = shop.v1.refunds.create({"payment_intent": intent, "amount": 300})
    ask(sandbox, "POST", f"refunds/{back.id}/fail")
    assert moved(shop) == [
        ("charge", 2500, 37),
        ("refund", -1000, 0),
        ("refund", -300, 0),
        ("refund_failure", 300, 0),
    ]
    assert moved(shop, source=part.id) == [("refund", -1000, 0)]
    assert moved(shop, type="refund_failure") == [("refund_failure", 300, 0)]
    assert moved(shop, currency="gbp") == []
    failed: Any = shop.v1.refunds.retrieve(back.id, {"expand": ["failure_balance_transaction"]})
    assert failed.failure_balance_transaction.amount == 300
    assert shop.v1.balance_transactions.retrieve(str(part.balance_transaction)).source == part.id


@pytest.mark.parametrize(
    ("inquiry", "end", "amounts"),
    [(False, "won", [-2500, 2500]), (False, "lost", [-2500]), (True, "won", []), (True, "lost", [])],
)
def test_a_dispute_takes_the_money_until_it_is_won(
    shop: stripe.StripeClient, sandbox: Sandbox, inquiry: bool, end: str, amounts: list[int]
) -> None:
    name = ask(sandbox, "POST", f"sessions/{paid(sandbox)}/dispute", {"inquiry": inquiry})["id"]
    ask(sandbox, "POST", f"disputes/{name}/{end}")
    dispute = shop.v1.disputes.retrieve(name)
    assert dispute.status == end
    assert [one.amount for one in dispute.balance_transactions] == amounts
    assert [amount for kind, amount, _fee in moved(shop) if kind == "adjustment"] == amounts
    told = {event.type for event in shop.v1.events.list({"type": "charge.dispute.*"}).data}
    assert ("charge.dispute.funds_withdrawn" in told) == (not inquiry)
    assert ("charge.dispute.funds_reinstated" in told) == (len(amounts) == 2)


@pytest.mark.parametrize("resource", ["payment_intents", "charges", "balance_transactions"])
@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"colour": "red"}, "parameter_unknown"),
        ({"limit": 0}, "parameter_invalid_integer"),
        ({"starting_after": "xx_1"}, "resource_missing"),
        ({"created": "now"}, "parameter_invalid_integer"),
    ],
)
def test_a_list_refuses_what_stripe_would(sandbox: Sandbox, resource: str, params: Any, code: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        getattr(client(sandbox.url).v1, resource).list(params)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("resource", "name"),
    [("payment_intents", "customer"), ("charges", "transfer_group"), ("balance_transactions", "payout")],
)
def test_a_condition_that_is_not_played_is_refused(sandbox: Sandbox, resource: str, name: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=name) as refused:
        getattr(client(sandbox.url).v1, resource).list({name: "x_1"})
    assert refused.value.code == "sandbox_unsupported"


@pytest.mark.parametrize(
    "resource", ["payment_intents", "charges", "refunds", "disputes", "balance_transactions"]
)
def test_what_does_not_exist_is_missing(sandbox: Sandbox, resource: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such") as refused:
        getattr(client(sandbox.url).v1, resource).retrieve("xx_nobody")
    assert refused.value.http_status == 404
