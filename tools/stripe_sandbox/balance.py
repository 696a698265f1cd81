"""The account's balance: every movement of money leaves a transaction, as in the account of a real shop.

They say what came, what it cost, and what went back; that they add up is the point of them.
"""

from tools.stripe_sandbox.identifiers import new_id
from tools.stripe_sandbox.storage import Body, Records

KIND = "balance_transaction"
FEE_PER_MILLE = 15
DISPUTE_FEE = 1500
AVAILABLE_AFTER = 7 * 24 * 60 * 60
CATEGORIES = {
    "adjustment": "dispute",
    "charge": "charge",
    "payment": "charge",
    "payment_failure_refund": "refund_failure",
    "payment_refund": "refund",
    "refund": "refund",
    "refund_failure": "refund_failure",
}


def move(db: Records, source: Body, kind: str, amount: int, now: int, fee: int = 0) -> Body:
    """Let money come, or go where the amount is negative, because of a charge, a refund or a dispute."""
    details = {
        "amount": fee,
        "application": None,
        "currency": source["currency"],
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }
    moved: Body = {
        "id": new_id("txn_1"),
        "object": KIND,
        "amount": amount,
        "available_on": now + AVAILABLE_AFTER,
        "balance_type": "payments",
        "created": now,
        "currency": source["currency"],
        "description": source.get("description"),
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [details] if fee else [],
        "net": amount - fee,
        "reporting_category": CATEGORIES[kind],
        "source": source["id"],
        "status": "pending",
        "type": kind,
    }
    return db.add(moved, status=kind, parent=source["id"])


def _is_card(charge: Body) -> bool:
    return charge["payment_method_details"]["type"] == "card"


def take(db: Records, charge: Body, now: int) -> str:
    """Take the money of a charge; return the transaction's id."""
    amount = charge["amount"]
    kind = "charge" if _is_card(charge) else "payment"
    return move(db, charge, kind, amount, now, amount * FEE_PER_MILLE // 1000)["id"]


def give_back(db: Records, charge: Body, refund: Body, now: int) -> str:
    """Take a refund out of the balance; the fee of the charge is not given back."""
    kind = "refund" if _is_card(charge) else "payment_refund"
    return move(db, refund, kind, -refund["amount"], now)["id"]


def return_refund(db: Records, charge: Body, refund: Body, now: int) -> str:
    """Put a refund that came back into the balance again."""
    kind = "refund_failure" if _is_card(charge) else "payment_failure_refund"
    return move(db, refund, kind, refund["amount"], now)["id"]


def withdraw(db: Records, dispute: Body, now: int) -> Body:
    """Take what is disputed out of the balance, and a fee."""
    return move(db, dispute, "adjustment", -dispute["amount"], now, DISPUTE_FEE)


def reinstate(db: Records, dispute: Body, now: int) -> Body:
    """Put back what was disputed in vain."""
    return move(db, dispute, "adjustment", dispute["amount"], now)
