"""What the shop shows on the first page of the admin: its tiles, and its steps of the first day."""

from functools import partial

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.admin.site_summary import SummaryItem

from home import mail_queue
from home.models import User, WorkerHeartbeat
from home.today import Button, Step, Tile
from store.catalogue import product_list
from store.models import (
    DeliveryCountry,
    Order,
    PaymentAlarm,
    ProductPage,
    ShippingOption,
    StockItem,
    StripeEvent,
)
from store.orders import access
from store.payments import health
from store.stock import stock_list

Status = Order.Status
LATE, TO_PACK = 5, 10  # their places
ORDERS, STOCK, PAYMENTS = access.VIEW, "store.view_stockitem", "store.view_paymentalarm"
MAILS = "post_office.view_email"


def of_orders(request: HttpRequest) -> list[Tile]:
    """Return a tile for each kind of order that waits for somebody, which the list of orders has as tabs."""
    reads = access.VIEW if request.user.has_perm(access.VIEW) else access.PACK

    def tile(place: int, label: str, query: str, found: QuerySet[Order], reads: str, **options: bool) -> Tile:
        return Tile(
            request, place, label, f"{reverse('orders:index')}?{query}", found.count, reads, **options
        )

    def of_status(place: int, label: str, status: str) -> Tile:
        return tile(place, label, f"status={status}", orders.filter(status=status), reads)

    orders = Order.objects.order_by()
    odd = orders.filter(needs_attention=True)
    return [
        tile(LATE, _("Late"), "late=true", orders.late(), reads, is_alarm=True, is_seldom=True),
        of_status(TO_PACK, _("To pack"), Status.PAID),
        of_status(15, _("To send"), Status.PACKED),
        of_status(17, _("Ready to collect"), Status.READY),
        tile(20, _("Needs attention"), "needs_attention=true", odd, ORDERS, is_alarm=True),
    ]


def tiles(request: HttpRequest, items: list[SummaryItem]) -> None:
    """Add what waits in the shop, in the order of a day."""
    low, add = stock_list.in_state("low", StockItem.objects.all()), product_list.url_to_add(request.user)
    health_url, low_url = reverse("payment-health:index"), f"{reverse('stock:index')}?state=low"
    problems = _("Problems with payments")
    kinds = of_orders(request)
    late, to_pack = (next(one for one in kinds if one.order == place) for place in (LATE, TO_PACK))
    may_pack = access.may_pack(request.user)
    overdue, count = (int(one.figure()) if may_pack else 0 for one in (late, to_pack))
    if overdue:
        words = ngettext("Send %s late order", "Send %s late orders", overdue) % overdue
        items.append(Button(request, words, late.url))
    if count:
        words = ngettext("Pack %s order", "Pack %s orders", count) % count
        items.append(Button(request, words, to_pack.url, is_secondary=bool(overdue)))
    items += [
        *kinds,
        Tile(request, 40, _("Low in stock"), low_url, low.count, STOCK),
        Tile(
            request, 50, problems, health_url, partial(_count_problems, request.user), PAYMENTS, is_alarm=True
        ),
        Button(request, _("Add a product"), add, is_secondary=bool(overdue or count)),
    ]


def _count_problems(user: User | AnonymousUser) -> int:
    """Leave e-mails out for those whom a tile of their own tells of them (config/mail_screen.py)."""
    kinds = {one.kind for one in health.problems()}
    if user.has_perm(MAILS) and mail_queue.stuck().exists():
        kinds.discard(PaymentAlarm.Kind.MAILS)
    return len(kinds)


def first_steps() -> list[Step]:
    """Ask for what a first order needs. An event of Stripe's proves key, webhook and signing secret."""
    where, cost = _("Say to which countries you deliver"), _("Say what delivery costs")
    sell, connect = _("Publish the first product"), _("Connect payments: press “Check the connection”")
    work = _("Let manage.py worker run, which sends e-mails: whoever runs the site starts it")
    is_live = ProductPage.objects.live().exists
    return [
        Step("countries", 20, where, reverse("delivery-countries:index"), DeliveryCountry.objects.exists),
        Step("delivery", 25, cost, reverse("shipping-options:index"), ShippingOption.objects.exists),
        Step("product", 30, sell, reverse("products:index"), is_live),
        Step("worker", 45, work, reverse("payment-health:index"), WorkerHeartbeat.objects.exists),
        Step("payments", 50, connect, reverse("payment-health:index"), StripeEvent.objects.exists),
    ]
