"""The spam guard at the review page: a machine holds nothing, a person taken for one gets through by trying again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from home import spam
from policies.models import PolicyVersion
from store.checkout import place_order, views
from store.models import Basket, Order, ProductVariant
from tests.store.paying import press_pay, shown, stock_of
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
UNKNOWN = "We could not tell where this order came from. Nothing was ordered or charged."


def shown_stamp(response: HttpResponse) -> str:
    """Return the stamp in the form that is shown."""
    return response.context["form"][spam.STAMP_FIELD].value()


def stamp(seconds: float, page_id: int | str | None = "checkout") -> str:
    """Return the stamp of a form that was shown so many seconds ago."""
    fresh = spam.new_stamp(page_id=page_id)
    return replace(fresh, at=fresh.at - seconds).signed()


def assert_nothing_is_held() -> None:
    assert not Order.objects.exists()
    assert stock_of() == (10, 0)


def test_people_do_not_meet_the_trap_and_the_page_is_not_stored(shopper: Client) -> None:
    response = shopper.get("/checkout/")
    assert "no-store" in response["Cache-Control"]
    html = response.content.decode()
    assert 'class="field field--text hp" aria-hidden="true"' in html
    assert html.index('<form class="checkout"') < html.index(f'name="{spam.TRAP_FIELD}"')
    assert spam.read_stamp(shown_stamp(response), page_id="checkout")


@pytest.mark.parametrize("trap", ["https://pills.example", "\x00", "x" * 100_000])
def test_whoever_fills_in_the_trap_holds_nothing_and_reads_what_a_forger_reads(
    sandbox: Sandbox, shopper: Client, basket: Basket, trap: str
) -> None:
    caught = press_pay(shopper, basket, **{spam.TRAP_FIELD: trap})
    forged = press_pay(shopper, basket, **{spam.STAMP_FIELD: "forged"})
    assert caught.status_code == forged.status_code == 422
    assert UNKNOWN in caught.content.decode()
    assert caught.context["form"].errors == forged.context["form"].errors
    assert_nothing_is_held()
    assert caught.context["form"][spam.TRAP_FIELD].value() is None, "a browser that filled it in gets through"
    assert press_pay(shopper, basket, **{spam.STAMP_FIELD: shown_stamp(caught)}).status_code == 303


@pytest.mark.parametrize("sent", ["", "forged", "a:b:c", "\x00", "é" * 1000, "x" * 100_000, stamp(10, 1)])
def test_a_stamp_that_is_none_orders_nothing_and_a_good_one_is_offered(
    sandbox: Sandbox, shopper: Client, basket: Basket, sent: str
) -> None:
    refused = press_pay(shopper, basket, **{spam.STAMP_FIELD: sent})
    assert refused.status_code == 422
    assert UNKNOWN in refused.content.decode()
    assert_nothing_is_held()
    assert press_pay(shopper, basket, **{spam.STAMP_FIELD: shown_stamp(refused)}).status_code == 303


def test_a_post_without_the_guards_fields_holds_nothing(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    assert shopper.post("/checkout/", {"email": "bot@example.com", "terms": "on"}).status_code == 422
    assert_nothing_is_held()


def test_an_order_sent_quicker_than_people_are_gets_through_by_sending_it_again(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        shown = shown_stamp(shopper.get("/checkout/"))
        clock.shift(timedelta(seconds=1))
        quick = press_pay(shopper, basket, **{spam.STAMP_FIELD: shown})
        assert quick.status_code == 422
        assert "The order was sent very quickly. Nothing was ordered or charged." in quick.content.decode()
        assert 'value="shopper@example.com"' in quick.content.decode()
        assert_nothing_is_held()
        clock.shift(timedelta(seconds=1))
        assert press_pay(shopper, basket, **{spam.STAMP_FIELD: shown_stamp(quick)}).status_code == 303


def test_whoever_is_too_quick_is_told_so_even_if_the_two_seconds_pass_meanwhile(
    sandbox: Sandbox, shopper: Client, basket: Basket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        sent = shown_stamp(shopper.get("/checkout/"))
        clock.shift(timedelta(seconds=1.9))
        look = views._current_review

        def look_later(*args: Any) -> Any:
            clock.shift(timedelta(seconds=1))
            return look(*args)

        monkeypatch.setattr(views, "_current_review", look_later)
        quick = press_pay(shopper, basket, **{spam.STAMP_FIELD: sent})
        assert quick.status_code == 422
        assert "The order was sent very quickly. Nothing was ordered or charged." in quick.content.decode()
        assert 'value="shopper@example.com"' in quick.content.decode()
        assert_nothing_is_held()
        assert press_pay(shopper, basket, **{spam.STAMP_FIELD: shown_stamp(quick)}).status_code == 303


def test_what_changed_while_it_was_ordered_and_changed_back_is_told(
    sandbox: Sandbox, shopper: Client, basket: Basket, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, place = shown(basket), place_order.place_order

    def place_at_another_price(**options: Any) -> Order:
        ProductVariant.objects.update(price=1300)
        try:
            return place(**options)
        finally:
            ProductVariant.objects.update(price=1250)

    monkeypatch.setattr(place_order, "place_order", place_at_another_price)
    refused = press_pay(shopper, basket, **before)
    assert refused.status_code == 422
    assert "Something changed meanwhile. Nothing was ordered or charged." in refused.content.decode()
    assert_nothing_is_held()


def test_a_page_open_for_more_than_a_day_is_shown_again(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    late = press_pay(shopper, basket, **{spam.STAMP_FIELD: stamp(24 * 3600 + 1)})
    assert late.status_code == 422
    assert "open for more than a day" in late.content.decode()
    assert_nothing_is_held()
    assert press_pay(shopper, basket, **{spam.STAMP_FIELD: shown_stamp(late)}).status_code == 303


def test_without_a_script_the_stamp_stays_as_old_as_the_page_while_totals_are_updated(
    sandbox: Sandbox, shopper: Client, basket: Basket, terms: PolicyVersion
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        shown = shown_stamp(shopper.get("/checkout/"))
        clock.shift(timedelta(seconds=10))
        updated = press_pay(shopper, basket, **{spam.STAMP_FIELD: shown, "update_total": "yes"})
        assert updated.status_code == 200
        assert press_pay(shopper, basket, **{spam.STAMP_FIELD: shown_stamp(updated)}).status_code == 303


def test_an_order_that_is_refused_for_another_reason_can_be_sent_again_at_once(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    refused = press_pay(shopper, basket, email="nobody", **{spam.STAMP_FIELD: stamp(5)})
    assert list(refused.context["form"].errors) == ["email"]
    assert press_pay(shopper, basket, **{spam.STAMP_FIELD: shown_stamp(refused)}).status_code == 303
