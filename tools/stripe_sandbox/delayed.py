"""Payments that are decided after the page: the money comes later, or never; sessions whose time has come.

What differs by method stands in `vouchers`. Whatever changes, changes in the caller's transaction.
"""

from tools.stripe_sandbox import payments, sessions, vouchers
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.errors import wrong_state
from tools.stripe_sandbox.storage import Body, Records


def pay_later(
    account: Account, db: Records, session: Body, shopper: payments.Shopper, method: str, *, succeeds: bool
) -> None:
    """Complete an open session with a method by which the money comes later, or not at all."""
    payments.fill_in(session, shopper)
    paid = payments.intent_of(account, db, session, shopper)
    decided = account.time() + account.settle_after
    if vouchers.is_pushed(method):
        action = vouchers.next_action(method, session, account.url, account.now())
        paid |= {"status": "requires_action", "next_action": action}
        account.tell(db, "payment_intent.requires_action", db.save(paid))
        session["_to_do"] = vouchers.in_words(action)
        decided = decided if succeeds else vouchers.ends_at(method, account.time())
    else:
        charge = db.add(
            payments.charge_of(account, paid, shopper, vouchers.charge_details(method, None)),
            parent=paid["id"],
        )
        paid |= {"status": "processing", "latest_charge": charge["id"]}
        account.tell(db, "payment_intent.processing", db.save(paid))
    session |= {"_settle_at": decided, "_succeeds": succeeds, "_method": method}
    sessions.keep(db, session)
    account.tell(db, "checkout.session.completed", session)


def settle(account: Account, db: Records, session: Body, *, succeeds: bool | None = None) -> Body:
    """Decide a delayed payment, as was chosen on the page unless the caller chooses."""
    paid = _awaited(db, session)
    succeeds = session["_succeeds"] if succeeds is None else succeeds
    session["_settle_at"] = None
    action, paid["next_action"] = paid["next_action"], None
    charge = db.find(paid["latest_charge"] or "", "charge")
    if succeeds:
        if charge is None:  # the money has come just now
            details = vouchers.charge_details(session["_method"], action)
            charge = db.add(payments.charge_of(account, paid, _shopper(session), details), parent=paid["id"])
        payments.take(account, db, paid, charge)
        session["payment_status"] = "paid"
    else:
        error = vouchers.expiry_error()
        if charge is not None:
            charge |= {"status": "failed", "failure_code": "insufficient_funds"}
            charge["failure_message"] = "The bank did not pay: the account has insufficient funds."
            error = payments.failure("insufficient_funds", charge)
            account.tell(db, "charge.failed", db.save(charge))
        paid |= {"status": "requires_payment_method", "last_payment_error": error}
        account.tell(db, "payment_intent.payment_failed", db.save(paid))
    sessions.keep(db, session)
    account.tell(db, f"checkout.session.async_payment_{'succeeded' if succeeds else 'failed'}", session)
    return session


def cancel(account: Account, db: Records, session: Body) -> Body:
    """Give up a payment that has not come, as from the dashboard: no event tells it of the session."""
    paid = _awaited(db, session)
    if paid["status"] != "requires_action":
        raise wrong_state(
            f"You cannot cancel this PaymentIntent because it has a status of {paid['status']}."
        )
    session["_settle_at"] = None
    reason = {"canceled_at": account.now(), "cancellation_reason": "abandoned"}
    account.tell(
        db, "payment_intent.canceled", db.save(paid | reason | {"status": "canceled", "next_action": None})
    )
    return sessions.keep(db, session)


def fund_in_part(account: Account, db: Records, session: Body, amount: int) -> Body:
    """Let a bank transfer bring less than is to be paid: the rest is still waited for."""
    paid = _awaited(db, session)
    told = (paid["next_action"] or {}).get("display_bank_transfer_instructions")
    if told is None or not 0 < amount < told["amount_remaining"]:
        raise wrong_state("Only a bank transfer can bring a part, and only less than what remains.")
    told["amount_remaining"] -= amount
    account.tell(db, "payment_intent.partially_funded", db.save(paid))
    return session


def _awaited(db: Records, session: Body) -> Body:
    """Return the PaymentIntent of a payment that is still to be decided."""
    if session.get("_settle_at") is None:
        raise wrong_state("This Checkout Session has no payment that is waiting to be settled.")
    return db.find(session["payment_intent"]) or {}


def _shopper(session: Body) -> payments.Shopper:
    who = session["customer_details"]
    return payments.Shopper(who["email"], who["name"], who["phone"], who["address"])


def end_due(account: Account) -> list[str]:
    """End sessions whose time has come, and settle delayed payments that are due; return which they were."""
    with account.storage.transaction() as db:
        due = db.due(sessions.KIND, account.time())
    for identifier in due:
        with account.storage.transaction() as db:
            session = sessions.get(account, db, identifier)  # ends it if it is open
            settle_at = session.get("_settle_at")
            if settle_at is not None and settle_at <= account.time():
                settle(account, db, session)
    return due
