"""What the sandbox answers and tells is what the SDK's types declare; in tests a deviation is an error."""

from typing import Any

import pytest
import stripe

from tests.tools.stripe_sandbox.shop import ask, client, order, paid
from tools.stripe_sandbox import objects
from tools.stripe_sandbox.conformity import DeviationError, check
from tools.stripe_sandbox.server import Sandbox

CHARGE: dict[str, Any] = {"id": "ch_1", "currency": "eur", "payment_intent": "pi_1"}
DISPUTE = objects.dispute({**CHARGE, "payment_method_details": {"type": "card"}}, 5, "fraudulent", 0)


def dispute(**changes: Any) -> dict[str, Any]:
    return {**DISPUTE, **changes}


def event(body: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "created": 0,
        "data": {"object": body},
        "livemode": False,
        "pending_webhooks": 0,
        "type": "charge.dispute.created",
    }


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (dispute(colour="red"), "dispute.colour is unknown to the SDK"),
        (dispute(amount="5"), "dispute.amount is a str, not int"),
        (dispute(amount=True), "dispute.amount is a bool, not int"),
        (dispute(amount=None), "dispute.amount is null, not int"),
        (dispute(status="open"), "dispute.status is 'open', none of the words that the SDK knows"),
        (dispute(metadata={"order": 1}), "dispute.metadata[order] is a int, not str"),
        (dispute(metadata=None), "dispute.metadata is null, no object"),
        (dispute(evidence={}), "dispute.evidence.enhanced_evidence is missing"),
        (dispute(balance_transactions={}), "dispute.balance_transactions is a dict, no list"),
        ({name: DISPUTE[name] for name in DISPUTE if name != "charge"}, "dispute.charge is missing"),
        (dispute(charge={"object": "charge"}), "dispute.charge.id is missing"),
        (event(dispute(amount="5")), "event.data.object.amount is a str, not int"),
        (objects.list_of([dispute(amount="5")], "/v1/disputes"), "list[0].amount is a str, not int"),
        ({"object": "list", "data": []}, "list is no list of Stripe's"),
    ],
)
def test_what_the_sdk_does_not_declare_is_found(body: dict[str, Any], told: str) -> None:
    with pytest.raises(DeviationError) as found:
        check(body)
    assert told in str(found.value).split("; ")


@pytest.mark.parametrize(
    "body", [dispute(payment_intent=None), event(dispute()), objects.list_of([dispute()], "/v1/disputes")]
)
def test_what_the_sdk_declares_is_let_through(body: dict[str, Any]) -> None:
    check(body)


@pytest.mark.slow
def test_a_deviation_is_an_error_and_changes_nothing(sandbox: Sandbox) -> None:
    shop = client(sandbox.url)
    intent: Any = shop.v1.checkout.sessions.retrieve(paid(sandbox)).payment_intent
    sandbox.account.shop_name = 5  # type: ignore[assignment]
    with pytest.raises(stripe.APIError, match="The sandbox itself has failed"):
        shop.v1.checkout.sessions.create(order())
    assert len(ask(sandbox, "GET", "sessions")) == 1
    name: Any = shop.v1.payment_intents.retrieve(intent).latest_charge
    with sandbox.storage.transaction() as db:
        db.save({**(db.find(name) or {}), "outcome": "good"})
    with pytest.raises(stripe.APIError):
        shop.v1.refunds.create({"payment_intent": intent})  # its event shows the charge
    assert shop.v1.refunds.list().data == []
    sandbox.account.checks_itself = False
    assert shop.v1.checkout.sessions.create(order()).id
    assert shop.v1.refunds.create({"payment_intent": intent}).status == "succeeded"
