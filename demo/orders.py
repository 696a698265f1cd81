"""A month of orders in the demo, in every status, made through the functions that the shop itself uses.

They are paid at the sandbox, which runs for that while where the settings say it is, with its own database: so it
knows them when `make run` starts it again. The shop's clock and the sandbox's tell the time of the story. Nothing is
ever asked of Stripe itself: without a sandbox there are no orders.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from post_office.models import Email

from demo import shop, texts
from home.models import HomePage, User
from policies.models import Policy
from store import baskets, checkout, clock, orders, settling, stock
from store.models import Basket, Order, OrderEvent, ShippingOption
from store.sandbox import payments as at_stripe
from store.sandbox.events import NOBODY
from store.sandbox.server import HOST, Sandbox

Status, By = Order.Status, OrderEvent.By
PAYING = timedelta(minutes=3)  # typing in a card
# What a bank takes to decide; after the sandbox's usual 20 seconds no order would be seen waiting.
BANK_DEBIT = timedelta(days=3)
CHANGED_MIND = timedelta(minutes=12)
RETURN = timedelta(days=9)
# What these took is on the shelf again.
GAVE_BACK = frozenset({"cancelled", "expired", "bank failed", "refunded"})


@dataclass(frozen=True)
class Purchase:
    """One entry of texts/orders.txt."""

    number: int
    placed_at: datetime
    goods: dict[str, int]
    country: str
    way: str
    end: str
    note: str

    @property
    def email(self) -> str:
        """An address that belongs to nobody."""
        return f"shopper{self.number}@example.com"


class Story:
    """The time that is told, to the shop and to the sandbox alike."""

    def __init__(self) -> None:
        """Begin now."""
        self.begun = self.moment = timezone.now()

    def timestamp(self) -> float:
        """Tell the sandbox what time it is."""
        return self.moment.timestamp()

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Tell what happened at a moment."""
        self.moment = moment
        with clock.at(moment):
            yield


@dataclass(frozen=True)
class Till:
    """What it takes to tell the story."""

    story: Story
    sandbox: Sandbox
    staff: User


@contextmanager
def sandbox(story: Story) -> Iterator[Sandbox | None]:
    """Run the sandbox where the settings say it is; None where there is none, or it runs already, or had its month."""
    address = urlsplit(settings.STRIPE_API_URL)
    if not settings.STRIPE_SANDBOX_DATABASE or address.hostname != HOST or Order.objects.exists():
        yield None
        return
    try:
        found = Sandbox(
            port=address.port or 0,
            database=settings.STRIPE_SANDBOX_DATABASE,
            clock=story.timestamp,
            enabled_events=(),  # nobody listens yet, and whatever happens is settled here
            settle_after=BANK_DEBIT.total_seconds(),
        )
    except OSError:  # the port is taken: by the sandbox of a site that runs, whose clock is not ours
        yield None
        return
    with found:
        yield found


def goods_gone(now: datetime) -> Counter[str]:
    """Say how many of each SKU the month takes from the shelf for good, so that enough was there before."""
    gone: Counter[str] = Counter()
    for purchase in purchases(now):
        if purchase.end not in GAVE_BACK:
            gone.update(purchase.goods)
    return gone


def create(*, home: HomePage, editor: User, staff: User) -> bool:
    """Create the shop and, with a sandbox, live through its month; return whether there are orders."""
    story = Story()
    with sandbox(story) as running:
        shop.create(home=home, editor=editor, to_be_sold=goods_gone(story.begun) if running else {})
        if running:
            _month(Till(story, running, staff))
    return Order.objects.exists()


def _month(till: Till) -> None:
    for purchase in purchases(till.story.begun):
        order = _placed(till.story, purchase)
        _live(till, purchase, order)
    # The month is over: nobody waits for these mails now, and a fresh site must not begin by sending thirty.
    Email.objects.filter(to__in=[purchase.email for purchase in purchases(till.story.begun)]).delete()


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
    goods = {}
    for item in entry["goods"].split(", "):
        sku, _, quantity = item.partition("*")
        goods[sku] = int(quantity or 1)
    country, _, way = entry["to"].partition(" ")
    return Purchase(number, moment, goods, country, way, entry["end"], entry.get("note", ""))


def _day_after(moment: datetime, days: int, hour: int, minute: int) -> datetime:
    day = timezone.localtime(moment) + timedelta(days=days)
    return day.replace(hour=hour, minute=minute, second=7 * minute % 60, microsecond=0)


def _placed(story: Story, purchase: Purchase) -> Order:
    option = ShippingOption.objects.get(country__code=purchase.country, name=purchase.way)
    with story.at(purchase.placed_at):
        basket: Basket | None = None
        for sku, quantity in purchase.goods.items():
            basket = baskets.add(basket=basket, sku=sku, quantity=quantity)
        assert basket is not None
        agreement = checkout.Agreement(
            shown=checkout.digest(baskets.contents(basket), option),
            terms=Policy.objects.in_force_of(Policy.Kind.TERMS, purchase.placed_at),
            privacy=Policy.objects.in_force_of(Policy.Kind.PRIVACY, purchase.placed_at),
        )
        order = checkout.place_order(basket=basket, email=purchase.email, option=option, agreement=agreement)
        if purchase.end != "placed":
            checkout.start_payment(order=order)
    order.refresh_from_db()
    return order


def _live(till: Till, purchase: Purchase, order: Order) -> None:
    match purchase.end.split():
        case ["placed"] | ["awaiting"]:
            pass
        case ["cancelled"]:
            with till.story.at(order.placed_at + CHANGED_MIND):
                checkout.cancel(order=order, by=By.SHOPPER, reason=OrderEvent.Reason.CAME_BACK)
        case ["expired"]:
            assert order.session_expires_at is not None
            _settle(till, order, order.session_expires_at)
        case ["bank", *rest]:
            outcome = "delayed_failure" if rest == ["failed"] else "delayed_success"
            _pay(till, purchase, order, outcome=outcome)
            if rest:
                _settle(till, order, order.placed_at + PAYING + BANK_DEBIT)
            _staff_work(till, purchase, order, *rest)
        case [end]:
            _pay(till, purchase, order, outcome="succeed")
            _staff_work(till, purchase, order, end)
    # A row's own times are those of its writing; the story's lie in the past.
    Basket.objects.filter(orders=order).update(created_at=order.placed_at, updated_at=order.placed_at)


def _pay(till: Till, purchase: Purchase, order: Order, *, outcome: str) -> None:
    assert order.session_id is not None
    name, street = f"Demo shopper {purchase.number}", f"{purchase.number} Example Street"
    with till.story.at(order.placed_at + PAYING):
        till.sandbox.pay(
            order.session_id, outcome=outcome, delivery_name=name, card_name=name, delivery_line1=street
        )
    _settle(till, order, order.placed_at + PAYING)


def _settle(till: Till, order: Order, moment: datetime) -> None:
    assert order.session_id is not None
    with till.story.at(moment):
        till.sandbox.look_at_the_clock()
        settling.settle(session_id=order.session_id, by=By.STRIPE)
    order.refresh_from_db()


def _staff_work(till: Till, purchase: Purchase, order: Order, end: str = "") -> None:
    if end == "paid" and purchase.note:
        with till.story.at(till.story.begun - timedelta(hours=2)):
            why = OrderEvent.Reason.ASKED_TO_LOOK
            orders.flag(order=order, by=str(till.staff), reason=why, note=purchase.note)
    paid_at = order.paid_at or order.placed_at
    if end in {"packed", "sent", "refunded"}:
        _step(till, order, Status.PACKED, _day_after(paid_at, 1, 9, 12 + purchase.number))
    if end in {"sent", "refunded"}:
        _step(till, order, Status.SENT, _day_after(paid_at, 1, 15, 40))
    if end == "refunded":
        _refund(till, order, paid_at + RETURN, purchase.note)


def _step(till: Till, order: Order, to: str, moment: datetime, note: str = "") -> None:
    with till.story.at(moment):
        orders.change_status(order=order, to=to, by=str(till.staff), actor=till.staff, note=note)


def _refund(till: Till, order: Order, moment: datetime, note: str) -> None:
    with till.story.at(moment), till.sandbox.storage.transaction() as db:  # as if in Stripe's dashboard
        at_stripe.refund(till.sandbox.account, db, {"payment_intent": order.payment_intent_id}, NOBODY)
    with till.story.at(moment):
        stock.take_back(order=order, by=till.staff)
    _step(till, order, Status.REFUNDED, moment, note)
