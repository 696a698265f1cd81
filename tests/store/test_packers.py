"""Packers: they see what goes where and send it, and no sum of money on any page of the shop."""

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from post_office.models import Email
from pypdf import PdfReader

from home.models import User
from store.models import Carrier, Order, ProductVariant, Refund
from store.orders import lifecycle
from tests import factories
from tests.store.paying import pay_in_cash

pytestmark = pytest.mark.django_db
Status = Order.Status
FIGURES = re.compile(r"£|\b(?:12\.50|25\.00|3\.95|28\.95|1\.23|1250|2500|2895)\b")


@pytest.fixture
def packer(client: Client) -> Client:
    user = User.objects.create_user("packer@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Packers"))
    client.force_login(user)
    return client


@pytest.fixture
def order(mug: ProductVariant) -> Order:
    """Two mugs for £28.95, of which £1.23 went back, with all that can stand on its page."""
    factories.vat(GB=20)
    Carrier.objects.create(name="Royal Post")
    order = pay_in_cash(factories.placed_order(factories.basket(MUG=2)))
    address = {"name": "Ada Lovelace", "line1": "5 St James’s Square", "city": "London", "country": "GB"}
    Order.objects.update(shipping_address=address, phone="0123", email="ada@example.com", status=Status.PAID)
    Refund.objects.create(
        order=order, amount=123, status=Refund.Status.SUCCEEDED, by="Owner", created_at=order.placed_at
    )
    lifecycle.mark_needs_attention(order=order, by="Owner", reason="mismatch", note="Paid £28.95.")
    lifecycle.add_note(order=order, note="A present.", actor=User.objects.create_user("ada@example.com"))
    order.refresh_from_db()
    return order


def shown(packer: Client, order: Order) -> str:
    return unescape(packer.get(f"/admin/orders/inspect/{order.pk}/").content.decode())


def test_a_packer_reads_what_goes_where(packer: Client, order: Order) -> None:
    page = shown(packer, order)
    for words in ("Enamel mug", "5 St James’s Square", "A present.", "Packing slip", "Mark as packed"):
        assert words in page
    assert "Enamel mug" in packer.get("/admin/orders/").content.decode()


def test_a_packer_packs_sends_and_undoes(packer: Client, order: Order) -> None:
    there = f"/admin/orders/{order.pk}"
    packer.post(f"{there}/advance/", {"to": "packed"})
    assert "Undo: it is not packed" in shown(packer, order)
    packer.post(f"{there}/parcels/", {"sends": "yes", "number": "A1"})
    assert Order.objects.get().status == Status.SENT
    assert Email.objects.filter(subject__contains=order.number).exists()
    packer.post(f"{there}/undo/", {"status": "sent"})
    assert Order.objects.get().status == Status.PACKED
    packer.post(f"{there}/notes/", {"note": "Broken box."})
    assert "Broken box." in shown(packer, order)


def routes(patterns: list[URLPattern | URLResolver], above: str = "/") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = above + str(pattern.pattern).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        else:
            yield path, getattr(pattern.callback, "view_class", pattern.callback)


def staff_urls(order: Order) -> list[str]:
    """Return every staff URL of the shop, with the order’s key wherever one has a place for a key."""
    admin = [one for one in routes(get_resolver().url_patterns) if re.match(r"/admin/[\w-]+/", one[0])]
    ours = {path.split("/")[2] for path, view in admin if view.__module__.startswith("store.")}
    found = [path for path, _view in admin if path.split("/")[2] in ours]
    filled = {re.sub(r"<int:\w+>|<str:\w+>", str(order.pk), path) for path in found}
    kinds = ("packing-slip", "address-label")
    urls = {url.replace("<slug:kind>", kind) for url in filled for kind in kinds}
    more = ("export=csv", "export=xlsx", "export=lines", "printouts=carrier-file", "ordering=total")
    assert len(ours) > 5
    return [*sorted(urls), *(f"/admin/orders/?{query}" for query in more), "/admin/"]


def sums_at(client: Client, url: str, method: str = "get") -> list[str]:
    response = getattr(client, method)(url)
    if response.get("Content-Type", "").startswith("application/pdf"):
        text = " ".join(page.extract_text() for page in PdfReader(BytesIO(response.content)).pages)
    else:
        text = response.getvalue().decode(errors="replace")
    return FIGURES.findall(unescape(text))


def test_no_url_of_the_shop_shows_a_packer_a_sum(packer: Client, order: Order) -> None:
    urls = staff_urls(order)
    assert f"/admin/orders/{order.pk}/packing-slip/" in urls
    assert {url: sums for url in urls if (sums := sums_at(packer, url))} == {}
    for url in urls:
        assert sums_at(packer, url, "post") == [], url
    order.refresh_from_db()
    assert (order.status, order.paid_amount) == (Status.PAID, 2895)


def test_the_same_pages_show_sums_to_those_who_may_see_them(admin_client: Client, order: Order) -> None:
    for path in (f"inspect/{order.pk}/", "", "?export=csv", "?export=lines", f"{order.pk}/refunds/"):
        assert sums_at(admin_client, f"/admin/orders/{path}"), path


def test_a_packer_accepts_no_payment_and_refunds_nothing(packer: Client, order: Order) -> None:
    Order.objects.update(status=Status.REVIEW)
    assert "Accept the payment" not in shown(packer, order)
    there = f"/admin/orders/{order.pk}"
    packer.post(f"{there}/advance/", {"to": "paid"})
    for step in ("refunds", "cancel", "resolve", "address", "invoice", "billing-address"):
        assert packer.post(f"{there}/{step}/", {"amount": "1"}).status_code == 302
    order.refresh_from_db()
    assert (order.status, order.needs_attention, order.refunds.count()) == (Status.REVIEW, True, 1)


def test_a_packer_is_told_why_nothing_is_sent(packer: Client, order: Order) -> None:
    Refund.objects.create(
        order=order, amount=2772, status=Refund.Status.SUCCEEDED, created_at=order.placed_at
    )
    assert "Stop: this order cannot be sent, all of the money went back." in shown(packer, order)
