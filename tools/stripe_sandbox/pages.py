"""The payment page: what a shopper sees between the shop and the shop again.

It needs no script and sets no cookie; everything it knows is in the session that its address names. Whoever has the
address may pay, as at Stripe.
"""

import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from tools.stripe_sandbox import checkout_form as form
from tools.stripe_sandbox import currencies, payments, sessions
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.errors import ApiError
from tools.stripe_sandbox.limits import TEMPLATE, check_total, is_this_machine
from tools.stripe_sandbox.messages import Request, Response
from tools.stripe_sandbox.rendering import Html, joined, page, render
from tools.stripe_sandbox.storage import Body, Records

logger = logging.getLogger("stripe_sandbox")

PREFIX = "/c/pay/"
NOTHING = Html("")


class Pages:
    """Shows and takes the payment page."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def answer(self, request: Request) -> Response:
        """Show the page, or do what its form says."""
        identifier = request.path.removeprefix(PREFIX)
        if request.method not in ("GET", "HEAD", "POST"):
            return _notice("Not allowed", "This page can be opened or sent, nothing else.", status=405)
        try:
            with self.account.storage.transaction() as db:
                session = sessions.get(self.account, db, identifier)
                if request.method == "POST":
                    return self._posted(db, session, request.fields())
                return _shown(db, session)
        except ApiError:
            text = "No payment has this address. Go back to the shop and begin the checkout again."
            return _notice("No such payment", text, status=404)

    def _posted(self, db: Records, session: Body, typed: dict[str, str]) -> Response:
        if session["status"] != "open":  # sent twice, or too late
            return _success(session) if session["status"] == "complete" else _closed(session)
        if typed.get("action") == "apply_code":
            return self._with_code(db, session, typed.get("code", ""))
        if rate := typed.get("shipping_rate"):
            sessions.choose_shipping(session, rate)
        if wrong := form.problems(session, typed):
            return _shown(db, session, typed=typed, wrong=wrong, status=422)
        who, outcome = form.shopper(session, typed), form.chosen_outcome(typed)
        if outcome in ("decline", "insufficient_funds") and session["amount_total"]:
            reason = "generic_decline" if outcome == "decline" else outcome
            told = payments.decline(self.account, db, session, who, reason)
            return _shown(db, session, typed=typed, refused=told, status=402)
        if outcome.startswith("delayed"):
            succeeds = outcome == "delayed_success"
            payments.pay_later(self.account, db, session, who, succeeds=succeeds)
        else:
            payments.pay(self.account, db, session, who)
        return _success(session)

    def _with_code(self, db: Records, session: Body, code: str) -> Response:
        if not session["allow_promotion_codes"]:
            return _shown(db, session, wrong={"code": "The shop takes no promotion codes."}, status=422)
        problem = sessions.apply_code(session, code)
        try:
            check_total(session["amount_total"], session["currency"])
        except ApiError as error:
            problem = error.text
        if problem:
            return _shown(
                db, sessions.get(self.account, db, session["id"]), wrong={"code": problem}, status=422
            )
        sessions.keep(db, session)
        return Response.redirect(f"{PREFIX}{session['id']}")


def _success(session: Body) -> Response:
    return Response.redirect(session["success_url"].replace(TEMPLATE, session["id"]))


# --- What is drawn ---------------------------------------------------------------------------------------
def _notice(title: str, text: str, *, link: Html = NOTHING, status: int = 200) -> Response:
    return page(title, render("notice", title=title, text=text, link=link), status=status)


def _closed(session: Body) -> Response:
    shop = session["branding_settings"]["display_name"]
    if session["status"] == "complete":
        address = session["success_url"].replace(TEMPLATE, session["id"])
        link = render("link", address=address, text=f"Continue to {shop}")
        return _notice(
            "Already paid", "This payment is complete. There is nothing more to do here.", link=link
        )
    link = NOTHING
    if session["cancel_url"]:
        link = render("link", address=session["cancel_url"], text=f"Back to {shop}")
    text = "This payment has run out of time or was cancelled. Nothing was charged."
    return _notice("Payment expired", text, link=link, status=410)


def _shown(
    db: Records,
    session: Body,
    *,
    typed: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
    refused: str = "",
    status: int = 200,
) -> Response:
    if session["status"] != "open":
        return _closed(session)
    values = form.defaults(session) | {"terms": ""} if typed is None else dict(typed)
    values["number"] = form.TEST_CARD  # whatever was typed is not sent back
    drawing = _Drawing(session, values, wrong or {})
    lines, images = _lines(db, session)
    title = f"Pay {session['branding_settings']['display_name']}"
    body = render(
        "pay",
        shop=session["branding_settings"]["display_name"],
        back=_back(session),
        total=_money(session, session["amount_total"]),
        lines=lines,
        sums=_sums(db, session),
        code=drawing.code(),
        alert=drawing.alert(refused),
        action=f"{PREFIX}{session['id']}",
        contact=drawing.fields(form.contact_fields(session) + form.own_fields(session)),
        drop_downs=drawing.drop_downs(),
        delivery=drawing.delivery(db),
        payment=drawing.payment(),
        terms=drawing.terms(),
        outcomes=drawing.outcomes(),
        pay=f"Pay {_money(session, session['amount_total'])}"
        if session["amount_total"]
        else "Complete order",
        note=_note(session, "submit"),
    )
    return page(title, body, status=status, images=images)


def _money(session: Body, amount: int) -> str:
    return currencies.written(amount, session["currency"])


def _note(session: Body, name: str) -> Html:
    text = session["custom_text"].get(name)
    return render("note", text=text["message"]) if text else NOTHING


def _back(session: Body) -> Html:
    return render("back", address=session["cancel_url"]) if session["cancel_url"] else NOTHING


def _lines(db: Records, session: Body) -> tuple[Html, list[str]]:
    """Return the lines bought, and the origins of their pictures: those of this machine only."""
    drawn, origins = [], []
    for line in session["_lines"]:
        product = db.find(line["price"]["product"]) or {}
        picture = Html('<span class="picture" aria-hidden="true"></span>')
        address = next(iter(product["images"]), "")
        if origin := _origin_here(address):
            origins.append(origin)
            picture = render("picture", address=address)
        each = f"{_money(session, line['price']['unit_amount'])} each" if line["quantity"] > 1 else ""
        drawn.append(
            render(
                "line",
                picture=picture,
                name=line["description"],
                description=product["description"] or "",
                quantity=line["quantity"],
                each=each,
                amount=_money(session, line["amount_subtotal"]),
            )
        )
    return joined(drawn), origins


def _origin_here(address: str) -> str:
    """Return the origin of an address of this machine, and nothing for any other."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not is_this_machine(host):
        return ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"


def _sums(db: Records, session: Body) -> Html:
    details = session["total_details"]
    rows = [("Subtotal", _money(session, session["amount_subtotal"]))]
    if details["amount_discount"]:
        code = session["discounts"][0]["promotion_code"].removeprefix("promo_")
        rows.append((f"Promotion code {code}", _money(session, -details["amount_discount"])))
    if cost := session["shipping_cost"]:
        rate = db.find(cost["shipping_rate"]) or {}
        amount = _money(session, cost["amount_total"]) if cost["amount_total"] else "Free"
        rows.append((f"Shipping: {rate['display_name']}", amount))
    return joined(render("sum", label=label, amount=amount) for label, amount in rows)


class _Drawing:
    """Draws the form of one session with what was typed and what was wrong."""

    def __init__(self, session: Body, values: Mapping[str, str], wrong: Mapping[str, str]) -> None:
        self.session = session
        self.values = values
        self.wrong = wrong

    def alert(self, refused: str) -> Html:
        if refused:
            text = f"{refused} Nothing was charged. Try another card."
            return render("alert", title=text, items=NOTHING)
        if not self.wrong:
            return NOTHING
        labels = {field.name: f"{field.label}: " for field in form.asked_fields(self.session)}
        items = [
            render("alert_item", name=name, text=f"{labels.get(name, '')}{text}")
            for name, text in self.wrong.items()
        ]
        return render("alert", title="Something is missing or wrong.", items=joined(items))

    def error(self, name: str) -> tuple[Html, Html]:
        """Return a field's complaint and the attributes that point to it."""
        if name not in self.wrong:
            return NOTHING, NOTHING
        attributes = render("invalid", name=name)
        return render("error", name=name, text=self.wrong[name]), Html(f" {attributes}")

    def fields(self, fields: list[form.Field]) -> Html:
        return joined(self.field(field) for field in fields)

    def field(self, field: form.Field) -> Html:
        complaint, attributes = self.error(field.name)
        extra = " required" * field.required + " readonly" * field.fixed
        extra += ' inputmode="numeric"' * (field.name in ("number", "expiry", "cvc"))
        return render(
            "field",
            name=field.name,
            label=field.label,
            optional=NOTHING if field.required else Html(' <span class="optional">optional</span>'),
            kind=field.kind,
            value=self.values.get(field.name, ""),
            autocomplete=field.autocomplete,
            width=Html("wide" if field.wide else "half"),
            attributes=Html(extra + attributes),
            complaint=complaint,
        )

    def select(self, name: str, label: str, options: Mapping[str, str]) -> Html:
        complaint, attributes = self.error(name)
        chosen = self.values.get(name, "")
        drawn = [
            render("option", value=value, text=text, selected=Html(" selected" if value == chosen else ""))
            for value, text in options.items()
        ]
        return render(
            "select",
            name=name,
            label=label,
            options=joined(drawn),
            attributes=attributes,
            complaint=complaint,
        )

    def country(self, part: str, codes: list[str]) -> Html:
        names = {code: form.COUNTRIES.get(code, code) for code in codes}
        if len(codes) == 1 and f"{part}_country" not in self.wrong:
            return render(
                "fixed", name=f"{part}_country", label="Country", value=codes[0], text=names[codes[0]]
            )
        return self.select(f"{part}_country", "Country", names)

    def drop_downs(self) -> Html:
        drawn = []
        for own in self.session["custom_fields"]:
            if own["type"] == "dropdown":
                options = {option["value"]: option["label"] for option in own["dropdown"]["options"]}
                empty = {"": ""} if own["optional"] else {}
                drawn.append(self.select(f"own_{own['key']}", own["label"]["custom"], empty | options))
        return joined(drawn)

    def delivery(self, db: Records) -> Html:
        codes = form.countries(self.session)
        if not codes:
            return NOTHING
        options = self.session["shipping_options"]
        rates = NOTHING
        if len(options) > 1:
            names = {}
            for option in options:
                rate = db.find(option["shipping_rate"]) or {}
                names[rate["id"]] = (
                    f"{rate['display_name']}: {_money(self.session, option['shipping_amount'])}"
                )
            rates = self.select("shipping_rate", "Shipping method", names)
        return render(
            "delivery",
            fields=self.fields(form.delivery_fields(self.session)),
            country=self.country("delivery", codes),
            rates=rates,
            note=_note(self.session, "shipping_address"),
        )

    def payment(self) -> Html:
        card = self.fields(form.card_fields()) if self.session["amount_total"] else NOTHING
        billing = NOTHING
        if form.needs_billing(self.session):
            codes = form.countries(self.session)
            same = NOTHING
            if codes:
                same = render("same", checked=Html(" checked" if self.values.get("billing_same") else ""))
            fields = self.fields(form.billing_fields(self.session))
            billing = render(
                "billing", same=same, fields=fields, country=self.country("billing", list(form.COUNTRIES))
            )
        return render("payment", card=card, billing=billing) if card or billing else NOTHING

    def terms(self) -> Html:
        if not form.needs_terms(self.session):
            return NOTHING
        complaint, attributes = self.error("terms")
        own = self.session["custom_text"].get("terms_of_service_acceptance")
        text = own["message"] if own else "I agree to the terms of service of this shop."
        checked = Html(" checked" if self.values.get("terms") else "")
        return render("terms", text=text, checked=checked, attributes=attributes, complaint=complaint)

    def outcomes(self) -> Html:
        return self.select("outcome", "What the bank answers", form.outcomes(self.session))

    def code(self) -> Html:
        if not self.session["allow_promotion_codes"] or self.session["discounts"]:
            return NOTHING
        complaint, attributes = self.error("code")
        action = f"{PREFIX}{self.session['id']}"
        return render("code", action=action, attributes=attributes, complaint=complaint)
