"""What the tests of payments share: Stripe's stand-in, wired to the shop by settings alone, and what it has to say.

The shop speaks to it through the SDK over HTTP, and it speaks to the shop by really signed webhooks; nothing is
patched.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone
from post_office.models import Email

from home import spam
from policies.models import Policy
from store.basket import contents
from store.checkout import place_order
from store.checkout.forms import CheckoutForm
from store.models import Basket, Order, OrderLine, Refund, ShippingOption, StockItem
from store.orders import lifecycle
from store.payments import fulfilment, gateway
from store.stock import movements
from tests import factories
from tools.stripe_sandbox import payments
from tools.stripe_sandbox.events import NOBODY, signature
from tools.stripe_sandbox.server import Sandbox

WEBHOOK = "/stripe/webhook/"
ADDRESS = {
    "name": "Ada Lovelace",
    "line1": "5 St James’s Square",
    "city": "London",
    "postal_code": "SW1Y 4LB",
    "country": "GB",
}


@contextmanager
def stand_in(settings: Any) -> Iterator[Sandbox]:
    """Run a sandbox to which the shop's settings lead. Its webhooks wait until a test has them delivered."""
    with Sandbox(retry_delays=(0.05,) * 20) as running:
        running.deliveries.on_hold = True
        # Tests decide themselves when a delayed payment comes; its clock is theirs, which they move by days.
        running.account.settle_after = timedelta(days=100).total_seconds()
        settings.STRIPE_API_URL = running.url
        settings.STRIPE_WEBHOOK_SECRETS = [running.webhook_secret]
        yield running


def listen(sandbox: Sandbox, server_url: str) -> None:
    """Have webhooks sent to a running server."""
    sandbox.webhook_url = server_url + WEBHOOK


def deliver(sandbox: Sandbox) -> dict[str, int | None]:
    """Carry what waits, one after the other; the last answer by kind of event."""
    answers = {}
    for event in sandbox.deliveries.waiting():
        with sandbox.storage.transaction() as db:
            kind = db.find(event)["type"]
        answers[kind] = sandbox.deliveries.attempt(event).status
    return answers


def sessions(sandbox: Sandbox, status: str = "") -> list[dict[str, Any]]:
    """Return the sandbox's sessions, of one status or all."""
    with sandbox.storage.transaction() as db:
        rows = db.rows("SELECT id FROM object WHERE kind = 'checkout.session'")
        found = [db.find(row["id"]) for row in rows]
    return [session for session in found if status in ("", session["status"])]


def event(kind: str = "checkout.session.completed", **changes: Any) -> dict[str, Any]:
    """Return an event as Stripe writes it; `data` is its object."""
    data = changes.pop("data", {"id": "cs_test_unknown", "object": "checkout.session"})
    return {
        "id": "evt_test_1",
        "object": "event",
        "type": kind,
        "livemode": False,
        "created": int(time.time()),
        "data": {"object": data},
        **changes,
    }


def post_event(client: Client, body: dict[str, Any] | bytes, *secrets: str, header: str | None = None) -> int:
    """Post a body to the webhook, signed with these secrets or with a header of its own; return the status."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Stripe-Signature": signature(payload, list(secrets)) if header is None else header}
    return client.post(WEBHOOK, payload, content_type="application/json", headers=headers).status_code


def stock_of(sku: str = "MUG") -> tuple[int, int]:
    """Return what lies on the shelf, and what of it is held."""
    return StockItem.objects.values_list("on_hand", "held").get(sku=sku)


def sales(order: Order) -> int:
    """Count how often the order was sold."""
    return order.stock_movements.filter(kind="sold").count()


def mails_about(order: Order) -> int:
    """Count the mails that tell of the order."""
    return Email.objects.filter(to=order.email).count()


def purchase(
    currency: str = "GBP", *, number: str = "261122-ABCDEF", price: int = 1250, shipping: int = 395
) -> dict[str, Any]:
    """Return what Stripe is asked for when two mugs are ordered."""
    order = Order(
        number=number,
        email="shopper@example.com",
        currency=currency,
        country="GB",
        return_token="return",
        shipping=shipping,
        session_expires_at=timezone.now() + timedelta(minutes=40),
    )
    mugs = OrderLine(title="Enamel mug", unit_price=price, quantity=2)
    option = ShippingOption(name="Post", price=shipping, min_days=2, max_days=4)
    return gateway.session_params(order=order, lines=[mugs], option=option)


def shown(basket: Basket) -> dict[str, Any]:
    """What the review page's form sends."""
    option = ShippingOption.objects.first()
    digest = place_order.Quote(contents.look_up(basket), option).digest
    stamp = spam.new_stamp(page_id=CheckoutForm.PAGE)
    seen = replace(stamp, at=stamp.at - 10).signed()  # seconds
    values = {"email": "shopper@example.com", "terms": "on", "shown": digest, spam.STAMP_FIELD: seen}
    for kind in (Policy.Kind.TERMS, Policy.Kind.PRIVACY):
        if version := Policy.objects.in_force_of(kind):
            values[f"{kind}_version"] = str(version.number)
    return values


def press_pay(client: Client, basket: Basket, **changes: str) -> Any:
    return client.post("/checkout/", {**shown(basket), **changes})


def is_as_it_was(basket: Basket) -> bool:
    return list(basket.lines.values_list("sku", "quantity")) == [("MUG", 2)]


def settle(order: Order) -> Order:
    fulfilment.settle(session_id=order.session_id, by="test")
    order.refresh_from_db()
    return order


def in_dashboard(sandbox: Sandbox, order: Order, **params: Any) -> str:
    """Refund a paid order in Stripe's Dashboard, all of it unless `amount` says less; return the refund's id."""
    with sandbox.storage.transaction() as db:
        params["payment_intent"] = order.payment_intent_id
        return payments.refund(sandbox.account, db, params, NOBODY)["id"]


def history(order: Order, count: int) -> list[tuple[str, str, str]]:
    """Return the last events of an order: to which status, by whom and why."""
    return list(order.events.order_by("pk").values_list("to_status", "by", "reason"))[-count:]


def end_too_early(order: Order, to: str) -> None:
    """What must never happen, had happened: the order was ended though its page could still be paid."""
    with lifecycle.locked(order.pk) as fresh:
        movements.release(order=fresh)
        lifecycle.change_status(order=fresh, to=to, by="test")


def pay_in_cash(order: Order, *, amount: int | None = None, currency: str = "") -> Order:
    """Have staff take the money of an order, which is then confirmed."""
    with lifecycle.locked(order.pk) as fresh:
        fresh.payment_source, fresh.paid_at = Order.PaymentSource.CASH, timezone.now()
        fresh.paid_amount = fresh.total if amount is None else amount
        fresh.paid_currency = currency or fresh.currency
        fresh.save()
        lifecycle.confirm(order=fresh, by="Staff")
    return fresh


def mug_paid_in_cash() -> Order:
    return pay_in_cash(factories.placed_order(factories.basket(MUG=1)))


def paid_order(**quantities: int) -> Order:
    """Place an order whose payment is settled, as staff see it then."""
    order = factories.placed_order(factories.basket(**quantities))
    order.status, order.paid_at, order.paid_amount = Order.Status.PAID, timezone.now(), order.total
    order.paid_currency, order.shipping_address = order.currency, ADDRESS
    order.save()
    return order


def take_back(order: Order, quantity: int, *, amount: int = 100) -> None:
    """Refund so many of an order's only line, which go back on the shelf."""
    refund = Refund.objects.create(
        order=order, amount=amount, status=Refund.Status.SUCCEEDED, by="Owner", created_at=timezone.now()
    )
    refund.lines.create(order_line=order.lines.get(), quantity=quantity, restock=True)
