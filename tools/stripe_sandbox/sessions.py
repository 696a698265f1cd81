"""Checkout Sessions: made, read, listed, reduced by a promotion code, and ended when their time comes.

A session leaves `open` once, in the transaction that checks that it is open; paying is `payments`' affair.
"""

from typing import Any

from tools.stripe_sandbox import limits, objects
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
    "consent_collection": None,
    "customer_creation": "if_required",
    "customer_email": None,
    "excluded_payment_method_types": None,
    "integration_identifier": None,
    "locale": None,
    "metadata": {},
    "mode": None,
    "phone_number_collection": {"enabled": False},
    "shipping_address_collection": None,
    "submit_type": None,
    "success_url": None,
    "ui_mode": "hosted_page",
    # Left out, the settings of the account count; this account has it on, as new ones do.
    "adaptive_pricing": {"enabled": True},
}
NULL_FIELDS = """
    after_expiration client_secret consent currency_conversion customer customer_account customer_details invoice
    payment_intent payment_link payment_method_collection payment_method_configuration_details permissions
    presentment_details recovered_from redirect_on_completion return_url saved_payment_method_options setup_intent
    shipping_cost subscription wallet_options name_collection optional_items origin_context
""".split()


def create(account: Account, db: Records, params: Body) -> Body:
    """Open a session."""
    now, identifier = account.now(), new_id("cs_test_a1")
    session: Body = {"id": identifier, "object": KIND, "created": now, "livemode": False, "status": "open"}
    session |= dict.fromkeys(NULL_FIELDS)
    session |= {name: params.get(name, default) for name, default in ECHOED.items()}
    session |= {
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "branding_settings": _branding(account, params.get("branding_settings", {})),
        "collected_information": {"business_name": None, "individual_name": None, "shipping_details": None},
        "currency": params["line_items"][0]["price_data"]["currency"],
        "custom_fields": [_custom_field(field) for field in params.get("custom_fields", [])],
        "custom_text": _custom_text(params.get("custom_text", {})),
        "discounts": [],
        "expires_at": params.get("expires_at", now + limits.DAY),
        "invoice_creation": {"enabled": False, "invoice_data": _INVOICE_DATA},
        "managed_payments": {"enabled": False},
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_status": "unpaid",
        "tax_id_collection": {"enabled": False, "required": "never"},
        "url": f"{account.address}/c/pay/{identifier}",
        "_intent_data": params.get("payment_intent_data", {}),
    }
    session["payment_method_types"] = _methods(session["currency"], params)
    session["allowed_payment_method_types"] = params.get("allowed_payment_method_types")
    if email := session["customer_email"]:
        session["customer_details"] = customer_details(email=email)
    session["_lines"] = [_line(db, line, now) for line in params["line_items"]]
    _add_shipping(db, session, params.get("shipping_options", []), now)
    _add_up(session)
    db.add(session, status="open")
    return keep(db, session)


_INVOICE_DATA: Body = {
    **dict.fromkeys(("account_tax_ids", "custom_fields", "description", "footer", "issuer")),
    "metadata": {},
    "rendering_options": None,
}


def _line(db: Records, line: Body, now: int) -> Body:
    sold = db.add(objects.product(line["price_data"]["product_data"], now))
    return objects.line_item(line, sold, now)


def _methods(currency: str, params: Body) -> list[str]:
    methods = ["card", *filter(None, [objects.DELAYED_METHODS.get(currency)])]
    allowed = params.get("allowed_payment_method_types", methods)
    excluded = params.get("excluded_payment_method_types", [])
    return [method for method in methods if method in allowed and method not in excluded]


def _branding(account: Account, wanted: Body) -> Body:
    usual = {
        "background_color": "#ffffff",
        "border_style": "rounded",
        "button_color": "#0074d4",
        "display_name": account.shop_name,
        "font_family": "default",
        "icon": None,
        "logo": None,
    }
    return usual | wanted


def _custom_text(wanted: Body) -> Body:
    names = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    return {name: wanted.get(name) for name in names}


def _custom_field(field: Body) -> Body:
    given = {"default_value": None, "maximum_length": None, "minimum_length": None, "value": None}
    inner: Body = {"dropdown": None, "numeric": None, "text": None}
    inner[field["type"]] = given | field.get(field["type"], {})
    if field["type"] == "dropdown":
        inner["dropdown"] = {"default_value": None, "value": None} | field["dropdown"]
    wanted = {name: field[name] for name in ("key", "label", "type")}
    return {**wanted, "optional": field.get("optional", False), **inner}


def _add_shipping(db: Records, session: Body, options: list[Body], now: int) -> None:
    rates = [db.add(objects.shipping_rate(option["shipping_rate_data"], now)) for option in options]
    session["shipping_options"] = [
        {"shipping_amount": rate["fixed_amount"]["amount"], "shipping_rate": rate["id"]} for rate in rates
    ]
    if rates:
        choose_shipping(session, rates[0]["id"])


def choose_shipping(session: Body, rate: str) -> bool:
    """Ship by one of the session's own rates; tell whether there is such a one."""
    amounts = {option["shipping_rate"]: option["shipping_amount"] for option in session["shipping_options"]}
    if rate not in amounts:
        return False
    amount = amounts[rate]
    session["shipping_cost"] = {
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "shipping_rate": rate,
    }
    _add_up(session)
    return True


def _add_up(session: Body) -> None:
    lines, shipping = session["_lines"], session["shipping_cost"]
    cost = shipping["amount_total"] if shipping else 0
    session["amount_subtotal"] = sum(line["amount_subtotal"] for line in lines)
    session["amount_total"] = sum(line["amount_total"] for line in lines) + cost
    discount = sum(line["amount_discount"] for line in lines)
    session["total_details"] = {"amount_discount": discount, "amount_shipping": cost, "amount_tax": 0}


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
    lines = session["_lines"]
    products = [line["amount_subtotal"] * percent for line in lines]
    shares = [product // 100 for product in products]
    left = session["amount_subtotal"] * percent // 100 - sum(shares)  # by rounding: to those that lost most
    for place in sorted(range(len(lines)), key=lambda place: -(products[place] % 100))[:left]:
        shares[place] += 1
    for line, share in zip(lines, shares, strict=True):
        line["amount_discount"], line["amount_total"] = share, line["amount_subtotal"] - share
    session["discounts"] = [{"coupon": None, "promotion_code": f"promo_{code.strip().upper()}"}]
    _add_up(session)
    return ""
