"""Money that does not move: paying a session by card, giving money back, disputes; `delayed` pays later.

Each changes the session, its PaymentIntent and its charge together, in the caller's transaction, and records the
events that Stripe would. Whether what a person typed is complete is checked before, on the page.
"""

from dataclasses import dataclass, field

from tools.stripe_sandbox import balance, objects, sessions, tax, vouchers
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.errors import ApiError, invalid_integer, missing, no_such, not_played, wrong_state
from tools.stripe_sandbox.events import Cause
from tools.stripe_sandbox.identifiers import new_id
from tools.stripe_sandbox.limits import check_metadata
from tools.stripe_sandbox.storage import Body, Records

# What the shopper is told, by the code that a bank gives.
DECLINES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
}
LAST_FOUR = {"generic_decline": "0002", "insufficient_funds": "9995"}
REFUND_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
# https://docs.stripe.com/disputes/categories
DISPUTE_REASONS = tuple(
    """
    product_not_received bank_cannot_process check_returned credit_not_processed customer_initiated
    debit_not_authorized duplicate fraudulent general incorrect_account_details insufficient_funds noncompliant
    product_unacceptable subscription_canceled unrecognized
    """.split()
)
DISPUTE_STATUSES = ("under_review", "won", "lost")


@dataclass(frozen=True)
class Shopper:
    """Who pays, as typed into the payment page."""

    email: str
    name: str
    phone: str | None = None
    billing: Body = field(default_factory=lambda: dict(vouchers.NO_ADDRESS))
    delivery: Body | None = None  # name and address


def decline(account: Account, db: Records, session: Body, shopper: Shopper, reason: str) -> str:
    """Let the bank refuse; the session stays open. Return what the shopper is told."""
    paid = intent_of(account, db, session, shopper)
    charge = charge_of(account, paid, shopper, objects.card_details(LAST_FOUR[reason]))
    failed = {"failure_code": "card_declined", "failure_message": DECLINES[reason], "status": "failed"}
    db.add(charge | failed, parent=paid["id"])
    paid |= {"latest_charge": charge["id"], "last_payment_error": failure(reason, charge)}
    account.tell(db, "charge.failed", charge | failed)
    account.tell(db, "payment_intent.payment_failed", db.save(paid))
    sessions.keep(db, session)
    return DECLINES[reason]


def pay(account: Account, db: Records, session: Body, shopper: Shopper) -> None:
    """Take the money of an open session at once; complete it without any where it costs nothing."""
    fill_in(session, shopper)
    if not session["amount_total"]:
        session["payment_status"] = "no_payment_required"
    else:
        paid = intent_of(account, db, session, shopper)
        charge = db.add(charge_of(account, paid, shopper, objects.card_details("4242")), parent=paid["id"])
        take(account, db, paid, charge)
        session["payment_status"] = "paid"
    sessions.keep(db, session)
    account.tell(db, "checkout.session.completed", session)


def fill_in(session: Body, shopper: Shopper) -> None:
    """Complete a session with what was typed."""
    session |= {"status": "complete", "url": None}
    session["customer_details"] = sessions.customer_details(
        email=shopper.email, name=shopper.name, phone=shopper.phone, address=shopper.billing
    )
    session["collected_information"]["shipping_details"] = shopper.delivery
    address = (shopper.delivery or {}).get("address") or shopper.billing
    tax.work_out(session, address["country"])


def intent_of(account: Account, db: Records, session: Body, shopper: Shopper) -> Body:
    """Return the session's PaymentIntent, made at the first attempt, with what was typed this time."""
    paid = db.find(session["payment_intent"] or "", "payment_intent")
    if paid is None:
        paid = db.add(objects.intent(session, session["payment_method_types"], account.now()))
        session["payment_intent"] = paid["id"]
        db.set_parent(session["id"], paid["id"])
        account.tell(db, "payment_intent.created", paid)
    paid |= {"amount": session["amount_total"], "payment_method": new_id("pm_1"), "last_payment_error": None}
    if shopper.delivery:
        rest = {"carrier": None, "phone": shopper.phone, "tracking_number": None}
        paid["shipping"] = {**shopper.delivery, **rest}
    return db.save(paid)


def charge_of(account: Account, paid: Body, shopper: Shopper, details: Body) -> Body:
    """Return an attempt to take the money, not yet decided."""
    billing = {
        "address": shopper.billing,
        "email": shopper.email,
        "name": shopper.name,
        "phone": shopper.phone,
    }
    return objects.charge(paid, billing, details, account.now())


def take(account: Account, db: Records, paid: Body, charge: Body) -> None:
    """Take the money."""
    charge |= {"paid": True, "captured": True, "amount_captured": charge["amount"], "status": "succeeded"}
    charge["outcome"] = {
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": "normal",
        "seller_message": "Payment complete.",
        "type": "authorized",
    }
    paid |= {"status": "succeeded", "amount_received": paid["amount"], "latest_charge": charge["id"]}
    account.tell(db, "charge.succeeded", db.save(charge))
    account.tell(db, "payment_intent.succeeded", db.save(paid))
    charge["balance_transaction"] = balance.take(db, charge, account.now())
    account.tell(db, "charge.updated", db.save(charge))


def failure(reason: str, charge: Body) -> Body:
    """Return why a bank refused."""
    return {
        "charge": charge["id"],
        "code": "card_declined",
        "decline_code": reason,
        "doc_url": "https://stripe.com/docs/error-codes/card-declined",
        "message": DECLINES[reason],
        "type": "card_error",
    }


# --- Giving back -----------------------------------------------------------------------------------------
def refund(account: Account, db: Records, params: Body, cause: Cause) -> Body:
    """Give back all that is left of a charge, or part of it."""
    check_metadata(params.get("metadata") or {})
    charge = _refundable(db, params)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if charge["disputed"]:
        raise wrong_state(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", "charge_disputed"
        )
    if not left:
        text = f"Charge {charge['id']} has already been refunded."
        raise wrong_state(text, "charge_already_refunded")
    if amount <= 0:
        raise invalid_integer("amount", "This value must be greater than or equal to 1.")
    if amount > left:
        text = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise ApiError(text, param="amount", after_start=True)
    back = objects.refund(charge, amount, params, account.now())
    back["status"] = "pending" if account.refunds_wait else "succeeded"
    if charge["payment_method_details"]["type"] in vouchers.REFUNDED_BY_EMAIL:
        email = params.get("instructions_email") or charge["billing_details"]["email"]
        back |= vouchers.refund_instructions(email, account.now())
    elif "instructions_email" in params:
        raise not_played("instructions_email")
    back["balance_transaction"] = balance.give_back(db, charge, back, account.now())
    db.add(back, parent=charge["payment_intent"])
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    db.save(charge)
    account.tell(db, "refund.created", back, cause)
    account.tell(db, "charge.refunded", charge, cause)
    return back


def _refundable(db: Records, params: Body) -> Body:
    if "charge" in params:
        charge = db.find(params["charge"], "charge")
        if charge is None:
            raise no_such("charge", params["charge"], "charge")
    elif "payment_intent" in params:
        paid = db.find(params["payment_intent"], "payment_intent")
        if paid is None:
            raise no_such("payment_intent", params["payment_intent"], "payment_intent")
        charge = db.find(paid["latest_charge"] or "", "charge")
    else:
        raise missing("payment_intent")
    if charge is None or not charge["paid"]:
        name = params.get("payment_intent") or params["charge"]
        raise wrong_state(f"{name} does not have a successful charge to refund.")
    return charge


def succeed_refund(account: Account, db: Records, identifier: str) -> Body:
    """Let a refund that is pending arrive."""
    back = db.find(identifier, "refund")
    if back is None:
        raise no_such("refund", identifier)
    if back["status"] not in ("pending", "requires_action"):
        raise wrong_state(f"This refund is {back['status']} already.")
    back["status"] = "succeeded"
    back.pop("next_action", None)
    for name in ("refund.updated", "charge.refund.updated"):
        account.tell(db, name, db.save(back))
    return back


def fail_refund(account: Account, db: Records, identifier: str) -> Body:
    """Let a refund come back, as banks do with closed accounts."""
    back = db.find(identifier, "refund")
    if back is None:
        raise no_such("refund", identifier)
    if back["status"] == "failed":
        raise wrong_state("This refund has failed already.")
    back |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
    charge = db.find(back["charge"]) or {}
    charge["amount_refunded"] -= back["amount"]
    charge["refunded"] = False
    db.save(charge)
    back["failure_balance_transaction"] = balance.return_refund(db, charge, back, account.now())
    for name in ("refund.updated", "charge.refund.updated", "refund.failed"):
        account.tell(db, name, db.save(back))
    return back


# --- Disputes --------------------------------------------------------------------------------------------
def dispute(account: Account, db: Records, params: Body) -> Body:
    """Let the shopper's bank dispute what is left of a payment, or part of it: Stripe takes it back for now."""
    charge = _refundable(db, params)
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["disputed"] or not 0 < (amount := params.get("amount", left)) <= left:
        raise wrong_state(f"Charge {charge['id']} cannot be disputed, or not by so much.")
    opened = objects.dispute(charge, amount, params.get("reason", "product_not_received"), account.now())
    if params.get("inquiry"):
        opened |= {"status": "warning_needs_response", "is_charge_refundable": True}
    db.add(opened, parent=charge["payment_intent"])
    account.tell(db, "charge.dispute.created", opened)
    if params.get("inquiry"):
        return opened
    db.save(charge | {"disputed": True})
    opened["balance_transactions"].append(balance.withdraw(db, opened, account.now()))
    account.tell(db, "charge.dispute.funds_withdrawn", db.save(opened))
    return opened


def advance_dispute(account: Account, db: Records, identifier: str, status: str) -> Body:
    """Let the bank look at the evidence, or decide."""
    found = db.find(identifier, "dispute")
    if found is None:
        raise no_such("dispute", identifier)
    if status not in DISPUTE_STATUSES or found["status"] in ("won", "lost"):
        raise wrong_state(f"This dispute is {found['status']} and cannot be {status}.")
    found["status"] = status
    db.save(found)
    if status == "under_review":
        account.tell(db, "charge.dispute.updated", found)
        return found
    charge = db.find(found["charge"]) or {}
    db.save(charge | {"disputed": status == "lost"})
    if status == "won" and found["balance_transactions"]:
        found["balance_transactions"].append(balance.reinstate(db, found, account.now()))
        db.save(found)
        account.tell(db, "charge.dispute.funds_reinstated", found)
    account.tell(db, "charge.dispute.closed", found)
    return found
