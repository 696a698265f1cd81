"""Vouchers and bank transfers: paid after the page, days later, in part, or never."""

from contextlib import suppress
from typing import Any

import pytest
import stripe

from tests.tools.stripe_sandbox.shop import Inbox, ask, fetch, line, order, send
from tools.stripe_sandbox import vouchers
from tools.stripe_sandbox.server import Sandbox
from tools.stripe_sandbox.visitor import StayedError

pytestmark = pytest.mark.slow
DAY = 24 * 60 * 60
EXPIRY = {
    "boleto": "expires_at",
    "konbini": "expires_at",
    "multibanco": "expires_at",
    "oxxo": "expires_after",
}


def chosen(shop: stripe.StripeClient, sandbox: Sandbox, outcome: str, currency: str = "eur") -> str:
    """Open a session and choose how to pay."""
    session = shop.v1.checkout.sessions.create(order(line_items=[line(currency=currency)]))
    sandbox.pay(session.id, outcome=outcome)
    return session.id


def read(shop: stripe.StripeClient, name: str) -> Any:
    return shop.v1.checkout.sessions.retrieve(name, {"expand": ["payment_intent.latest_charge"]})


def told(shop: stripe.StripeClient) -> list[str]:
    return [event.type for event in shop.v1.events.list({"limit": 100}).data][::-1]


@pytest.mark.parametrize(("currency", "method"), vouchers.VOUCHERS.items())
def test_a_voucher_is_waited_for_and_paid(
    shop: stripe.StripeClient, sandbox: Sandbox, currency: str, method: str
) -> None:
    name = chosen(shop, sandbox, "voucher_success", currency)
    waiting = read(shop, name)
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert method in waiting.payment_method_types
    intent = waiting.payment_intent
    assert (intent.status, intent.amount_received, intent.latest_charge) == ("requires_action", 0, None)
    details = intent.next_action[f"{method}_display_details"]
    assert intent.next_action.type == f"{method}_display_details"
    assert details[EXPIRY[method]] == pytest.approx(
        waiting.created + vouchers.DAYS_TO_PAY[method] * DAY, abs=2
    )
    html = fetch(details.hosted_voucher_url).text
    assert "Payment under way" in html
    assert all(details[part] in html for part in ("reference", "number") if part in details)
    assert told(shop)[-2:] == ["payment_intent.requires_action", "checkout.session.completed"]
    sandbox.account.ahead = 60
    sandbox.look_at_the_clock()
    paid = read(shop, name)
    assert (paid.payment_status, paid.payment_intent.status) == ("paid", "succeeded")
    assert paid.payment_intent.next_action is None
    charge = paid.payment_intent.latest_charge
    assert (charge.paid, charge.payment_method_details.type) == (True, method)
    assert charge.billing_details.email == "shopper@example.com"
    assert told(shop)[-4:] == [
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
        "checkout.session.async_payment_succeeded",
    ]


def test_a_voucher_that_nobody_pays_expires_after_its_days(
    shop: stripe.StripeClient, sandbox: Sandbox, inbox: Inbox
) -> None:
    name = chosen(shop, sandbox, "voucher_failure")
    ask(sandbox, "POST", "clock", {"ahead": 7 * DAY - 60})
    assert read(shop, name).payment_intent.status == "requires_action"
    ask(sandbox, "POST", "clock", {"ahead": 7 * DAY + 1})
    failed = read(shop, name)
    assert (failed.status, failed.payment_status) == ("complete", "unpaid")
    intent = failed.payment_intent
    assert (intent.status, intent.next_action, intent.latest_charge) == (
        "requires_payment_method",
        None,
        None,
    )
    assert intent.last_payment_error.code == "payment_intent_payment_attempt_expired"
    sandbox.wait_until_delivered()
    got = [event.type for event in inbox.events(sandbox.webhook_secret)]
    assert got == ["checkout.session.completed", "checkout.session.async_payment_failed"]


@pytest.mark.parametrize(("currency", "kind"), vouchers.TRANSFERS.items())
def test_a_bank_transfer_arrives(
    shop: stripe.StripeClient, sandbox: Sandbox, currency: str, kind: str
) -> None:
    name = chosen(shop, sandbox, "transfer_success", currency)
    intent = read(shop, name).payment_intent
    told_how = intent.next_action.display_bank_transfer_instructions
    assert (intent.status, told_how.type, told_how.amount_remaining) == ("requires_action", kind, 2500)
    assert told_how.reference in fetch(told_how.hosted_instructions_url).text
    ask(sandbox, "POST", f"sessions/{name}/settle", {"outcome": "succeed"})
    paid = read(shop, name)
    assert (paid.payment_status, paid.payment_intent.amount_received) == ("paid", 2500)
    assert paid.payment_intent.latest_charge.payment_method_details.type == "customer_balance"
    refund = shop.v1.refunds.create({"payment_intent": paid.payment_intent.id})
    assert refund.destination_details
    assert refund.destination_details.type == "customer_cash_balance"


def test_a_bank_transfer_is_waited_for_without_end(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    name = chosen(shop, sandbox, "transfer_failure")
    ask(sandbox, "POST", "clock", {"ahead": 3650 * DAY})
    assert read(shop, name).payment_intent.status == "requires_action"


def test_a_bank_transfer_brings_less_and_then_the_rest(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    name = chosen(shop, sandbox, "transfer_success")
    path = f"sessions/{name}/settle"
    ask(sandbox, "POST", path, {"outcome": "part", "amount": 1000})
    intent = read(shop, name).payment_intent
    assert intent.next_action.display_bank_transfer_instructions.amount_remaining == 1500
    assert (intent.status, told(shop)[-1]) == ("requires_action", "payment_intent.partially_funded")
    for amount in (1500, 0, "5", None):
        assert send(sandbox, "POST", path, {"outcome": "part", "amount": amount})[0] == 400
    assert ask(sandbox, "POST", path)["payment_status"] == "paid"
    assert send(sandbox, "POST", path, {"outcome": "part", "amount": 5})[0] == 400


@pytest.mark.parametrize("outcome", ["voucher_success", "transfer_success"])
def test_a_payment_that_is_cancelled_in_the_dashboard_tells_nothing_of_the_session(
    shop: stripe.StripeClient, sandbox: Sandbox, outcome: str
) -> None:
    name = chosen(shop, sandbox, outcome)
    ask(sandbox, "POST", f"sessions/{name}/settle", {"outcome": "cancel"})
    left = read(shop, name)
    assert (left.status, left.payment_status, left.payment_intent.status) == (
        "complete",
        "unpaid",
        "canceled",
    )
    assert told(shop)[-1] == "payment_intent.canceled"
    assert send(sandbox, "POST", f"sessions/{name}/settle")[0] == 400
    assert "Payment failed" in fetch(f"{sandbox.url}/c/pay/{name}").text
    debit = chosen(shop, sandbox, "delayed_success")
    assert send(sandbox, "POST", f"sessions/{debit}/settle", {"outcome": "cancel"})[0] == 400
    assert "Payment under way" in fetch(f"{sandbox.url}/c/pay/{debit}").text


@pytest.mark.parametrize("outcome", ["succeed", "decline", "delayed_success", "transfer_failure"])
def test_a_shop_cannot_cancel_what_belongs_to_a_session(
    shop: stripe.StripeClient, sandbox: Sandbox, outcome: str
) -> None:
    session = shop.v1.checkout.sessions.create(order())
    with suppress(StayedError):
        sandbox.pay(session.id, outcome=outcome)
    before = read(shop, session.id).payment_intent
    with pytest.raises(stripe.InvalidRequestError, match=before.status) as refused:
        shop.v1.payment_intents.cancel(before.id)
    assert refused.value.code == "payment_intent_unexpected_state"
    assert read(shop, session.id).payment_intent.status == before.status
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        shop.v1.payment_intents.cancel("pi_nobody")


def test_a_refund_by_konbini_waits_for_the_shoppers_bank_account(
    shop: stripe.StripeClient, sandbox: Sandbox
) -> None:
    name = chosen(shop, sandbox, "voucher_success", "jpy")
    sandbox.decide(name, succeeds=True)
    intent = read(shop, name).payment_intent.id
    refund: Any = shop.v1.refunds.create({"payment_intent": intent, "amount": 1000})
    assert (refund.status, refund.instructions_email) == ("requires_action", "shopper@example.com")
    assert refund.next_action.display_details.email_sent.email_sent_to == "shopper@example.com"
    other = shop.v1.refunds.create(
        {"payment_intent": intent, "amount": 500, "instructions_email": "a@example.com"}
    )
    assert other.instructions_email == "a@example.com"
    assert ask(sandbox, "POST", f"refunds/{refund.id}/succeed")["status"] == "succeeded"
    assert ask(sandbox, "POST", f"refunds/{other.id}/fail")["status"] == "failed"


def test_methods_that_a_currency_or_a_shop_does_not_have_are_not_offered(
    shop: stripe.StripeClient, sandbox: Sandbox
) -> None:
    for outcome, currency in (
        ("voucher_success", "gbp"),
        ("transfer_success", "brl"),
        ("delayed_success", "jpy"),
    ):
        with pytest.raises(StayedError, match="422"):
            chosen(shop, sandbox, outcome, currency)
    session = shop.v1.checkout.sessions.create(order(excluded_payment_method_types=["multibanco"]))
    assert session.payment_method_types == ["card", "sepa_debit", "customer_balance"]
    with pytest.raises(StayedError, match="422"):
        sandbox.pay(session.id, outcome="voucher_success")
