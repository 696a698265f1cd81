"""Whether the shop takes orders, what it says about it, and by when they arrive, as Settings → Shop has it."""

from dataclasses import dataclass

from django.utils import timezone

from home import snapshot
from home.page_cache import reads
from store.models import ClosedPeriod, Order, ShippingOption, ShopSettings
from store.shipping.promises import Promise, Rules, promise, today, working_days_between


@dataclass(frozen=True)
class ShopCalendar:
    """The settings of one moment."""

    shop: ShopSettings
    closed: tuple[ClosedPeriod, ...]

    @property
    def rules(self) -> Rules:
        """When orders leave."""
        return Rules(
            zone=timezone.get_default_timezone(),
            weekdays=self.shop.dispatch_days,
            cut_off=self.shop.cut_off,
            closed=tuple((one.begin, one.end) for one in self.closed),
        )

    @property
    def _closed_today(self) -> list[ClosedPeriod]:
        return [one for one in self.closed if one.begin <= today() <= one.end]

    @property
    def takes_orders(self) -> bool:
        """Orders are taken today."""
        return self.shop.takes_orders and all(one.takes_orders for one in self._closed_today)

    @property
    def notice(self) -> str:
        """What shoppers read today; empty when nothing is special."""
        if not self.shop.takes_orders:
            return self.shop.not_taken_note
        closed = sorted(self._closed_today, key=lambda one: one.takes_orders)  # first why no orders are taken
        return closed[0].sentence if closed else ""

    def promise(self, option: ShippingOption, *, make: int = 0) -> Promise | None:
        """Return by when an order arrives that is placed now; None where the trader promises no days."""
        if not self.takes_orders:
            return None
        now, least, most = timezone.now(), option.min_days, option.max_days
        return promise(self.rules, least=least, most=most, now=now, make=make)


def current() -> ShopCalendar:
    """Return the settings as they are in the database."""
    shop = ShopSettings.current()
    closed = ClosedPeriod.objects.filter(shop=shop, end__gte=today()) if shop.pk else ()
    return ShopCalendar(shop, tuple(closed))


def shown() -> ShopCalendar:
    """Return the settings as public pages show them; such a page is kept until what it says changes."""
    found: ShopCalendar = snapshot.current().value(ShopCalendar, current)
    reads.changes_at(found.rules.next_change(timezone.now()))
    return found


def renew_promise(order: Order) -> None:
    """Promise later days, not saved yet, if an order is paid only after the day on which it was to leave."""
    leaves, days = order.dispatch_by, (order.arrives_from, order.arrives_until)
    if leaves is None or leaves >= today():
        return
    least, most = (day and working_days_between(leaves, day) for day in days)
    rules = current().rules
    order.copy_promise(
        promise(rules, least=least or 1, most=most or 1, now=timezone.now(), make=order.made_in_days)
    )
