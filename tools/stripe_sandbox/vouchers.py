"""Methods by which is paid after the page: bank debits, vouchers paid in a shop or at a machine, bank transfers.

What Stripe says of them while the money is still to come; when it comes is `payments`' affair. A voucher expires some
days later; a transfer is waited for until somebody cancels the PaymentIntent.
"""

import secrets
from datetime import UTC, datetime
from typing import Any

from tools.stripe_sandbox.storage import Body

DAY = 24 * 60 * 60
NEVER = 2.0**40  # a transfer that does not come is waited for
# The methods of each currency's home.
DEBITS = {
    "aud": "au_becs_debit",
    "cad": "acss_debit",
    "eur": "sepa_debit",
    "gbp": "bacs_debit",
    "usd": "us_bank_account",
}
VOUCHERS = {"brl": "boleto", "eur": "multibanco", "jpy": "konbini", "mxn": "oxxo"}
DAYS_TO_PAY = {"boleto": 3, "konbini": 3, "multibanco": 7, "oxxo": 3}
REFUNDED_BY_EMAIL = ("konbini",)
DAYS_TO_ANSWER = 45
TRANSFER = "customer_balance"
TRANSFERS = {
    "eur": "eu_bank_transfer",
    "gbp": "gb_bank_transfer",
    "jpy": "jp_bank_transfer",
    "mxn": "mx_bank_transfer",
    "usd": "us_bank_transfer",
}
NO_ADDRESS: Body = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
STORES = ("familymart", "lawson", "ministop", "seicomart")
EXPIRED = "The payment attempt expired: the customer did not pay in time."


def offered(currency: str) -> list[str]:
    """Return the delayed methods that a session in this currency may be paid by."""
    transfer = TRANSFER if currency in TRANSFERS else None
    return [*filter(None, [DEBITS.get(currency), VOUCHERS.get(currency), transfer])]


def is_pushed(method: str) -> bool:
    """Return whether the shopper has to do something after the page, rather than a bank."""
    return method in DAYS_TO_PAY or method == TRANSFER


def of_kind(kind: str, methods: list[str]) -> str | None:
    """Return the debit, the voucher or the transfer among the methods of a session."""
    known: dict[str, Any] = {"delayed": DEBITS.values(), "voucher": DAYS_TO_PAY, "transfer": (TRANSFER,)}
    return next((method for method in methods if method in known[kind]), None)


def ends_at(method: str, now: float) -> float:
    """Return when a payment that does not come is given up."""
    return now + DAYS_TO_PAY[method] * DAY if method in DAYS_TO_PAY else NEVER


def next_action(method: str, session: Body, url: str, now: int) -> Body:
    """Return what the shopper has to do: pay with a number, or transfer the money."""
    page, ends = f"{url}/c/pay/{session['id']}", int(ends_at(method, now))
    if method == TRANSFER:
        return {
            "type": "display_bank_transfer_instructions",
            "display_bank_transfer_instructions": _transfer(session, page),
        }
    details: Body = {"hosted_voucher_url": page}
    match method:
        case "boleto":
            details |= {"expires_at": ends, "number": _digits(47), "pdf": None}
        case "konbini":
            code = {"confirmation_number": _digits(11), "payment_code": _digits(6)}
            details |= {"expires_at": ends, "stores": {name: dict(code) for name in STORES}}
        case "multibanco":
            details |= {"expires_at": ends, "entity": _digits(5), "reference": _digits(9)}
        case "oxxo":
            details |= {"expires_after": ends, "number": _digits(14)}
    name = f"{method}_display_details"
    return {"type": name, name: details}


def _transfer(session: Body, page: str) -> Body:
    kind = TRANSFERS[session["currency"]]
    iban: Body = {
        "account_holder_address": {**NO_ADDRESS, "country": "DE"},
        "account_holder_name": "Test account",
        "bank_address": {**NO_ADDRESS, "country": "DE"},
        "bic": "TESTDE00XXX",
        "country": "DE",
        "iban": f"DE00{_digits(18)}",
    }
    addresses = [{"type": "iban", "iban": iban, "supported_networks": ["sepa"]}]
    return {
        "amount_remaining": session["amount_total"],
        "currency": session["currency"],
        "financial_addresses": addresses if kind == "eu_bank_transfer" else [],
        "hosted_instructions_url": page,
        "reference": _digits(12),
        "type": kind,
    }


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))


def charge_details(method: str, action: Body | None) -> Body:
    """Return what a charge says about how it was paid."""
    shown = (action or {}).get(f"{method}_display_details", {})
    details: dict[str, Body] = {
        "boleto": {"tax_id": "00000000000"},
        "konbini": {"store": {"chain": "lawson"}},
        "multibanco": {"entity": shown.get("entity"), "reference": shown.get("reference")},
        "oxxo": {"number": shown.get("number")},
        TRANSFER: {},
    }
    return {"type": method, method: details.get(method, {"last4": "3000", "fingerprint": None})}


def refund_instructions(email: str, now: int) -> Body:
    """Return what a refund waits for where money cannot simply go back: the shopper tells a bank account."""
    sent = {"email_sent_at": now, "email_sent_to": email}
    return {
        "status": "requires_action",
        "instructions_email": email,
        "next_action": {
            "type": "display_details",
            "display_details": {"email_sent": sent, "expires_at": now + DAYS_TO_ANSWER * DAY},
        },
    }


def expiry_error() -> Body:
    """Return why a voucher that nobody paid has failed."""
    code = "payment_intent_payment_attempt_expired"
    return {
        "code": code,
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
        "message": EXPIRED,
        "type": "invalid_request_error",
    }


def in_words(action: Body) -> str:
    """Tell a shopper what to do."""
    details = action[action["type"]]
    shown = [f"{name} {details[name]}" for name in ("entity", "reference", "number") if details.get(name)]
    if ends := details.get("expires_at") or details.get("expires_after"):
        shown.append(f"by {datetime.fromtimestamp(ends, UTC):%Y-%m-%d %H:%M} UTC")
    return ", ".join(shown)
