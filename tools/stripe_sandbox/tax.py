"""Stripe Tax, with a few rates: works out the tax within a session's prices once its address is known.

Only tax that prices include is played: the total never changes.
"""

from typing import Any

from tools.stripe_sandbox.errors import ApiError, missing, not_played
from tools.stripe_sandbox.identifiers import new_id
from tools.stripe_sandbox.storage import Body

BOOKS = "txcd_35010000"
SHIPPING = "txcd_92010001"
# Percent by country, of everything (None) and of single tax codes; elsewhere this account is not registered.
RATES: dict[str, dict[str | None, float]] = {
    "DE": {None: 19, BOOKS: 7},
    "FR": {None: 20, BOOKS: 5.5},
    "GB": {None: 20, BOOKS: 0},
    "IE": {None: 23, BOOKS: 9},
}
CODES = frozenset({BOOKS, SHIPPING, "txcd_99999999"})


def check(params: dict[str, Any]) -> None:
    """Refuse what Stripe would refuse about tax, and what is not played."""
    for extra in params.get("automatic_tax", {}).keys() - {"enabled"}:
        raise not_played(f"automatic_tax[{extra}]")
    for number, line in enumerate(params["line_items"]):
        path = f"line_items[{number}][price_data]"
        _check_code(line["price_data"].get("product_data", {}), f"{path}[product_data][tax_code]")
        if is_wanted(params):
            _check_behaviour(line["price_data"], path)
    for number, option in enumerate(params.get("shipping_options", [])):
        path = f"shipping_options[{number}][shipping_rate_data]"
        _check_code(option["shipping_rate_data"], f"{path}[tax_code]")
        if is_wanted(params):
            _check_behaviour(option["shipping_rate_data"], path)


def _check_code(data: Body, path: str) -> None:
    if data.get("tax_code", BOOKS) not in CODES:
        raise ApiError(f"No such tax code: {data['tax_code'][:50]!r}", param=path)


def _check_behaviour(data: Body, path: str) -> None:
    if "tax_behavior" not in data:
        raise missing(f"{path}[tax_behavior]")
    if data["tax_behavior"] != "inclusive":
        raise not_played(f"{path}[tax_behavior]={data['tax_behavior']}")


def is_wanted(params: dict[str, Any]) -> bool:
    """Return whether a new session has its tax worked out."""
    return params.get("automatic_tax", {}).get("enabled", False)


def begin(params: dict[str, Any], *, fails: bool) -> Body:
    """Return what a new session says about tax."""
    if not is_wanted(params):
        return {"enabled": False, "liability": None, "provider": None, "status": None}
    liability = {"type": "self"}
    return {
        "enabled": True,
        "liability": liability,
        "provider": "stripe",
        "status": "failed" if fails else "requires_location_inputs",
    }


def work_out(session: Body, country: str | None = None) -> None:
    """Put the items into a session, and their tax once it is known to which country it goes."""
    is_known = session["automatic_tax"]["status"] == "requires_location_inputs" and country is not None
    items = [
        _item(session, line, off, country if is_known else None) for line, off in _with_discounts(session)
    ]
    session["_items"] = items
    cost = session["shipping_cost"]
    if cost:
        taxes = _taxes(cost["amount_subtotal"], country, SHIPPING) if is_known else []
        cost |= {"amount_tax": _sum(taxes), "_included": {"taxes": taxes}}
    if is_known:
        session["automatic_tax"]["status"] = "complete"
        tax = sum(item["amount_tax"] for item in items) + (cost["amount_tax"] if cost else 0)
        session["total_details"]["amount_tax"] = tax


def _sum(taxes: list[Body]) -> int:
    return sum(tax["amount"] for tax in taxes)


def _with_discounts(session: Body) -> list[tuple[Body, int]]:
    """Divide the discount among the lines; the last takes what rounding leaves."""
    goods, discount = session["amount_subtotal"], session["total_details"]["amount_discount"]
    totals = [line["unit_amount"] * line["quantity"] for line in session["_lines"]]
    parts = [discount * total // goods if goods else 0 for total in totals]
    parts[-1] += discount - sum(parts)
    return list(zip(session["_lines"], parts, strict=True))


def _item(session: Body, line: Body, discount: int, country: str | None) -> Body:
    """Return a line as Stripe lists it; without a country nothing is known of its tax."""
    subtotal = line["unit_amount"] * line["quantity"]
    taxes = [] if country is None else _taxes(subtotal - discount, country, line.get("tax_code"))
    return {
        "id": new_id("li_1"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": discount,
        "amount_subtotal": subtotal,
        "amount_tax": _sum(taxes),
        "amount_total": subtotal - discount,
        "currency": session["currency"],
        "description": line["name"],
        "metadata": {},
        "price": None,  # prices of single sessions are not played
        "quantity": line["quantity"],
        "_included": {"taxes": taxes},
    }


def _taxes(gross: int, country: str | None, code: str | None) -> list[Body]:
    """Return the tax within an amount, half a coin rounded up."""
    rates = RATES.get(country or "")
    percent = float(rates.get(code, rates[None])) if rates else 0.0
    tax = int(gross * percent / (100 + percent) + 0.5)
    reason = "not_collecting" if rates is None else "standard_rated" if percent else "zero_rated"
    return [
        {
            "amount": tax,
            "rate": _rate(percent, country),
            "taxability_reason": reason,
            "taxable_amount": gross - tax if rates else 0,
        }
    ]


def _rate(percent: float, country: str | None) -> Body:
    return {
        "id": new_id("txr_1"),
        "object": "tax_rate",
        "active": False,
        "country": country,
        "created": 0,
        "description": None,
        "display_name": "VAT",
        "effective_percentage": percent,
        "flat_amount": None,
        "inclusive": True,
        "jurisdiction": country,
        "jurisdiction_level": "country",
        "livemode": False,
        "metadata": {},
        "percentage": percent,
        "rate_type": "percentage",
        "state": None,
        "tax_type": "vat",
    }
