"""The fields of the payment page: what is asked for a session, what stands in them at first, what was typed.

Cards are test cards or refused; a number is looked at and forgotten, never kept, logged or shown again.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tools.stripe_sandbox.limits import EMAIL
from tools.stripe_sandbox.payments import Shopper
from tools.stripe_sandbox.storage import Body
from tools.stripe_sandbox.vouchers import NO_ADDRESS, of_kind

TEST_CARD = "4242 4242 4242 4242"
TEST_CARDS = {
    "4242424242424242": "succeed",
    "4000000000000002": "decline",
    "4000000000009995": "insufficient_funds",
}
OUTCOMES = {
    "succeed": "Card is accepted",
    "decline": "Card is declined",
    "insufficient_funds": "Card has insufficient funds",
}
DELAYED_OUTCOMES = {
    "delayed_success": "Bank debit: succeeds later",
    "delayed_failure": "Bank debit: fails later",
    "voucher_success": "Voucher: is paid later",
    "voucher_failure": "Voucher: is not paid and expires",
    "transfer_success": "Bank transfer: arrives later",
    "transfer_failure": "Bank transfer: does not arrive",
}
COUNTRIES = {
    "AT": "Austria", "AU": "Australia", "BE": "Belgium", "BG": "Bulgaria", "BR": "Brazil", "CA": "Canada",
    "CH": "Switzerland", "CY": "Cyprus", "CZ": "Czechia", "DE": "Germany", "DK": "Denmark", "EE": "Estonia",
    "ES": "Spain", "FI": "Finland", "FR": "France", "GB": "United Kingdom", "GR": "Greece", "HR": "Croatia",
    "HU": "Hungary", "IE": "Ireland", "IN": "India", "IS": "Iceland", "IT": "Italy", "JP": "Japan",
    "LI": "Liechtenstein", "LT": "Lithuania", "LU": "Luxembourg", "LV": "Latvia", "MT": "Malta", "MX": "Mexico",
    "NL": "Netherlands", "NO": "Norway", "NZ": "New Zealand", "PL": "Poland", "PT": "Portugal", "RO": "Romania",
    "SE": "Sweden", "SG": "Singapore", "SI": "Slovenia", "SK": "Slovakia", "US": "United States",
}  # fmt: skip
# Places that exist in no address book, in the form of their country: town, post code, state.
PLACES = {
    "GB": ("Exampleton", "ZZ99 9ZZ", ""), "IE": ("Exampleton", "D99 X999", ""), "NL": ("Voorbeeldstad", "9999 ZZ", ""),
    "US": ("Exampleton", "99999", "NY"), "CA": ("Exampleton", "X9X 9X9", "ON"), "AU": ("Exampleton", "9999", "NSW"),
    "FR": ("Exempleville", "99999", ""), "DE": ("Musterstadt", "99999", ""), "AT": ("Musterstadt", "9999", ""),
}  # fmt: skip
# Where an address names a state or province.
WITH_STATES = frozenset("AU BR CA IN MX US".split())
USUAL_PLACE = ("Exampleton", "99999", "")
ADDRESS_FIELDS = ("line1", "line2", "postal_code", "city", "state")
OPTIONAL = {"line2", "state"}
LONGEST = 200
HIGHEST_MONTH = 12


@dataclass(frozen=True)
class Field:
    """One thing to type in."""

    name: str
    label: str
    value: str
    autocomplete: str = "off"
    kind: str = "text"
    required: bool = True
    fixed: bool = False
    wide: bool = True


def contact_fields(session: Body) -> list[Field]:
    """Return what is asked about the person."""
    email = session["customer_email"] or "shopper@example.com"
    fields = [Field("email", "E-mail", email, "email", "email", fixed=bool(session["customer_email"]))]
    if session["phone_number_collection"]["enabled"]:
        fields.append(Field("phone", "Phone", "+1 555 0100", "tel", "tel"))
    return fields


def card_fields() -> list[Field]:
    """Return what is asked about the card; browsers are told not to offer real ones."""
    return [
        Field("number", "Card number", TEST_CARD),
        Field("expiry", "Expires", "12 / 34", wide=False),
        Field("cvc", "Security code", "123", wide=False),
        Field("card_name", "Name on card", "Demo shopper", "cc-name"),
    ]


def address_fields(part: str, country: str, *, states: bool = True) -> list[Field]:
    """Return the lines of an address, `delivery` or `billing`, with a demo address in them; with states or without."""
    town, code, state = PLACES.get(country, USUAL_PLACE)
    group = "shipping" if part == "delivery" else "billing"
    shown = [
        Field(f"{part}_line1", "Street and number", "1 Example Street", f"{group} address-line1"),
        Field(f"{part}_line2", "Flat, floor, company", "", f"{group} address-line2", required=False),
        Field(f"{part}_postal_code", "Post code", code, f"{group} postal-code", wide=False),
        Field(f"{part}_city", "Town", town, f"{group} address-level2", wide=False),
    ]
    if states:
        shown.append(
            Field(f"{part}_state", "State or region", state, f"{group} address-level1", required=False)
        )
    if part == "delivery":
        shown.insert(0, Field("delivery_name", "Name", "Demo shopper", f"{group} name"))
    return shown


def delivery_fields(session: Body) -> list[Field]:
    """Return the lines of the delivery address; nothing when none is asked for."""
    codes = countries(session)
    return address_fields("delivery", codes[0], states=bool(WITH_STATES & set(codes))) if codes else []


def billing_fields(session: Body) -> list[Field]:
    """Return the lines of the billing address; nothing when none is asked for."""
    return address_fields("billing", (countries(session) or ["US"])[0]) if needs_billing(session) else []


def countries(session: Body) -> list[str]:
    """Return where the shop sends to; nothing when it asks for no address."""
    return (session["shipping_address_collection"] or {}).get("allowed_countries", [])


def outcomes(session: Body) -> dict[str, str]:
    """Return what can be made to happen."""
    methods = session["payment_method_types"] if session["amount_total"] else []
    delayed = {name: text for name, text in DELAYED_OUTCOMES.items() if method_of(name, methods)}
    return OUTCOMES | delayed


def method_of(outcome: str, methods: list[str]) -> str | None:
    """Return the delayed method that an outcome is about."""
    return of_kind(outcome.partition("_")[0], methods)


def needs_billing(session: Body) -> bool:
    """Return whether a whole billing address is asked for."""
    return session["billing_address_collection"] == "required"


def asked_fields(session: Body) -> list[Field]:
    """Return everything that is typed in, in the page's order."""
    card = card_fields() if session["amount_total"] else []
    return [*contact_fields(session), *delivery_fields(session), *card, *billing_fields(session)]


def defaults(session: Body) -> dict[str, str]:
    """Return the form as it stands when the page opens."""
    values = {field.name: field.value for field in asked_fields(session)}
    values |= {"outcome": "succeed", "billing_same": "yes"}
    if allowed := countries(session):
        values["delivery_country"] = allowed[0]
    if needs_billing(session):
        values["billing_country"] = (allowed or ["US"])[0]
    if not allowed:
        del values["billing_same"]
    return values


# --- What was typed --------------------------------------------------------------------------------------
def problems(session: Body, typed: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong, by field."""
    same = _billing_is_delivery(session, typed)
    by_card = chosen_outcome(typed) not in DELAYED_OUTCOMES
    wrong = {}
    for field in asked_fields(session):
        if (same and field.name.startswith("billing_")) or (not by_card and field in card_fields()):
            continue
        value = typed.get(field.name, "")
        if field.required and not value:
            wrong[field.name] = "Fill this in."
        elif len(value) > LONGEST:
            wrong[field.name] = f"At most {LONGEST} characters."
    if not EMAIL.fullmatch(typed.get("email", "")):
        wrong["email"] = "This is no e-mail address."
    if by_card and session["amount_total"]:
        wrong |= _card_problems(typed)
    if (allowed := countries(session)) and typed.get("delivery_country") not in allowed:
        wrong["delivery_country"] = "The shop does not deliver there."
    if typed.get("outcome", "succeed") not in outcomes(session):
        wrong["outcome"] = "Choose one of these."
    return wrong


def _card_problems(typed: Mapping[str, str]) -> dict[str, str]:
    wrong = {}
    if re.sub(r"[\s-]", "", typed.get("number", "")) not in TEST_CARDS:
        wrong["number"] = f"Only test cards work here, such as {TEST_CARD}. Never type in a real one."
    month = re.fullmatch("([0-9]{1,2}) */ *[0-9]{2,4}", typed.get("expiry", ""))
    if not month or not 1 <= int(month[1]) <= HIGHEST_MONTH:
        wrong["expiry"] = "Write month and year: 12 / 34."
    if not re.fullmatch("[0-9]{3,4}", typed.get("cvc", "")):
        wrong["cvc"] = "Three or four digits."
    return wrong


def chosen_outcome(typed: Mapping[str, str]) -> str:
    """Return what shall happen: as chosen, else as the number of the test card says."""
    chosen = typed.get("outcome", "succeed")
    if chosen == "succeed":
        return TEST_CARDS.get(re.sub(r"[\s-]", "", typed.get("number", "")), "succeed")
    return chosen


def _billing_is_delivery(session: Body, typed: Mapping[str, str]) -> bool:
    return bool(countries(session)) and bool(typed.get("billing_same"))


def _address(typed: Mapping[str, str], part: str) -> Body:
    lines = {name: typed.get(f"{part}_{name}") or None for name in ADDRESS_FIELDS}
    return {**NO_ADDRESS, **lines, "country": typed.get(f"{part}_country") or None}


def shopper(session: Body, typed: Mapping[str, str]) -> Shopper:
    """Return who pays, from a form without problems."""
    delivery: Body | None = None
    if countries(session):
        delivery = {"address": _address(typed, "delivery"), "name": typed["delivery_name"]}
    same = delivery and _billing_is_delivery(session, typed)
    billing: Body = dict(NO_ADDRESS)
    if needs_billing(session):
        billing = delivery["address"] if delivery and same else _address(typed, "billing")
    elif delivery:
        billing |= {name: delivery["address"][name] for name in ("country", "postal_code")}
    return Shopper(
        email=session["customer_email"] or typed["email"],
        name=typed.get("card_name") or typed.get("delivery_name") or "Demo shopper",
        phone=typed.get("phone") or None,
        billing=billing,
        delivery=delivery,
    )
