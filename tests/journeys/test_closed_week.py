"""A closed week across midnight, on a telephone: the pages of the shop change at the hour, from the cache, too."""

from collections.abc import Callable
from datetime import date, time

import pytest
import time_machine
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from home.page_cache import tokens
from store.models import ClosedPeriod
from tests import factories

SENTENCE = "We are on holiday until 14 December."


def _fill() -> None:
    factories.shipping()
    factories.product()
    shop = factories.shop_settings(cut_off=time(14))
    begin, end = date(2026, 12, 7), date(2026, 12, 13)
    ClosedPeriod.objects.create(shop=shop, begin=begin, end=end, sentence=SENTENCE, takes_orders=False)


@pytest.mark.usefixtures("one_request_at_a_time")
def test_a_shop_that_is_closed_for_a_week_closes_and_opens_at_midnight(
    browser: Browser, live_server: LiveServer, fill: Callable[[Callable[[], None]], None]
) -> None:
    fill(_fill)
    with (
        time_machine.travel("2026-12-06 23:58:30 +0100", tick=False) as clock,
        browser.new_context(viewport={"width": 390, "height": 844}) as context,
    ):
        tokens.reset()
        page = context.new_page()
        add = page.get_by_role("button", name="Add to basket")
        for moment, is_closed in (
            ("2026-12-06 23:58:30 +0100", False),
            ("2026-12-06 23:59:59 +0100", False),
            ("2026-12-07 00:00:00 +0100", True),
            ("2026-12-13 23:59:59 +0100", True),
            ("2026-12-14 00:00:00 +0100", False),
        ):
            clock.move_to(moment)
            page.goto(f"{live_server.url}/shop/enamel-mug-mug/")
            expect(add).to_have_count(0 if is_closed else 1)
            expect(page.get_by_text(SENTENCE)).to_have_count(1 if is_closed else 0)
        page.goto(f"{live_server.url}/shop/")
        expect(page.get_by_text(SENTENCE)).to_have_count(0)
