"""A month of orders in the demo, in every status, made through the functions that the shop itself uses.

They are paid at the sandbox that runs where the settings say. It is told over HTTP what time it is in the story and
who pays. Nothing is ever asked of Stripe itself: without a sandbox there are no orders.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from post_office.models import Email

from demo import shop, texts
from demo.frozen_time import frozen_time
from home.models import HomePage, User
from policies.ledger import entries
from policies.models import LedgerStatement, Policy
from store.basket import contents
from store.checkout import place_order
from store.models import Basket, Offer, Order, OrderEvent, ShippingOption
from store.offers import offering
from store.orders import lifecycle
from store.payments import events, fulfilment, refunds
from store.payments.signed_events import Event

Status, By = Order.Status, OrderEvent.By
HOST = "127.0.0.1"  # the sandbox listens on this machine only
PAYING = timedelta(minutes=3)  # typing in a card
# What a bank takes to decide; after the sandbox's usual 20 seconds no order would be seen waiting.
BANK_DEBIT = timedelta(days=3)
CHANGED_MIND = timedelta(minutes=12)
RETURN = timedelta(days=9)
# Of ranges that their countries keep free for stories.
PHONES = {
    "GB": "+44 7700 9001%02d",
    "DE": "+49 30 23125 1%02d",
    "FR": "+33 1 99 00 01 %02d",
    "IE": "+353 20 910 01%02d",
}
# What these took is on the shelf again.
GAVE_BACK = frozenset({"cancelled", "expired", "bank failed", "refunded"})


@dataclass(frozen=True)
class Purchase:
    """One entry of texts/orders.txt."""

    number: int
    who: str
    placed_at: datetime
    goods: dict[str, int]
    country: str
    way: str
    end: str
    note: str

    @property
    def email(self) -> str:
        """An e-mail address that belongs to nobody."""
        return f"{self.who.split()[0].lower()}@example.com"


@dataclass(frozen=True)
class Sandbox:
    """The sandbox, as far as it can be told what to do."""

    host: str  # and port

    def tell(self, path: str, **data: object) -> None:
        """Send a command to one of its control URLs. Raises OSError where it does not run."""
        headers = {"Content-Type": "application/json"}
        with closing(HTTPConnection(self.host, timeout=15)) as connection:
            connection.request("POST", f"/_sandbox/{path}", json.dumps(data), headers)
            if (status := connection.getresponse().status) != HTTPStatus.OK:
                message = f"The sandbox answered {status} to {path}."
                raise OSError(message)


@dataclass(frozen=True)
class Story:
    """What it takes to tell the month."""

    sandbox: Sandbox
    staff: User
    begun: datetime

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Let the shop and the sandbox do something at a moment."""
        self.sandbox.tell("clock", now=moment.timestamp(), settle_after=BANK_DEBIT.total_seconds())
        with frozen_time(moment):
            yield


@contextmanager
def sandbox() -> Iterator[Sandbox | None]:
    """Lend the sandbox that runs where the settings say; None where there is none, or it had its month."""
    url = urlsplit(settings.STRIPE_API_URL)
    found = Sandbox(url.netloc)
    if url.hostname != HOST or Order.objects.exists():
        yield None
        return
    try:
        found.tell("webhooks", events=[])  # whatever happens is settled here
    except (OSError, HTTPException):
        yield None
        return
    try:
        yield found
    finally:
        found.tell("clock")
        found.tell("webhooks", events=None)


def goods_gone(now: datetime) -> Counter[str]:
    """Say how many of each SKU the month takes from the shelf for good, so that enough was there before."""
    gone: Counter[str] = Counter()
    for purchase in purchases(now):
        if purchase.end not in GAVE_BACK:
            gone.update(purchase.goods)
    return gone


def create(*, home: HomePage, editor: User, staff: User) -> bool:
    """Create the shop and, with a sandbox, live through its month; return whether there are orders."""
    now = timezone.now()
    with sandbox() as running:
        shop.create(home=home, editor=editor, to_be_sold=goods_gone(now) if running else {})
        if running:
            _month(Story(running, staff, now))
            entries.state(LedgerStatement.Type.TAKEN_IN, {"kinds": [Order.ledger_kind]}, at=now)
    return Order.objects.exists()


def _month(story: Story) -> None:
    earlier = list(Email.objects.values_list("pk", flat=True))
    for purchase in purchases(story.begun):
        order = _placed(story, purchase)
        _live(story, purchase, order)
    _offers(story)
    # The month is over: nobody waits for these mails now, and a fresh site must not begin by sending thirty.
    Email.objects.exclude(pk__in=earlier).delete()


def _offers(story: Story) -> None:
    for entry in texts.records("offers.txt"):
        goods = [{"sku": sku, "quantity": quantity} for sku, quantity in _goods(entry).items()]
        with story.at(story.begun - timedelta(hours=int(entry["ago"]))):
            offer = offering.make(
                goods=goods, days=Offer.DAYS, by=story.staff, email=entry["to"], note=entry["note"]
            )
            if "sent" in entry:
                offering.send(offer)


def purchases(now: datetime) -> list[Purchase]:
    """Read the month, the oldest purchase first."""
    return [_read(number, entry, now) for number, entry in enumerate(texts.records("orders.txt"), start=1)]


def _read(number: int, entry: dict[str, str], now: datetime) -> Purchase:
    days, _, time = entry["ago"].partition(" ")
    hours, minutes = (int(part) for part in time.split(":"))
    # Today's are so many hours and minutes old; earlier ones have a time of day.
    moment = now - timedelta(hours=hours, minutes=minutes)
    if int(days):
        moment = _day_after(now, -int(days), hours, minutes)
    country, _, way = entry["to"].partition(" ")
    return Purchase(
        number, entry["who"], moment, _goods(entry), country, way, entry["end"], entry.get("note", "")
    )


def _goods(entry: dict[str, str]) -> dict[str, int]:
    items = (item.partition("*") for item in entry["goods"].split(", "))
    return {sku: int(quantity or 1) for sku, _, quantity in items}


def _day_after(moment: datetime, days: int, hour: int, minute: int) -> datetime:
    day = timezone.localtime(moment) + timedelta(days=days)
    return day.replace(hour=hour, minute=minute, second=7 * minute % 60, microsecond=0)


def _placed(story: Story, purchase: Purchase) -> Order:
    option = ShippingOption.objects.get(country__code=purchase.country, name=purchase.way)
    with story.at(purchase.placed_at):
        basket: Basket | None = None
        for sku, quantity in purchase.goods.items():
            basket = contents.add(basket=basket, sku=sku, quantity=quantity)
        assert basket is not None
        agreement = place_order.Agreement(
            shown_digest=place_order.Quote(contents.look_up(basket), option).digest,
            terms=Policy.objects.in_force_of(Policy.Kind.TERMS, purchase.placed_at),
            privacy=Policy.objects.in_force_of(Policy.Kind.PRIVACY, purchase.placed_at),
        )
        order = place_order.place_order(
            basket=basket, email=purchase.email, option=option, agreement=agreement
        )
        if purchase.end != "placed":
            fulfilment.start_payment(order=order)
    order.refresh_from_db()
    return order


def _live(story: Story, purchase: Purchase, order: Order) -> None:
    match purchase.end.split():
        case ["placed"] | ["awaiting"]:
            pass
        case ["cancelled"]:
            with story.at(order.placed_at + CHANGED_MIND):
                fulfilment.cancel(order=order, by=By.SHOPPER, reason=OrderEvent.Reason.CAME_BACK)
        case ["expired"]:
            assert order.session_expires_at is not None
            _settle(story, order, order.session_expires_at, "expired")
        case ["bank", *rest]:
            outcome = "delayed_failure" if rest == ["failed"] else "delayed_success"
            _pay(story, purchase, order, outcome=outcome)
            if rest:
                kind = "async_payment_failed" if rest == ["failed"] else "async_payment_succeeded"
                _settle(story, order, order.placed_at + PAYING + BANK_DEBIT, kind)
            _staff_work(story, purchase, order, *rest)
        case [end]:
            _pay(story, purchase, order, outcome="succeed")
            _staff_work(story, purchase, order, end)


def _pay(story: Story, purchase: Purchase, order: Order, *, outcome: str) -> None:
    with story.at(order.placed_at + PAYING):
        story.sandbox.tell(
            f"sessions/{order.session_id}/pay",
            outcome=outcome,
            delivery_name=purchase.who,
            card_name=purchase.who,
            phone=PHONES[purchase.country] % purchase.number,
            delivery_line1=f"{purchase.number} Example Street",
        )
    _settle(story, order, order.placed_at + PAYING)


def _settle(story: Story, order: Order, moment: datetime, kind: str = "completed") -> None:
    """Receive the event that Stripe sends about the order's payment page."""
    assert order.session_id is not None
    event = Event(
        id=f"evt_demo_{order.number}_{kind}",
        type=f"checkout.session.{kind}",
        livemode=order.livemode,
        created_at=moment,
        object_kind="checkout.session",
        object_id=order.session_id,
        payment_intent_id="",
    )
    with story.at(moment):
        events.receive(event)
    order.refresh_from_db()


def _staff_work(story: Story, purchase: Purchase, order: Order, end: str = "") -> None:
    if end == "paid" and purchase.note:
        with story.at(story.begun - timedelta(hours=2)):
            why = OrderEvent.Reason.MARKED
            lifecycle.mark_needs_attention(order=order, by=str(story.staff), reason=why, note=purchase.note)
    paid_at = order.paid_at or order.placed_at
    if end in {"packed", "sent", "refunded", "ready", "collected"}:
        _take_step(story, order, Status.PACKED, _day_after(paid_at, 1, 9, 12 + purchase.number))
    if end in {"sent", "refunded"}:
        _take_step(story, order, Status.SENT, _day_after(paid_at, 1, 15, 40))
    if end in {"ready", "collected"}:
        _take_step(story, order, Status.READY, _day_after(paid_at, 1, 10, 5))
    if end == "collected":
        _take_step(story, order, Status.COLLECTED, _day_after(paid_at, 2, 11, 25))
    if end == "refunded":
        _refund(story, order, paid_at + RETURN, purchase.note)


def _take_step(story: Story, order: Order, to: str, moment: datetime) -> None:
    with story.at(moment):
        lifecycle.take_staff_step(order_id=order.pk, to=to, user=story.staff)
    order.refresh_from_db()


def _refund(story: Story, order: Order, moment: datetime, note: str) -> None:
    with story.at(moment):
        wanted = refunds.everything(order, reason=note)
        refunds.request_refund(order=order, wanted=wanted, by=str(story.staff), actor=story.staff)
