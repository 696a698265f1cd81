"""Builds new objects with every field that Stripe's have, so that the SDK and the shop find what they look for.

Only shapes: nothing is kept, nothing is decided, nothing is sent.
"""

from typing import Any

from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.events import API_VERSION
from tools.stripe_sandbox.identifiers import new_id
from tools.stripe_sandbox.storage import Body
from tools.stripe_sandbox.vouchers import TRANSFER

# Fields that are there and say nothing, until something happens.
NULL_IN_INTENT = """
    application application_fee_amount automatic_payment_methods canceled_at cancellation_reason
    customer customer_account excluded_payment_method_types last_payment_error latest_charge
    next_action on_behalf_of payment_method payment_method_configuration_details processing review
    setup_future_usage shipping source transfer_data transfer_group
""".split()
NULL_IN_CHARGE = """
    application application_fee application_fee_amount balance_transaction customer
    failure_balance_transaction failure_code failure_message on_behalf_of outcome receipt_number
    receipt_url review source source_transfer transfer_data transfer_group
""".split()


def list_of(bodies: list[Body], url: str, *, more: bool = False) -> Body:
    """Return a list as Stripe answers it."""
    return {"object": "list", "data": bodies, "has_more": more, "url": url}


def intent(session: Body, methods: list[str], now: int) -> Body:
    """Return the PaymentIntent of a session, before anything was paid."""
    data, identifier = session["_intent_data"], new_id("pi_3")
    return {
        "id": identifier,
        "object": "payment_intent",
        **dict.fromkeys(NULL_IN_INTENT),
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": "automatic_async",
        "client_secret": f"{identifier}_secret_{new_id('')}",
        "confirmation_method": "automatic",
        "created": now,
        "currency": session["currency"],
        "description": data.get("description"),
        "livemode": False,
        "metadata": data.get("metadata", {}),
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": methods,
        "receipt_email": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
    }


def charge(paid: Body, billing: Body, details: Body, now: int) -> Body:
    """Return an attempt to take the money of a PaymentIntent, not yet decided."""
    return {
        "id": new_id("ch_3"),
        "object": "charge",
        **dict.fromkeys(NULL_IN_CHARGE),
        "amount": paid["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": {"tax_id": None, **billing},
        "calculated_statement_descriptor": "TEST PAYMENT",
        "captured": False,
        "created": now,
        "currency": paid["currency"],
        "description": paid["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": paid["metadata"],
        "paid": False,
        "payment_intent": paid["id"],
        "payment_method": paid["payment_method"],
        "payment_method_details": details,
        "radar_options": {},
        "receipt_email": paid["receipt_email"],
        "refunded": False,
        "shipping": paid["shipping"],
        "statement_descriptor": paid["statement_descriptor"],
        "statement_descriptor_suffix": paid["statement_descriptor_suffix"],
        "status": "pending",
    }


def refund(charged: Body, amount: int, params: Body, now: int) -> Body:
    """Return money given back."""
    return {
        "id": new_id("re_3"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charged["id"],
        "created": now,
        "currency": charged["currency"],
        "destination_details": _destination(charged["payment_method_details"]["type"]),
        "metadata": params.get("metadata") or {},
        "payment_intent": charged["payment_intent"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def _destination(method: str) -> Body | None:
    if method == "card":
        return {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"}
    if method == "multibanco":
        return {"multibanco": {"reference": None, "reference_status": "pending"}, "type": "multibanco"}
    return {"customer_cash_balance": {}, "type": "customer_cash_balance"} if method == TRANSFER else None


def dispute(charged: Body, amount: int, reason: str, now: int) -> Body:
    """Return what a shopper's bank questions."""
    return {
        "id": new_id("du_1"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charged["id"],
        "created": now,
        "currency": charged["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now + 9 * 24 * 60 * 60,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": None,
        "payment_intent": charged["payment_intent"],
        "payment_method_details": {"type": charged["payment_method_details"]["type"]},
        "reason": reason,
        "status": "needs_response",
    }


def card_details(last4: str) -> Body:
    """Return what a charge says about the card."""
    card: dict[str, Any] = {
        "brand": "visa",
        "checks": {"address_line1_check": "pass", "address_postal_code_check": "pass", "cvc_check": "pass"},
        "country": "US",
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": "sandbox",
        "funding": "credit",
        "installments": None,
        "last4": last4,
        "network": "visa",
        "three_d_secure": None,
        "wallet": None,
    }
    return {"type": "card", "card": card}


def endpoints(account: Account) -> list[Body]:
    """Return the webhook endpoints of an account: one, or none."""
    if not account.webhook_url:
        return []
    endpoint: Body = {
        "id": "we_1sandbox",
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": account.now(),
        "description": None,
        "enabled_events": account.enabled_events,
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": account.webhook_url,
    }
    return [endpoint]
