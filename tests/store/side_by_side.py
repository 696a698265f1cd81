"""Stripe's side and ours, side by side: how payments, refunds and disputes stand, and what of it does not agree.

It reads what the sandbox keeps and what our tables say. Of the code of the shop it asks only what it tells staff: how
much can still be refunded.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Sum

from store.models import Order, StockItem, StockMovement
from tools.stripe_sandbox.server import Sandbox

Body = dict[str, Any]
Status = Order.Status
KINDS = ("checkout.session", "payment_intent", "charge", "refund", "dispute")
# Stripe's status → ours
REFUNDS = {"pending": "pending", "succeeded": "succeeded", "failed": "failed"}
DISPUTES = {
    "needs_response": "needs_response",
    "warning_needs_response": "inquiry",
    "under_review": "under_review",
    "won": "won",
    "lost": "lost",
}
WITHHELD = {"needs_response", "under_review", "lost"}  # the money of such disputes is not ours
TAKEN_BACK = {
    "pending",
    "succeeded",
    "failed",
}  # the goods of such refunds; the bank's failure does not send them out

OVER_AND_OPEN = "it is over, and its page can still be paid"


@dataclass
class Payment:
    """A Checkout Session at Stripe, and what became of its money."""

    session: Body
    charge: Body | None = None  # a successful one
    is_processing: bool = False
    refunds: list[Body] = field(default_factory=list)  # the oldest first
    disputes: list[Body] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.session["id"]

    @property
    def intent(self) -> str:
        return self.session["payment_intent"] or ""

    @property
    def state(self) -> str:
        """Return open, expired, processing, failed or paid."""
        if self.session["status"] != "complete":
            return self.session["status"]
        if self.session["payment_status"] != "unpaid":
            return "paid"
        return "processing" if self.is_processing else "failed"

    @property
    def paid(self) -> int:
        return self.session["amount_total"] if self.state == "paid" else 0

    @property
    def refunded(self) -> int:
        """What went back, as the charge counts it."""
        return self.charge["amount_refunded"] if self.charge else 0

    @property
    def withheld(self) -> int:
        return sum(one["amount"] for one in self.disputes if one["status"] in WITHHELD)


class AtStripe:
    """The sandbox's payments, and its events, at one moment."""

    def __init__(self, sandbox: Sandbox) -> None:
        with sandbox.storage.transaction() as db:
            found = db.rows("SELECT kind, body FROM object WHERE kind <> 'event' ORDER BY seq")
            self.undelivered: list[tuple[int, str]] = [
                (row["seq"], row["about"])
                for row in db.rows(
                    "SELECT object.seq, coalesce(json_extract(body, '$.data.object.payment_intent'), parent) AS about "
                    "FROM delivery JOIN object ON object.id = event WHERE state <> 'delivered'"
                )
            ]
            self.last_event: int = db.rows("SELECT coalesce(max(seq), 0) AS seq FROM object")[0]["seq"]
        objects: dict[str, list[Body]] = defaultdict(list)
        for row in found:
            objects[row["kind"]].append(json.loads(row["body"]))
        self.payments = [Payment(session) for session in objects["checkout.session"]]
        self._by_session = {one.id: one for one in self.payments}
        self._by_reference = {one.session["client_reference_id"]: one for one in self.payments}
        self.by_intent = {one.intent: one for one in self.payments if one.intent}
        for intent in objects["payment_intent"]:
            self.by_intent[intent["id"]].is_processing = intent["status"] == "processing"
        for charge in objects["charge"]:
            if charge["paid"]:
                self.by_intent[charge["payment_intent"]].charge = charge
        for kind in ("refund", "dispute"):
            for one in objects[kind]:
                getattr(self.by_intent[one["payment_intent"]], f"{kind}s").append(one)

    def of(self, order: Order) -> Payment | None:
        """Return the payment of an order, also one of which the shop does not know."""
        return self._by_session.get(order.session_id or "") or self._by_reference.get(order.number)

    def untold(self, order: Order, since: int = 0) -> bool:
        """Return whether Stripe has told, after an event, of something that did not arrive."""
        payment = self.of(order)
        return payment is not None and any(
            seq > since and about in {payment.id, payment.intent} for seq, about in self.undelivered
        )


def orders() -> list[Order]:
    """Return all orders with everything that is compared, the oldest first."""
    found = Order.objects.order_by("pk").defer("session_params")
    return list(
        found.prefetch_related(
            "lines",
            "refunds__lines__order_line",
            "disputes",
            "stock_movements",
            "events",
            "documents__sums",
        )
    )


# --- What always holds -----------------------------------------------------------------------------------------
def wrong_payment(order: Order, payment: Payment | None) -> Iterator[str]:
    """Say what of an order's payment can never be so, whatever the shop has not been told yet."""
    paid = payment.paid if payment else 0
    if order.paid_at is not None and (not payment or order.paid_amount != paid):
        yield f"we say {order.paid_amount} was paid, Stripe {paid}"
    if order.paid_at is None and (order.paid_amount or order.status in Order.CONFIRMED | {Status.REVIEW}):
        yield f"{order.status} without payment"
    if order.status in Order.OVER and order.session_id and payment and payment.state == "open":
        yield OVER_AND_OPEN


def wrong_refunds(order: Order, payment: Payment | None) -> Iterator[str]:
    """Say what of an order's refunds can never be so, whatever the shop has not been told yet."""
    refunds = list(order.refunds.all())
    made = {one["id"]: one for one in payment.refunds} if payment else {}
    if sum(one.amount for one in refunds if one.is_on_its_way) > order.paid_amount:
        yield "more is refunded than was paid"
    for one in refunds:
        there = made.get(one.refund_id or "")
        if one.refund_id and (there is None or there["amount"] != one.amount):
            yield f"refund {one} is not Stripe's"
        elif one.is_on_its_way and there is None:
            yield f"refund {one} is on its way, but not at Stripe"
    tokens = Counter(one["metadata"]["refund"] for one in made.values() if one["metadata"])
    if repeated := [token for token, times in tokens.items() if times > 1]:
        yield f"refunds {repeated} were made twice"
    if denied := [one.token for one in refunds if one.status == "refused" and one.token in tokens]:
        yield f"refunds {denied} count as refused, and Stripe made them"
    if strange := set(tokens) - {one.token for one in refunds}:
        yield f"refunds {strange} were asked for, and no row knows them"


def wrong_papers(order: Order) -> Iterator[str]:
    """Say whether what an order's invoices and credit notes leave is not what was charged less what is refunded."""
    papers = order.documents.all()
    if bool(papers) != any(event.to_status == Status.PAID for event in order.events.all()):
        yield f"{len(papers)} papers while {order.status}"
    stated = sum(row.gross for paper in papers for row in paper.sums.all())
    left = order.paid_amount - sum(one.amount for one in order.refunds.all() if one.is_on_its_way)
    if papers and stated != left:
        yield f"its papers leave {stated}, the payment {left}"


def wrong_goods(order: Order) -> Iterator[str]:
    """Say what of an order's goods is held, sold or back on the shelf for no reason."""
    held, sold, back = Counter[str](), Counter[str](), Counter[str]()
    for movement in order.stock_movements.all():
        held[movement.sku] += movement.held_change
        sold[movement.sku] -= movement.on_hand_change if movement.kind == "sold" else 0
        back[movement.sku] += movement.on_hand_change if movement.kind == "returned" else 0
    taken, restocked = Counter[str](), Counter[str]()
    for refund in order.refunds.all():
        for line in refund.lines.all() if refund.status in TAKEN_BACK else ():
            taken[line.order_line.sku] += line.quantity
            restocked[line.order_line.sku] += line.quantity if line.restock else 0
    for line in order.lines.all():
        sku, quantity = line.sku, line.quantity
        if held[sku] not in _may_hold(order, quantity):
            yield f"{held[sku]} of {quantity} {sku} are held while {order.status}"
        if order.status in Order.CONFIRMED and not quantity - taken[sku] <= sold[sku] <= quantity:
            yield f"{sold[sku]} of {quantity} {sku} are sold, {taken[sku]} taken back"
        if sold[sku] and order.status not in Order.CONFIRMED | {Status.CANCELLED}:
            yield f"{sku} is sold while {order.status}"
        # Of what was refunded before it was sold, nothing had left the shelf.
        before = quantity - sold[sku] if sold[sku] else quantity
        due = max(0, restocked[sku] - before)
        if order.status == Status.CANCELLED and sold[sku]:
            due = sold[sku] - (taken[sku] - restocked[sku])
        if (not before and back[sku] != due) or back[sku] > sold[sku]:
            yield f"{back[sku]} {sku} came back, {due} should have"


def _may_hold(order: Order, quantity: int) -> set[int]:
    if order.status in Order.AWAITING_PAYMENT:
        return {quantity}
    return {0, quantity} if order.status == Status.REVIEW else {0}


def wrong_stock(found: Iterable[Order]) -> Iterator[str]:
    """Say where the shelf differs from what came and went, or from what the orders hold."""
    sums = (
        StockMovement.objects.values("sku")
        .order_by("sku")
        .annotate(Sum("on_hand_change"), Sum("held_change"))
    )
    moved = {row["sku"]: (row["on_hand_change__sum"], row["held_change__sum"]) for row in sums}
    for item in StockItem.objects.all():
        if (item.on_hand, item.held) != moved.get(item.sku, (0, 0)):
            yield f"{item}: {item.on_hand} here and {item.held} held, moved {moved.get(item.sku)}"
    of_orders = Counter[str]()
    for order in found:
        for movement in order.stock_movements.all():
            of_orders[movement.sku] += movement.held_change
    for item in StockItem.objects.all():
        if item.held != of_orders[item.sku]:
            yield f"{item}: {item.held} held, {of_orders[item.sku]} by orders"


# --- What holds when the shop was told ---------------------------------------------------------------------------
def ours(order: Order) -> dict[str, Any]:
    """Return how an order's money stands, as our tables say it."""
    refunds, disputes = order.refunds.all(), order.disputes.all()
    counted = sum(one.amount for one in refunds if one.status not in {"failed", "refused"})
    return {
        "paid": order.paid_amount,
        "left": order.paid_amount - counted,
        "intent": order.payment_intent_id if order.paid_at else "",
        "refunds": sorted((one.refund_id, one.amount, one.status) for one in refunds if one.refund_id),
        "disputes": sorted((one.dispute_id, one.amount, one.status) for one in disputes),
    }


def theirs(payment: Payment | None) -> dict[str, Any]:
    """Return how a payment stands, as Stripe says it."""
    if payment is None or payment.state in {"open", "expired"}:
        return {"paid": 0, "left": 0, "intent": "", "refunds": [], "disputes": []}
    refunds, disputes = payment.refunds, payment.disputes
    return {
        "paid": payment.paid,
        "left": payment.paid - payment.refunded,
        "intent": payment.intent if payment.state == "paid" else "",
        "refunds": sorted((one["id"], one["amount"], REFUNDS[one["status"]]) for one in refunds),
        "disputes": sorted((one["id"], one["amount"], DISPUTES[one["status"]]) for one in disputes),
    }


def statuses(payment: Payment | None) -> frozenset[str]:
    """Return what the status of an order can be whose payment stands so."""
    match payment and payment.state:
        case "open":
            return frozenset({Status.AWAITING})
        case "expired":
            return frozenset({Status.EXPIRED, Status.CANCELLED})
        case "processing":
            return frozenset({Status.PROCESSING})
        case "failed":
            return frozenset({Status.FAILED})
        case "paid":
            return Order.CONFIRMED | {Status.REVIEW, Status.CANCELLED}
    return frozenset({Status.CANCELLED})


def differences(order: Order, at_stripe: AtStripe, *, ended_too_early: bool) -> Iterator[str]:
    """Say what of an order is not as Stripe says; what a fault of ours had ended may be over while its page is open."""
    payment = at_stripe.of(order)
    expected = statuses(payment) | (
        Order.OVER if ended_too_early and not (payment and payment.paid) else set()
    )
    if order.status not in expected:
        yield f"{order.status}, at Stripe {payment and payment.state}"
    if (mine := ours(order)) != (other := theirs(payment)):
        yield f"ours {mine}, at Stripe {other}"
    left = max(0, payment.paid - payment.refunded - payment.withheld) if payment else 0
    if (told := order.refundable) != left:
        yield f"{told} can be refunded, at Stripe {left}"
    if _can_be_packed(order) and payment and (payment.withheld or not payment.paid):
        yield "it can be packed, though its money is not ours"


def _can_be_packed(order: Order) -> bool:
    is_asking = any(one.status == "requested" for one in order.refunds.all())
    return (
        order.status == Status.PAID
        and not is_asking
        and all(one.status == "won" for one in order.disputes.all())
    )
