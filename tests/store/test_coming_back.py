"""Back from the payment page: paid, unpaid, without the cookie, or with somebody else's session."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from store.basket import contents
from store.checkout import limits
from store.models import Basket, Order
from store.payments import fulfilment
from tests import factories
from tests.store.paying import is_as_it_was, press_pay, sales, sessions, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
Status = Order.Status


# --- Cancelling ------------------------------------------------------------------------------------------
def test_cancelling_closes_the_page_at_stripe_and_then_releases(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    response = shopper.post(f"/checkout/cancel/{order.return_token}/")
    assert (response.status_code, response["Location"]) == (303, "/basket/?unpaid=1")
    order.refresh_from_db()
    assert order.status == Status.CANCELLED
    event = order.events.last()
    assert (event.who, event.get_reason_display()) == (
        "the shopper",
        "The shopper came back without paying.",
    )
    assert [session["status"] for session in sessions(sandbox)] == ["expired"]
    assert stock_of() == (10, 0)
    assert is_as_it_was(basket)


def test_cancelling_twice_changes_nothing_more(sandbox: Sandbox, shopper: Client, basket: Basket) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    for _ in range(2):
        assert shopper.post(f"/checkout/cancel/{order.return_token}/")["Location"] == "/basket/?unpaid=1"
    assert order.events.filter(to_status=Status.CANCELLED).count() == 1
    assert stock_of() == (10, 0)


@pytest.mark.parametrize("is_expired", [False, True])
def test_who_comes_back_without_paying_reads_above_the_basket_that_nothing_was_charged(
    sandbox: Sandbox, shopper: Client, basket: Basket, is_expired: bool
) -> None:
    words = "Your order was not paid. Nothing was charged, and the goods are no longer held for you."
    press_pay(shopper, basket)
    order = Order.objects.get()
    if is_expired:
        sandbox.control.expire_now(order.session_id)
    assert words in shopper.post(f"/checkout/cancel/{order.return_token}/", follow=True).content.decode()
    assert (words in shopper.get("/basket/").content.decode()) == is_expired, "until something is ordered"
    basket.lines.all().delete()
    assert words not in shopper.get("/basket/?unpaid=1").content.decode(), "it was paid since"


# --- While the payment page is open ----------------------------------------------------------------------
PATHS = ("/basket/", "/checkout/")


def test_the_link_back_changes_nothing_and_leads_to_the_basket_which_says_so(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    response = shopper.get(f"/checkout/cancel/{order.return_token}/")
    assert (response.status_code, response["Location"]) == (303, "/basket/")
    assert [session["status"] for session in sessions(sandbox)] == ["open"]
    assert stock_of() == (10, 2)
    for path in (*PATHS, order.get_absolute_url()):
        page = shopper.get(path).content.decode()
        assert "You have not paid yet" in page
        minutes = settings.HOLD_MINUTES - 1
        assert f'href="{order.session_url}">Continue payment ({minutes} minutes left)</a>' in page
        assert f'action="/checkout/cancel/{order.return_token}/" method="post"' in page
        assert "Change basket" in page


def test_the_review_page_knows_what_was_written_for_the_order_that_is_not_paid(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket, gift_message="Dear Anna", shopper_note="Ring twice")
    page = shopper.get("/checkout/").content.decode()
    for words in ('value="shopper@example.com"', "Dear Anna</textarea>", "Ring twice</textarea>"):
        assert words in page
    page = shopper.post("/checkout/", {"update_total": "yes", "email": "other@example.com"}).content.decode()
    assert 'value="other@example.com"' in page
    assert "Dear Anna" not in page


@pytest.mark.parametrize("way", ["other basket", "no cookie"])
def test_elsewhere_the_link_back_leads_to_the_order_which_says_so(
    sandbox: Sandbox, shopper: Client, basket: Basket, way: str
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    elsewhere = Client()
    if way == "other basket":
        elsewhere.cookies["basket"] = factories.basket(MUG=1).token
    response = elsewhere.get(f"/checkout/cancel/{order.return_token}/")
    assert response["Location"] == order.get_absolute_url()
    page = elsewhere.get(order.get_absolute_url()).content.decode()
    assert ("Continue payment" in page, "Change basket" in page) == (True, False)


def test_with_nothing_but_the_basket_nobody_learns_of_its_payment_page(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    stranger = Client()
    stranger.cookies["basket"] = basket.token
    for path in PATHS:
        assert "You have not paid yet" not in stranger.get(path).content.decode()


def test_the_last_minute_and_the_end_are_told(sandbox: Sandbox, shopper: Client, basket: Basket) -> None:
    press_pay(shopper, basket)
    Order.objects.update(session_expires_at=timezone.now() + timedelta(seconds=40))
    for path in PATHS:
        assert "Continue payment (less than a minute left)" in shopper.get(path).content.decode()
    Order.objects.update(session_expires_at=timezone.now() - timedelta(seconds=1))
    for path in PATHS:
        page = shopper.get(path).content.decode()
        assert "The payment page has closed." in page
        assert "The goods are back in stock once Stripe says that nothing was paid." in page
        assert "You have not paid yet" not in page
        assert "Continue payment" not in page
        assert "we will keep the goods" not in page
        assert "Change basket" in page


@pytest.mark.parametrize("path", PATHS)
def test_who_has_paid_in_another_window_is_led_to_the_order(
    sandbox: Sandbox, shopper: Client, basket: Basket, path: str
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.pay(order.session_id)
    response = shopper.get(path)
    assert (response.status_code, response["Location"]) == (303, order.get_absolute_url())
    assert sales(order) == 1


def test_what_is_known_is_told_where_stripe_does_not_answer_or_the_page_has_closed(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    sandbox.faults.add(operation="retrieve", kind="error_500", times=9)
    for path in PATHS:
        page = shopper.get(path).content.decode()
        assert "We are asking whether you have paid." in page
        assert "do not pay again" in page
    sandbox.faults.clear()
    sandbox.control.expire_now(Order.objects.get().session_id)
    with time_machine.travel(timezone.now() + timedelta(seconds=6)):
        for path in PATHS:
            assert "Your order was not paid. Nothing was charged" in shopper.get(path).content.decode()
    assert stock_of() == (10, 0)


@pytest.mark.parametrize("later", [Status.PAID, Status.PACKED, Status.SENT])
def test_cancelling_what_is_paid_leads_to_the_order(
    sandbox: Sandbox, shopper: Client, basket: Basket, later: str
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.pay(order.session_id)
    if later != Status.PAID:
        shopper.get(f"/checkout/return/{order.return_token}/?session_id={order.session_id}")
        Order.objects.update(status=later)
    response = shopper.post(f"/checkout/cancel/{order.return_token}/")
    assert response["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert order.status == later
    assert stock_of() == (8, 0)


@pytest.mark.both_databases
def test_cancelling_a_payment_that_is_under_way_leads_to_the_order(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.pay(order.session_id, outcome="delayed_success")
    assert shopper.post(f"/checkout/cancel/{order.return_token}/")["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert order.status == Status.PROCESSING
    assert stock_of() == (10, 2)


@pytest.mark.parametrize("kind", ["error_500", "drop_before", "error_429"])
def test_without_an_answer_of_stripe_nothing_is_released(
    sandbox: Sandbox, shopper: Client, basket: Basket, kind: str
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.faults.add(operation="expire", kind=kind, times=9)
    assert shopper.post(f"/checkout/cancel/{order.return_token}/")["Location"] == "/basket/"
    order.refresh_from_db()
    assert order.status == Status.AWAITING
    assert stock_of() == (10, 2)


def test_a_page_that_was_closed_though_the_answer_was_lost_is_released(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.faults.add(operation="expire", kind="drop_after", times=1)
    shopper.post(f"/checkout/cancel/{order.return_token}/")
    order.refresh_from_db()
    assert order.status == Status.CANCELLED
    assert stock_of() == (10, 0)


# --- Coming back -----------------------------------------------------------------------------------------
def test_the_return_page_ignores_a_session_of_another_order(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    mine = Order.objects.get()
    other = factories.placed_order(factories.basket(MUG=1), email="other@example.com")
    fulfilment.start_payment(order=other)
    other.refresh_from_db()
    sandbox.pay(other.session_id)
    for session_id in (other.session_id, "", "cs_test_nobody", "x" * 5000, "%01"):
        response = shopper.get(f"/checkout/return/{mine.return_token}/?session_id={session_id}")
        assert response["Location"] == mine.get_absolute_url()
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.status, other.status) == (Status.AWAITING, Status.AWAITING)
    assert sales(mine) == sales(other) == 0


def test_coming_back_unpaid_changes_nothing(sandbox: Sandbox, shopper: Client, basket: Basket) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    shopper.get(f"/checkout/return/{order.return_token}/?session_id={order.session_id}")
    order.refresh_from_db()
    assert order.status == Status.AWAITING
    assert is_as_it_was(basket)


@pytest.mark.parametrize("end", [Status.PAID, Status.REVIEW, Status.CANCELLED, Status.EXPIRED, Status.FAILED])
def test_coming_back_to_an_order_that_is_decided_asks_nothing_of_stripe(
    sandbox: Sandbox, shopper: Client, basket: Basket, end: str
) -> None:
    order = factories.awaiting_order(basket)
    Order.objects.update(status=end)
    sandbox.faults.add(operation="any", kind="error_500", times=1)
    response = shopper.get(f"/checkout/return/{order.return_token}/?session_id={order.session_id}")
    assert response["Location"] == order.get_absolute_url()
    assert sandbox.faults.listed()[0]["times"] == 1, "nobody met it"


def test_the_return_page_over_its_limit_shows_the_order_without_asking_stripe(
    sandbox: Sandbox, shopper: Client, basket: Basket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUESTIONS", limits.Limit("few", most=1, window=limits.HOUR))
    order = factories.awaiting_order(basket)
    shopper.get(f"/checkout/return/{order.return_token}/?session_id={order.session_id}")
    sandbox.pay(order.session_id)
    response = shopper.get(f"/checkout/return/{order.return_token}/?session_id={order.session_id}")
    assert response["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert order.status == Status.AWAITING, "the message tells"


@pytest.mark.both_databases
def test_coming_back_while_stripe_is_down_still_shows_the_order(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.pay(order.session_id)
    sandbox.faults.add(operation="any", kind="error_500", times=9)
    response = shopper.get(
        f"/checkout/return/{order.return_token}/?session_id={order.session_id}", follow=True
    )
    assert response.status_code == 200
    order.refresh_from_db()
    assert order.status == Status.AWAITING


def test_cancelling_without_the_cookie_puts_the_order_into_a_new_basket(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    factories.product("Tea towel", sku="TOWEL")
    contents.add(basket=basket, sku="TOWEL", quantity=1)  # in another tab, after ordering
    stranger = Client()
    response = stranger.post(f"/checkout/cancel/{Order.objects.get().return_token}/")
    assert response["Location"] == "/basket/?unpaid=1"
    assert stock_of() == (10, 0)
    new = Basket.objects.get(token=stranger.cookies["basket"].value)
    assert new != basket
    assert list(new.lines.values_list("sku", "quantity")) == [("MUG", 2)]


@pytest.mark.parametrize("way", ["return", "cancel"])
@pytest.mark.parametrize("is_paid", [True, False])
def test_no_address_of_an_order_gives_its_basket_away(
    sandbox: Sandbox, shopper: Client, basket: Basket, way: str, is_paid: bool
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    if is_paid:
        sandbox.pay(order.session_id)
    stranger = Client()
    for token in (order.token, order.return_token):
        stranger.get(f"/checkout/{way}/{token}/?session_id={order.session_id}")
    stranger.get(order.get_absolute_url())
    assert basket.token not in {cookie.value for cookie in stranger.cookies.values()}
    assert is_paid <= ("basket" not in stranger.cookies), "what is paid is in no basket"


@pytest.mark.parametrize("way", ["return", "cancel"])
def test_the_readable_address_of_an_order_is_no_way_back_from_the_payment_page(
    sandbox: Sandbox, shopper: Client, basket: Basket, way: str
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    assert Client().get(f"/checkout/{way}/{order.token}/").status_code == 404
    order.refresh_from_db()
    assert (order.status, stock_of()) == (Status.AWAITING, (10, 2))


def test_only_the_browser_that_placed_an_order_is_shown_how_to_cancel_it(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    assert order.return_token in shopper.get(order.get_absolute_url()).content.decode()
    for other in ("", "x", "ä", order.token, basket.token):
        stranger = Client()
        stranger.cookies["order"] = other
        assert order.return_token not in stranger.get(order.get_absolute_url()).content.decode()


def test_the_cookie_of_a_placed_order_is_for_no_script_and_no_other_site(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    cookie = press_pay(shopper, basket).cookies["order"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


# --- A second checkout of what is being paid -------------------------------------------------------------
@pytest.mark.parametrize("outcome", ["succeed", "delayed_success"])
def test_the_browser_that_placed_it_is_led_to_the_order(
    sandbox: Sandbox, shopper: Client, basket: Basket, outcome: str
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.pay(order.session_id, outcome=outcome)
    response = press_pay(shopper, basket)
    assert (response.status_code, response["Location"]) == (303, order.get_absolute_url())


@pytest.mark.parametrize("outcome", ["succeed", "delayed_success"])
def test_with_nothing_but_the_basket_nobody_is_led_to_its_order(
    sandbox: Sandbox, shopper: Client, basket: Basket, outcome: str
) -> None:
    press_pay(shopper, basket)
    order = Order.objects.get()
    sandbox.pay(order.session_id, outcome=outcome)
    stranger = Client()
    stranger.cookies["basket"] = basket.token
    response = press_pay(stranger, basket)
    assert response.status_code == 409
    told = response.content.decode()
    assert "A payment for this basket is already under way" in told
    for secret in (order.token, order.return_token, order.number, order.email):
        assert secret not in told
    assert Order.objects.count() == 1


@pytest.mark.parametrize("way", ["return", "cancel"])
def test_coming_back_to_an_old_order_keeps_the_basket_that_was_begun_since(
    sandbox: Sandbox, client: Client, basket: Basket, way: str
) -> None:
    order = factories.placed_order(basket)
    new = factories.basket(MUG=1)
    client.cookies["basket"] = new.token
    client.get(f"/checkout/{way}/{order.return_token}/")
    assert client.cookies["basket"].value == new.token
