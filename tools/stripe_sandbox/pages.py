"""The payment page: what a shopper sees between the shop and the shop again.

It needs no script and sets no cookie; everything it knows is in the session that its URL names. Whoever has the
URL may pay, as at Stripe.
"""

from collections.abc import Mapping

from tools.stripe_sandbox import checkout_form as form
from tools.stripe_sandbox import currencies, delayed, payments, sessions
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.errors import ApiError
from tools.stripe_sandbox.limits import TEMPLATE, check_total
from tools.stripe_sandbox.messages import Request, Response
from tools.stripe_sandbox.rendering import NOTHING, Html, page, tag
from tools.stripe_sandbox.storage import Body, Records

PREFIX = "/c/pay/"


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
                return _shown(session)
        except ApiError:
            text = "No payment has this URL. Go back to the shop and begin the checkout again."
            return _notice("No such payment", text, status=404)

    def _posted(self, db: Records, session: Body, typed: dict[str, str]) -> Response:
        if session["status"] != "open":  # sent twice, or too late
            return _success(session) if session["status"] == "complete" else _closed(session)
        if typed.get("action") == "apply_code":
            return self._with_code(db, session, typed.get("code", ""))
        if wrong := form.problems(session, typed):
            return _shown(session, typed=typed, wrong=wrong, status=422)
        who, outcome = form.shopper(session, typed), form.chosen_outcome(typed)
        if outcome in ("decline", "insufficient_funds") and session["amount_total"]:
            reason = "generic_decline" if outcome == "decline" else outcome
            told = payments.decline(self.account, db, session, who, reason)
            return _shown(session, typed=typed, refused=told, status=402)
        if outcome in form.DELAYED_OUTCOMES:
            method = form.method_of(outcome, session["payment_method_types"]) or ""
            succeeds = outcome.endswith("_success")
            delayed.pay_later(self.account, db, session, who, method, succeeds=succeeds)
        else:
            payments.pay(self.account, db, session, who)
        return _success(session)

    def _with_code(self, db: Records, session: Body, code: str) -> Response:
        if not session["allow_promotion_codes"]:
            return _shown(session, wrong={"code": "The shop takes no promotion codes."}, status=422)
        problem = sessions.apply_code(session, code)
        try:
            check_total(session["amount_total"], session["currency"])
        except ApiError as error:
            problem = error.text
        if problem:
            session = sessions.get(self.account, db, session["id"])
            return _shown(session, wrong={"code": problem}, status=422)
        sessions.keep(db, session)
        return Response.redirect(f"{PREFIX}{session['id']}")


def _success_url(session: Body) -> str:
    return session["success_url"].replace(TEMPLATE, session["id"])


def _success(session: Body) -> Response:
    return Response.redirect(_success_url(session))


# --- What is drawn ---------------------------------------------------------------------------------------
def _notice(title: str, text: str, *, link: Html = NOTHING, status: int = 200) -> Response:
    return page(title, tag("main", tag("h1", title), tag("p", text), link, class_="notice"), status=status)


def _closed(session: Body) -> Response:
    shop = session["branding_settings"]["display_name"]
    if session["status"] == "complete":
        link = tag("a", f"Continue to {shop}", href=_success_url(session), class_="pay")
        return _notice(*_completed(session), link=link)
    link = NOTHING
    if session["cancel_url"]:
        link = tag("a", f"Back to {shop}", href=session["cancel_url"], class_="pay")
    text = "This payment has run out of time or was cancelled. Nothing was charged."
    return _notice("Payment expired", text, link=link, status=410)


def _completed(session: Body) -> tuple[str, str]:
    """Return what a shopper is told of a session that is complete: a title and a sentence."""
    if session["payment_status"] != "unpaid":
        return "Already paid", "This payment is complete. There is nothing more to do here."
    if session["_settle_at"] is None:
        return "Payment failed", "The payment has failed or was cancelled. Nothing was charged."
    to_do = f" To pay: {session['_to_do']}." if session.get("_to_do") else ""
    return "Payment under way", f"The payment is under way. Nothing has arrived yet.{to_do}"


def _shown(
    session: Body,
    *,
    typed: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
    refused: str = "",
    status: int = 200,
) -> Response:
    if session["status"] != "open":
        return _closed(session)
    values = form.defaults(session) if typed is None else dict(typed)
    values["number"] = form.TEST_CARD  # whatever was typed is not sent back
    drawing = _Drawing(session, values, wrong or {})
    title = f"Pay {session['branding_settings']['display_name']}"
    images = [url for line in session["_lines"] for url in line.get("images", [])]
    return page(title, drawing.summary(title), drawing.payment_form(refused), status=status, images=images)


class _Drawing:
    """Makes the HTML of one session's page, with what was typed and what was wrong."""

    def __init__(self, session: Body, values: Mapping[str, str], wrong: Mapping[str, str]) -> None:
        self.session = session
        self.values = values
        self.wrong = wrong
        self.action = f"{PREFIX}{session['id']}"

    def money(self, amount: int) -> str:
        return currencies.written(amount, self.session["currency"])

    # --- What is bought ----------------------------------------------------------------------------------
    def summary(self, title: str) -> Html:
        cancel_url = self.session["cancel_url"]
        back = tag("a", "← Back", href=cancel_url, class_="back") if cancel_url else NOTHING
        total = tag("span", self.money(self.session["amount_total"]), class_="total")
        heading = tag("h1", f"{title} ", total)
        return tag("section", back, heading, self.sums(), self.code(), class_="summary", aria_label="Order")

    def sums(self) -> Html:
        session, rows = self.session, []
        for line in session["_lines"]:
            name = f"{line['quantity']} × {line['name']}"
            more = tag("small", line["description"]) if line["description"] else NOTHING
            shown = [tag("img", src=url, alt="", width=64, height=64) for url in line.get("images", [])[:1]]
            rows.append((tag("dt", *shown, name, more), line["unit_amount"] * line["quantity"]))
        rows.append((tag("dt", "Subtotal"), session["amount_subtotal"]))
        details = session["total_details"]
        if details["amount_discount"]:
            code = session["discounts"][0]["promotion_code"].removeprefix("promo_")
            rows.append((tag("dt", f"Promotion code {code}"), -details["amount_discount"]))
        if session["shipping_cost"]:
            rows.append((tag("dt", f"Shipping: {session['_shipping_name']}"), details["amount_shipping"]))
        rows.append((tag("dt", "Total due"), session["amount_total"]))
        return tag("dl", *(tag("div", label, tag("dd", self.money(amount))) for label, amount in rows))

    def code(self) -> Html:
        if not self.session["allow_promotion_codes"] or self.session["discounts"]:
            return NOTHING
        label = tag("label", "Promotion code", for_="code")
        typed = tag(
            "input",
            id="code",
            name="code",
            autocomplete="off",
            maxlength=40,
            required=True,
            **self.marks("code"),
        )
        button = tag("button", "Apply", type="submit", name="action", value="apply_code")
        row = tag("div", typed, button, class_="row")
        return tag(
            "form", label, row, self.complaint("code"), method="post", action=self.action, novalidate=True
        )

    # --- How it is paid ----------------------------------------------------------------------------------
    def payment_form(self, refused: str) -> Html:
        total = self.session["amount_total"]
        parts = [
            self.group("Contact", self.fields(form.contact_fields(self.session))),
            self.delivery(),
            self.payment(),
            self.outcomes(),
            tag(
                "button",
                f"Pay {self.money(total)}" if total else "Complete order",
                type="submit",
                class_="pay",
                name="action",
                value="pay",
            ),
        ]
        drawn = tag("form", *parts, method="post", action=self.action, novalidate=True)
        text = "Stand-in for the payment provider in development and tests. Use only the test card that is filled in."
        return tag("main", self.alert(refused), drawn, tag("footer", tag("p", text)))

    def alert(self, refused: str) -> Html:
        if refused:
            text = f"{refused} Nothing was charged. Try another card."
            return tag("div", tag("p", text), class_="alert", role="alert")
        if not self.wrong:
            return NOTHING
        labels = {field.name: f"{field.label}: " for field in form.asked_fields(self.session)}
        items = [
            tag("li", tag("a", f"{labels.get(name, '')}{text}", href=f"#{name}"))
            for name, text in self.wrong.items()
        ]
        title = tag("p", "Something is missing or wrong.")
        return tag("div", title, tag("ul", *items), class_="alert", role="alert")

    def group(self, legend: str, *content: Html, **attributes: str) -> Html:
        return tag("fieldset", tag("legend", legend), tag("div", *content, class_="grid"), **attributes)

    def marks(self, name: str) -> dict[str, str]:
        """Return the attributes that lead from a wrong field to its complaint."""
        return {"aria_invalid": "true", "aria_describedby": f"{name}-error"} if name in self.wrong else {}

    def complaint(self, name: str) -> Html:
        return (
            tag("p", self.wrong[name], class_="error", id=f"{name}-error") if name in self.wrong else NOTHING
        )

    def fields(self, fields: list[form.Field]) -> Html:
        return Html("".join(self.field(field) for field in fields))

    def field(self, field: form.Field) -> Html:
        label = field.label if field.required else f"{field.label} (optional)"
        typed = tag(
            "input",
            id=field.name,
            name=field.name,
            type=field.kind,
            value=self.values.get(field.name, ""),
            autocomplete=field.autocomplete,
            maxlength=form.LONGEST,
            required=field.required,
            readonly=field.fixed,
            inputmode="numeric" if field.name in ("number", "expiry", "cvc") else None,
            **self.marks(field.name),
        )
        labelled = tag("label", label, for_=field.name)
        return tag("div", labelled, typed, self.complaint(field.name), class_="wide" if field.wide else None)

    def select(self, name: str, label: str, options: Mapping[str, str]) -> Html:
        chosen = self.values.get(name, "")
        drawn = [
            tag("option", text, value=value, selected=value == chosen) for value, text in options.items()
        ]
        choice = tag("select", *drawn, id=name, name=name, **self.marks(name))
        return tag("div", tag("label", label, for_=name), choice, self.complaint(name), class_="wide")

    def country(self, part: str, codes: list[str]) -> Html:
        return self.select(
            f"{part}_country", "Country", {code: form.COUNTRIES.get(code, code) for code in codes}
        )

    def delivery(self) -> Html:
        codes = form.countries(self.session)
        if not codes:
            return NOTHING
        return self.group(
            "Delivery", self.fields(form.delivery_fields(self.session)), self.country("delivery", codes)
        )

    def payment(self) -> Html:
        card = self.fields(form.card_fields()) if self.session["amount_total"] else NOTHING
        drawn = self.group("Payment", card) if card else NOTHING
        if not form.needs_billing(self.session):
            return drawn
        same = NOTHING
        if form.countries(self.session):
            checked = bool(self.values.get("billing_same"))
            box = tag(
                "input", type="checkbox", id="billing_same", name="billing_same", value="yes", checked=checked
            )
            same = tag("label", box, " Same as the delivery address", class_="tick")
        fields = self.fields(form.billing_fields(self.session))
        inside = tag("div", fields, self.country("billing", list(form.COUNTRIES)), class_="grid")
        legend = tag("legend", "Billing address")
        return Html(drawn + tag("fieldset", legend, same, inside, class_="billing"))

    def outcomes(self) -> Html:
        choice = self.select("outcome", "What the bank answers", form.outcomes(self.session))
        hint = tag(
            "p", "A real payment page has no such box. Here you decide how the payment ends.", class_="wide"
        )
        return self.group("Test controls", choice, hint, class_="test")
