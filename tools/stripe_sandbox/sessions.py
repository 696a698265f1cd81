"""Checkout Sessions: made, read, listed, reduced by a promotion code, and ended when their time comes.

A session leaves `open` once, in the transaction that checks that it is open; paying is `payments`' affair.
"""

from typing import Any

from tools.stripe_sandbox import limits, tax, vouchers
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.errors import no_such, wrong_state
from tools.stripe_sandbox.events import NOBODY, Cause
from tools.stripe_sandbox.identifiers import new_id
from tools.stripe_sandbox.storage import Body, Records

KIND = "checkout.session"
# Percent off the goods; with the last one goods cost nothing, and without shipping nothing is left to pay.
PROMOTION_CODES = {"TEST10": 10, "TEST100": 100}
# Fields of a session that are what was asked for, or this.
ECHOED: dict[str, Any] = {
    "allow_promotion_codes": None,
    "billing_address_collection": None,
    "cancel_url": None,
    "client_reference_id": None,
    "customer_email": None,
    "excluded_payment_method_types": None,
    "locale": None,
    "metadata": {},
    "mode": None,
    "phone_number_collection": {"enabled": False},
    "shipping_address_collection": None,
    "success_url": None,
    "ui_mode": "hosted_page",
    # Left out, the settings of the account count; this account has it on, as new ones do.
    "adaptive_pricing": {"enabled": True},
}
NULL_FIELDS = """
    after_expiration client_secret consent consent_collection integration_identifier submit_type
    currency_conversion customer customer_account customer_details invoice payment_intent payment_link
    payment_method_collection payment_method_configuration_details permissions presentment_details
    recovered_from redirect_on_completion return_url saved_payment_method_options setup_intent
    shipping_cost subscription wallet_options name_collection optional_items origin_context
""".split()
INVOICE_DATA: Body = {
    **dict.fromkeys(
        ("account_tax_ids", "custom_fields", "description", "footer", "issuer", "rendering_options")
    ),
    "metadata": {},
}
BRANDING = {
    "background_color": "#ffffff",
    "border_style": "rounded",
    "button_color": "#0074d4",
    "font_family": "default",
    "icon": None,
    "logo": None,
}
CUSTOM_TEXT = dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"))


def create(account: Account, db: Records, params: Body) -> Body:
    """Open a session."""
    now, identifier = account.now(), new_id("cs_test_a1")
    session: Body = {"id": identifier, "object": KIND, "created": now, "livemode": False, "status": "open"}
    session |= dict.fromkeys(NULL_FIELDS)
    session |= {name: params.get(name, default) for name, default in ECHOED.items()}
    session |= {
        "automatic_tax": tax.begin(params, fails=account.tax_fails),
        "branding_settings": {**BRANDING, "display_name": account.shop_name},
        "collected_information": {"business_name": None, "individual_name": None, "shipping_details": None},
        "currency": params["line_items"][0]["price_data"]["currency"],
        "custom_fields": [],
        "custom_text": CUSTOM_TEXT,
        "customer_creation": "if_required",
        "discounts": [],
        "expires_at": params.get("expires_at", now + limits.DAY),
        "invoice_creation": {"enabled": False, "invoice_data": INVOICE_DATA},
        "managed_payments": {"enabled": False},
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_status": "unpaid",
        "tax_id_collection": {"enabled": False, "required": "never"},
        "url": f"{account.url}/c/pay/{identifier}",
        "_intent_data": params.get("payment_intent_data", {}),
    }
    session["payment_method_types"] = _methods(session["currency"], params)
    session["allowed_payment_method_types"] = params.get("allowed_payment_method_types")
    if email := session["customer_email"]:
        session["customer_details"] = customer_details(email=email)
    session["_lines"] = [_line(line) for line in params["line_items"]]
    _add_shipping(session, params.get("shipping_options", []))
    _add_up(session)
    db.add(session, status="open")
    return keep(db, session)


def _line(line: Body) -> Body:
    product = {"description": "", **line["price_data"]["product_data"]}
    return {**product, "quantity": line["quantity"], "unit_amount": line["price_data"]["unit_amount"]}


def _methods(currency: str, params: Body) -> list[str]:
    methods = ["card", *vouchers.offered(currency)]
    allowed = params.get("allowed_payment_method_types", methods)
    excluded = params.get("excluded_payment_method_types", [])
    return [method for method in methods if method in allowed and method not in excluded]


def _add_shipping(session: Body, options: list[Body]) -> None:
    session["shipping_options"] = []
    for option in options:
        rate, amount = new_id("shr_1"), option["shipping_rate_data"]["fixed_amount"]["amount"]
        session["shipping_options"] = [{"shipping_amount": amount, "shipping_rate": rate}]
        cost = {"amount_subtotal": amount, "amount_tax": 0, "amount_total": amount, "shipping_rate": rate}
        session |= {"shipping_cost": cost, "_shipping_name": option["shipping_rate_data"]["display_name"]}


def _add_up(session: Body, percent_off: int = 0) -> None:
    goods = sum(line["unit_amount"] * line["quantity"] for line in session["_lines"])
    shipping = session["shipping_cost"]["amount_total"] if session["shipping_cost"] else 0
    discount = goods * percent_off // 100
    session |= {"amount_subtotal": goods, "amount_total": goods - discount + shipping}
    session["total_details"] = {"amount_discount": discount, "amount_shipping": shipping, "amount_tax": 0}
    tax.work_out(session)


def customer_details(
    *, email: str, name: str | None = None, phone: str | None = None, address: Body | None = None
) -> Body:
    """Return what a session says about who pays."""
    return {
        "address": address,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": phone,
        "tax_exempt": "none",
        "tax_ids": [],
    }


# --- Reading, keeping, ending ----------------------------------------------------------------------------
def keep(db: Records, session: Body) -> Body:
    """Save a session, and when it must be looked at again: when it expires, or its delayed payment is settled."""
    due = session["expires_at"] if session["status"] == "open" else session.get("_settle_at")
    return db.save(session, status=session["status"], due=due)


def get(account: Account, db: Records, identifier: str) -> Body:
    """Return a session as it is now: one whose time has come is ended first."""
    session = db.find(identifier, KIND)
    if session is None:
        raise no_such("checkout.session", identifier, "session")
    if session["status"] == "open" and account.now() >= session["expires_at"]:
        end(account, db, session)
    return session


def expire(account: Account, db: Records, identifier: str, cause: Cause) -> Body:
    """End an open session because the shop asks for it."""
    session = get(account, db, identifier)
    if session["status"] != "open":
        raise wrong_state(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status '
            f"of `{session['status']}`."
        )
    return end(account, db, session, cause)


def end(account: Account, db: Records, session: Body, cause: Cause = NOBODY) -> Body:
    """Make an open session an expired one, and its unpaid PaymentIntent a cancelled one."""
    session["status"], session["url"] = "expired", None
    paid = db.find(session["payment_intent"] or "", "payment_intent")
    if paid is not None:
        paid |= {"status": "canceled", "canceled_at": account.now(), "cancellation_reason": "expired"}
        account.tell(db, "payment_intent.canceled", db.save(paid), cause)
    keep(db, session)
    account.tell(db, "checkout.session.expired", session, cause)
    return session


def apply_code(session: Body, code: str) -> str:
    """Reduce an open session by a promotion code; return what is wrong with it, or nothing."""
    percent = PROMOTION_CODES.get(code.strip().upper())
    if percent is None:
        return f"{code[:40]!r} is no promotion code here. Try {' or '.join(PROMOTION_CODES)}."
    session["discounts"] = [{"coupon": None, "promotion_code": f"promo_{code.strip().upper()}"}]
    _add_up(session, percent)
    return ""
