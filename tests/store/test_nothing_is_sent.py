"""Whether anything of an order may still be sent is one rule, which every screen and every step follows."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from store.documents import printouts
from store.models import Dispute, Order, Refund
from store.orders import lifecycle, timeline
from store.orders.situation import Obstacle, Situation
from tests import factories
from tests.staff import signed_in
from tests.store.paying import pay_in_cash

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mug")]
ADDRESS = {"name": "Ada", "line1": "1 Road", "city": "London", "postal_code": "SW1Y 4LB", "country": "GB"}


def disputed(order: Order) -> None:
    now = timezone.now()
    Dispute.objects.create(
        order=order, dispute_id=f"dp_{order.pk}", amount=1, status="inquiry", created_at=now
    )


def asking(order: Order) -> None:
    back(order, order.paid_amount, Refund.Status.REQUESTED)


def paid_back(order: Order) -> None:
    """A part was refunded, and the bank took the rest."""
    back(order, 1000)
    rest, now = order.paid_amount - 1000, timezone.now()
    Dispute.objects.create(
        order=order, dispute_id=f"dp_{order.pk}", amount=rest, status="lost", created_at=now
    )


def taken_back(order: Order) -> None:
    refund = back(order, 100)
    refund.lines.create(order_line=order.lines.get(), quantity=2, restock=True)


def back(order: Order, amount: int, status: str = Refund.Status.SUCCEEDED) -> Refund:
    return Refund.objects.create(
        order=order, amount=amount, status=status, by="Staff", created_at=timezone.now()
    )


OBSTACLES = {
    Obstacle.DISPUTED: disputed,
    Obstacle.REFUND_WAITS: asking,
    Obstacle.PAID_BACK: paid_back,
    Obstacle.TAKEN_BACK: taken_back,
}


@pytest.fixture
def paid() -> Order:
    return pay_in_cash(factories.placed_order(factories.basket(MUG=2)))


@pytest.fixture
def staff(client: Client) -> Client:
    return signed_in("view_order", "change_order", client=client)


def text(client: Client, url: str, **values: str) -> str:
    answer = client.post(url, values, follow=True) if values else client.get(url, follow=True)
    return " ".join(answer.content.decode().split())


@pytest.mark.both_databases
@pytest.mark.every_case
@pytest.mark.parametrize(("obstacle", "happens"), OBSTACLES.items())
def test_no_step_no_paper_and_no_other_address_while_nothing_may_be_sent(
    staff: Client, paid: Order, obstacle: Obstacle, happens: Callable[[Order], None]
) -> None:
    page = f"/admin/orders/inspect/{paid.pk}/"
    assert all(words in text(staff, page) for words in ("Mark as packed", "packing-slip/"))
    happens(paid)
    assert Situation.of(paid).obstacle == obstacle
    assert not any(words in text(staff, page) for words in ("Mark as packed", "packing-slip/"))
    words = f"This order cannot be sent: {obstacle.label}."
    assert words in text(staff, f"/admin/orders/{paid.pk}/advance/", to="packed")
    assert words in text(staff, f"/admin/orders/{paid.pk}/address-label/")
    assert f"</a>: {obstacle.label}" in text(staff, "/admin/orders/?printouts=packing-slips")
    with pytest.raises(lifecycle.NotSentError) as raised:
        lifecycle.correct_address(order_id=paid.pk, address=ADDRESS, by="shopper")
    assert raised.value.obstacle == obstacle
    paid.refresh_from_db()
    assert (paid.status, paid.shipping_address) == (Order.Status.PAID, {})


@pytest.mark.parametrize("happens", OBSTACLES.values())
def test_the_shopper_is_offered_no_change_and_told_why_when_trying(
    client: Client, paid: Order, happens: Callable[[Order], None]
) -> None:
    client.cookies["order"] = paid.return_token
    url = f"/orders/{paid.token}/"
    assert "Correct the delivery address" in text(client, url)
    happens(paid)
    assert "Correct the delivery address" not in text(client, url)
    answer = client.post(f"{url}address/", ADDRESS)
    assert answer.status_code == 409


def test_an_order_is_cancelled_while_a_bank_asks_but_not_while_a_refund_waits(
    client: Client, admin_client: Client, paid: Order
) -> None:
    client.cookies["order"] = paid.return_token
    pages = [(client, f"/orders/{paid.token}/"), (admin_client, f"/admin/orders/inspect/{paid.pk}/")]
    disputed(paid)
    assert all("Cancel the order" in text(*page) for page in pages)
    asking(paid)
    assert not any("Cancel the order" in text(*page) for page in pages)
    assert "waits for Stripe’s answer" in text(admin_client, f"/admin/orders/{paid.pk}/cancel/", sent="yes")
    paid.refresh_from_db()
    assert paid.status == Order.Status.PAID


@pytest.mark.parametrize("happens", [disputed, paid_back])
def test_the_shopper_is_not_told_that_it_will_be_packed(
    paid: Order, happens: Callable[[Order], None]
) -> None:
    happens(paid)
    steps = timeline.steps(Situation.of(paid), paid.events.exclude(to_status=""))
    assert all(step.at for step in steps)


def test_the_reasons_cost_the_same_for_many_orders(django_assert_num_queries: Callable) -> None:
    for happens in OBSTACLES.values():
        happens(pay_in_cash(factories.placed_order(factories.basket(MUG=2))))
    with django_assert_num_queries(5):
        assert len(printouts.left_out([*Order.objects.all()])) == 4
