"""The page of the controls: what there is, and buttons for what Stripe, banks and networks would do by themselves."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tools.stripe_sandbox import currencies, delivery, faults, forgeries, sessions, webhook_faults
from tools.stripe_sandbox.account import Account
from tools.stripe_sandbox.control_urls import URLS
from tools.stripe_sandbox.errors import ApiError
from tools.stripe_sandbox.events import API_VERSION
from tools.stripe_sandbox.messages import Response
from tools.stripe_sandbox.rendering import NOTHING, Html, page, tag
from tools.stripe_sandbox.storage import Body
from tools.stripe_sandbox.vouchers import is_pushed

if TYPE_CHECKING:
    from tools.stripe_sandbox.control_objects import ObjectControls
    from tools.stripe_sandbox.control_webhooks import WebhookControls

PREFIX = "/_sandbox/"
SHOWN = 30
# The words of the form by the names of its fields.
LABELS = {"ahead": "Seconds ahead", "settle_after": "Seconds until delayed payments are decided"}


def drawn(
    account: Account,
    deliverer: delivery.Deliverer,
    ordered: faults.Faults,
    objects: "ObjectControls",
    webhooks: "WebhookControls",
) -> Response:
    """Return the page."""
    told = webhooks.events_with_states()[:SHOWN]
    sold = objects.latest(sessions.KIND)
    refunds, disputes = objects.latest("refund")[:SHOWN], objects.latest("dispute")[:SHOWN]
    of = {session["payment_intent"]: _whose(session) for session in sold if session["payment_intent"]}
    body = [
        tag("h1", "Sandbox"),
        tag("p", f"Stripe’s stand-in, version {API_VERSION}. It sends webhooks to {account.webhook_url or 'nobody'}."),
        tag(
            "div",
            _panel("Webhooks", *_webhook_forms(deliverer)),
            _panel("Faults of webhooks", *_webhook_faults(deliverer.faults.listed())),
            _panel("Faults of the API", *_api_faults(ordered.listed())),
            _panel("Clock and refunds", *_clock(account)),
            class_="panels",
        ),
        _table("Sessions", "Session Order Made Total State Do", map(_session_row, sold[:SHOWN])),
        _table("Refunds", "Refund Order Made Total State Do", [_refund_row(one, of) for one in refunds]),
        _table("Disputes", "Dispute Order Made Total State Do", [_dispute_row(one, of) for one in disputes]),
        _table("Events", "Event Made Type Webhook Do", [_event_row(*row) for row in told]),
        _table("Deliveries", "At Event Answer Took", map(_attempt_row, deliverer.log()[:SHOWN])),
        tag("h2", "URLs for tests"),
        tag("p", "Bodies are JSON. They answer to this machine only."),
        tag("dl", *(tag("div", tag("dt", name), tag("dd", text)) for name, text in URLS.items())),
    ]  # fmt: skip
    return page("Sandbox", tag("main", *body, class_="control"))


def refused(error: ApiError) -> Response:
    """Tell a person what was wrong with a form."""
    link = tag("a", "Back to the controls", href=PREFIX)
    name = error.param or ""
    text = error.text.replace(name, LABELS[name], 1) if name in LABELS else error.text
    return page(
        "Refused",
        tag("main", tag("h1", "Refused"), tag("p", text), link, class_="notice"),
        status=error.status,
    )


# --- Forms -----------------------------------------------------------------------------------------------
def _panel(title: str, *content: Html) -> Html:
    return tag("section", tag("h2", title), *content, class_="panel")


def _webhook_forms(deliverer: delivery.Deliverer) -> list[Html]:
    held, waiting = deliverer.on_hold, len(deliverer.waiting())
    state = f"{waiting} waiting{', held back' if held else ''}."
    text = "Let webhooks go" if held else "Hold webhooks back"
    foreign, malformed = (
        _choice("shape", "Of", forgeries.FOREIGN),
        _choice("shape", "With", forgeries.MALFORMED),
    )
    return [
        tag("p", state),
        _button("webhooks", text, on_hold=str(not held).lower()),
        _form(
            "webhooks/deliver",
            "Deliver now",
            _choice("order", "Order", delivery.ORDERS),
            _entry("seed", "Seed (shuffled)", "0"),
        ),
        _form("webhooks/forge", "Send foreign event", foreign, kind="foreign"),
        _form("webhooks/forge", "Send malformed event", malformed, kind="malformed"),
    ]


def _webhook_faults(waiting: list[Body]) -> list[Html]:
    usual = webhook_faults.WebhookFault
    form = _form(
        "webhooks/faults",
        "Let it go wrong",
        _choice("kind", "Kind", webhook_faults.KINDS),
        _entry("events", "Types of events", usual.events),
        _entry("times", "Times", str(usual.times)),
        _entry("copies", "Copies (duplicate, concurrent)", str(usual.copies)),
        _entry("seconds", "Seconds (delayed, stale)", f"{usual.seconds:g}"),
        _choice("shape", "Shape (malformed)", ["", *forgeries.MALFORMED]),
    )
    told = [{name: fault[name] for name in webhook_faults.told_of(fault["kind"])} for fault in waiting]
    return [form, *_ordered("webhooks/faults", told)]


def _api_faults(waiting: list[Body]) -> list[Html]:
    form = _form(
        "faults",
        "Let it go wrong",
        _choice("operation", "Operation", reversed(faults.OPERATIONS)),
        _choice("kind", "Kind", faults.KINDS),
        _entry("seconds", "Seconds (slow)", f"{faults.Fault.seconds:g}"),
        _entry("times", "Times", str(faults.Fault.times)),
    )
    return [form, *_ordered("faults", waiting)]


def _ordered(action: str, waiting: list[Body]) -> list[Html]:
    """List the faults still to come, and let them be forgotten."""
    if not waiting:
        return [tag("p", "Nothing goes wrong.")]
    items = [tag("li", ", ".join(f"{name}: {value}" for name, value in fault.items())) for fault in waiting]
    return [tag("ul", *items), _button(f"{action}/clear", "Forget them")]


def _clock(account: Account) -> list[Html]:
    now = datetime.fromtimestamp(account.time(), UTC).strftime("%Y-%m-%d %H:%M:%S")
    wait = account.refunds_wait
    return [
        tag("p", f"It is {now} UTC at Stripe, {account.ahead:+g} seconds."),
        _form(
            "clock",
            "Set clock",
            _entry("ahead", f"{LABELS['ahead']} (-: behind)", f"{account.ahead:g}"),
            _entry("settle_after", LABELS["settle_after"], f"{account.settle_after:g}"),
        ),
        tag(
            "p",
            f"Bank debits, vouchers and transfers are decided automatically {account.settle_after:g} seconds after "
            "their page. An empty field is set as usual.",
        ),
        tag("p", "New refunds are pending." if wait else "Refunds succeed at once."),
        _button("refunds", "Let refunds succeed" if wait else "Let refunds wait", wait=str(not wait).lower()),
    ]


def _button(action: str, text: str, **fields: str) -> Html:
    """Return a form of one button that sends these fields."""
    return _form(action, text, **fields)


def _form(action: str, text: str, *content: tuple[str, Html], **fields: str) -> Html:
    """Return a form with labelled fields, a button, and fields that nobody sees."""
    hidden = [tag("input", type="hidden", name=name, value=value) for name, value in fields.items()]
    labelled = [tag("label", label, drawn) for label, drawn in content]
    button = tag("button", text, type="submit")
    return tag("form", *hidden, *labelled, button, method="post", action=f"{PREFIX}{action}")


def _choice(name: str, label: str, options: Iterable[str]) -> tuple[str, Html]:
    drawn = [tag("option", option.replace("_", " "), value=option) for option in options]
    return label, tag("select", *drawn, name=name)


def _entry(name: str, label: str, usual: str) -> tuple[str, Html]:
    return label, tag("input", name=name, placeholder=usual, autocomplete="off")


# --- Tables ----------------------------------------------------------------------------------------------
def _table(title: str, heads: str, rows: Iterable[list[str]]) -> Html:
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    if not body:
        return NOTHING
    head = tag("tr", *(tag("th", name) for name in heads.split()))
    return Html(tag("h2", title) + tag("table", tag("thead", head), tag("tbody", *body)))


def _made(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _whose(session: Body) -> str:
    """Return the order and the e-mail address of a session."""
    email = (session["customer_details"] or {}).get("email") or session["customer_email"]
    return ", ".join(filter(None, (session["client_reference_id"], email)))


def _row(body: Body, name: str, whose: str, amount: int, state: str, *actions: Html) -> list[str]:
    total = currencies.written(amount, body["currency"])
    return [name, whose, _made(body["created"]), total, state, Html("".join(actions))]


def _session_row(session: Body) -> list[str]:
    name, state, actions = session["id"], session["status"], [NOTHING]
    if state == "open":
        actions = [_button(f"sessions/{name}/expire-now", "Expire now")]
    elif state == "complete":
        state = f"complete, {session['payment_status'].replace('_', ' ')}"
    if session["payment_status"] == "paid":
        actions = [
            _button(f"sessions/{name}/refund", "Refund"),
            _button(f"sessions/{name}/dispute", "Dispute"),
        ]
    if session.get("_settle_at") is not None:
        method = session.get("_method", "bank_debit")  # a session of before methods were kept
        state = f"complete, {method.replace('_', ' ')} under way"
        outcomes = {"succeed": "Succeeds", "fail": "Fails"}
        outcomes |= {"cancel": "Cancel"} if is_pushed(method) else {}
        actions = [_button(f"sessions/{name}/settle", text, outcome=end) for end, text in outcomes.items()]
    link = tag("a", f"{name[:20]}…", href=f"/c/pay/{name}")
    return _row(session, link, _whose(session), session["amount_total"], state, *actions)


def _refund_row(refund: Body, of: dict[str, str]) -> list[str]:
    name, state = refund["id"], refund["status"]
    actions = (
        [_button(f"refunds/{name}/succeed", "Arrives")] if state in ("pending", "requires_action") else []
    )
    if state != "failed":
        actions.append(_button(f"refunds/{name}/fail", "Comes back"))
    whose = of.get(refund["payment_intent"], "")
    return _row(refund, f"{name[:14]}…", whose, refund["amount"], state.replace("_", " "), *actions)


def _dispute_row(dispute: Body, of: dict[str, str]) -> list[str]:
    name, state = dispute["id"], dispute["status"]
    steps = [] if state in ("won", "lost") else ["under_review", "won", "lost"]
    actions = [_button(f"disputes/{name}/{step}", step.replace("_", " ").capitalize()) for step in steps]
    whose = of.get(dispute["payment_intent"], "")
    return _row(dispute, f"{name[:14]}…", whose, dispute["amount"], state.replace("_", " "), *actions)


def _event_row(event: Body, state: str) -> list[str]:
    button = _button(f"events/{event['id']}/resend", "Send again")
    return [f"{event['id'][:14]}…", _made(event["created"]), event["type"], state, button]


def _attempt_row(attempt: dict[str, Any]) -> list[str]:
    name = attempt["event"]
    shown = f"{name[:14]}…" if name.startswith("evt_") else name
    answer = str(attempt["status"] or attempt["error"])[:80]
    return [_made(attempt["at"]), shown, answer, f"{attempt['milliseconds']} ms"]
