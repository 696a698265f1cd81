"""VAT by rate: worked out by hand, and parts that always add up to the whole."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.vat import sums
from store.vat.sums import VatSum

D = Decimal


def test_one_rate_by_hand() -> None:
    # 25.00 of goods and 3.90 of delivery at 20 %: 28.90 / 6 = 4.8166…
    assert sums.by_rate([(D(20), 2500)], delivery=390) == [VatSum(D(20), 2890, 482)]


def test_goods_of_two_rates_share_delivery_and_discount_as_they_share_the_price() -> None:
    # 12.00 at 20 % and 8.00 at 5 %: of 3.90 delivery 2.34 and 1.56, of 2.00 off 1.20 and 0.80.
    found = sums.by_rate([(D(20), 1200), (D(5), 800)], delivery=390, discount=200)
    assert found == [VatSum(D(20), 1200 + 234 - 120, 219), VatSum(D(5), 800 + 156 - 80, 42)]


def test_what_rounding_leaves_goes_to_the_largest_remainder() -> None:
    # 100 in thirds: 33.33 each; the odd one goes to the first of equals.
    assert sums.split(100, [1, 1, 1]) == [34, 33, 33]
    assert sums.split(10, [1, 3]) == [3, 7]  # 2.5 and 7.5


def test_half_a_coin_is_rounded_up() -> None:
    assert sums.included(3, D(20)) == 1  # 0.5


@pytest.mark.parametrize(("gross", "vat"), [(1000, 91), (1, 0), (55, 5)])
def test_a_currency_without_decimals(gross: int, vat: int) -> None:
    assert sums.included(gross, D(10)) == vat  # yen at 10 %: 90.9, 0.09, 5


def test_a_currency_with_three_decimals() -> None:
    assert sums.included(12500, D("5.5")) == 652  # 12.500 dinars: 651.66


def test_goods_that_cost_nothing_leave_delivery_at_their_rate() -> None:
    assert sums.by_rate([(D(20), 0)], delivery=390) == [VatSum(D(20), 390, 65)]


def test_nothing_is_said_of_no_goods() -> None:
    assert sums.by_rate([], delivery=390) == []


def test_nothing_is_said_of_goods_without_a_rate() -> None:
    assert sums.by_rate([(D(20), 100), (None, 100)], delivery=0) == []


def test_a_refund_of_a_line_takes_back_its_own_rate() -> None:
    left = {D(20): 1320, D(5): 880}
    assert sums.taken_off(left, {D(5): 880}, 880) == {D(5): 880}


def test_a_sum_out_of_goodwill_is_taken_from_what_is_left() -> None:
    # 3.00 of 12.00 and 3.00: 2.40 and 0.60.
    assert sums.taken_off({D(20): 1200, D(5): 300}, {}, 300) == {D(20): 240, D(5): 60}


def test_more_than_is_left_of_a_rate_comes_from_the_others() -> None:
    assert sums.taken_off({D(20): 100, D(5): 900}, {D(20): 400}, 400) == {D(20): 100, D(5): 300}


PERCENTS = st.sampled_from([D(0), D("2.1"), D(5), D("5.5"), D(7), D(10), D(19), D(20), D(25)])
GOODS = st.lists(st.tuples(PERCENTS, st.integers(0, 10_000_000)), min_size=1, max_size=6)


@given(goods=GOODS, delivery=st.integers(0, 100_000), share=st.integers(0, 100))
def test_parts_add_up_to_the_whole(goods: list, delivery: int, share: int) -> None:
    whole = sum(price for _percent, price in goods)
    discount = whole * share // 100
    found = sums.by_rate(goods, delivery=delivery, discount=discount)
    assert sum(one.gross for one in found) == whole + delivery - discount
    assert all(one.gross >= 0 and 0 <= one.vat <= one.gross for one in found)
    assert all(abs(one.vat - one.gross * one.percent / (100 + one.percent)) <= D("0.5") for one in found)


@given(goods=GOODS, delivery=st.integers(0, 100_000), shares=st.lists(st.integers(0, 100), max_size=5))
def test_refunds_take_from_each_rate_what_is_left_there(goods: list, delivery: int, shares: list) -> None:
    left = {one.percent: one.gross for one in sums.by_rate(goods, delivery=delivery)}
    for number, share in enumerate([*shares, 100]):
        amount = sum(left.values()) * share // 100
        back = sums.taken_off(left, {goods[number % len(goods)][0]: amount}, amount)
        assert sum(back.values()) == amount
        left |= {percent: left[percent] - gross for percent, gross in back.items()}
        assert min(left.values()) >= 0
    assert not any(left.values())
