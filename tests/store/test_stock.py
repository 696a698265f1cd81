"""Stock: never below zero, never sold twice, and always the sum of its movements."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from home.append_only import ImmutableRecordError
from home.models import User
from store.models import Order, ProductPage, ProductVariant, StockItem, StockMovement
from store.stock import movements
from tests import factories
from tests.store.paying import stock_of

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.every_case]


def order(**quantities: int) -> Order:
    return factories.order_without_hold(**quantities)


def assert_movements_add_up() -> None:
    for item in StockItem.objects.all():
        sums = StockMovement.objects.filter(sku=item.sku).aggregate(
            on_hand=Sum("on_hand_change", default=0), held=Sum("held_change", default=0)
        )
        assert sums == {"on_hand": item.on_hand, "held": item.held}
        assert 0 <= item.held <= item.on_hand


# --- Holding, releasing, selling -------------------------------------------------------------------------
def test_a_hold_takes_from_what_is_available_and_leaves_the_shelf_alone() -> None:
    movements.receive(sku="MUG", quantity=3)
    movements.hold(order=order(MUG=2))
    assert stock_of("MUG") == (3, 2)
    assert StockItem.objects.available(["MUG", "NOBODY"]) == {"MUG": 1, "NOBODY": 0}


def test_more_than_there_is_cannot_be_held() -> None:
    movements.receive(sku="MUG", quantity=3)
    with pytest.raises(movements.OutOfStockError, match=r"^MUG: 3 left$") as refused:
        movements.hold(order=order(MUG=4))
    assert (refused.value.sku, refused.value.available) == ("MUG", 3)
    assert stock_of("MUG") == (3, 0)


def test_of_several_things_all_are_held_or_none() -> None:
    movements.receive(sku="A", quantity=1)
    movements.receive(sku="Z", quantity=1)
    with pytest.raises(movements.OutOfStockError):
        movements.hold(order=order(A=1, Z=2))
    assert stock_of("A") == (1, 0)
    assert not StockMovement.objects.filter(kind="held").exists()


def test_an_unknown_sku_cannot_be_held() -> None:
    with pytest.raises(movements.OutOfStockError):
        movements.hold(order=order(GHOST=1))


@pytest.mark.parametrize(
    ("steps", "left"),
    [
        (["hold", "hold"], (5, 2)),
        (["hold", "release", "release"], (5, 0)),
        (["hold", "release", "hold"], (5, 0)),
        (["hold", "sell", "sell"], (3, 0)),
        (["hold", "sell", "release"], (3, 0)),
        (["hold", "release", "sell", "sell"], (3, 0)),
        (["hold", "sell", "take_back", "take_back"], (5, 0)),
        (["hold", "sell", "take_back", "sell"], (5, 0)),
        (["release"], (5, 0)),
        (["take_back"], (5, 0)),
    ],
)
def test_each_step_is_done_once_an_order_however_often_it_is_asked_for(
    steps: list[str], left: tuple[int, int]
) -> None:
    movements.receive(sku="MUG", quantity=5)
    bought = order(MUG=2)
    for step in steps:
        getattr(movements, step)(order=bought)
    assert stock_of("MUG") == left
    assert_movements_add_up()
    assert not StockMovement.objects.filter(on_hand_change=0, held_change=0).exists()


def test_a_single_thing_is_released_too() -> None:
    movements.receive(sku="MUG", quantity=1)
    bought = order(MUG=1)
    movements.hold(order=bought)
    movements.release(order=bought)
    assert stock_of("MUG") == (1, 0)


def test_selling_after_a_release_takes_from_available_stock() -> None:
    movements.receive(sku="MUG", quantity=2)
    bought = order(MUG=2)
    movements.hold(order=bought)
    movements.release(order=bought)
    movements.sell(order=bought)
    assert stock_of("MUG") == (0, 0)


def test_an_order_without_a_hold_cannot_take_stock_that_another_holds() -> None:
    movements.receive(sku="MUG", quantity=2)
    late = order(MUG=2)
    movements.hold(order=late)
    movements.release(order=late)
    movements.hold(order=order(MUG=1))
    with pytest.raises(movements.OutOfStockError):
        movements.sell(order=late)
    assert stock_of("MUG") == (2, 1)


@pytest.mark.parametrize(
    ("before", "step", "asked"),
    [
        ([], "receive", {"sku": "MUG", "quantity": 1}),
        ([], "write_off", {"sku": "MUG", "quantity": 1}),
        ([], "count", {"sku": "MUG", "on_hand": 1}),
        ([], "hold", {}),
        (["hold"], "release", {}),
        (["hold"], "sell", {}),
        (["sell"], "take_back", {}),
    ],
)
def test_a_movement_that_fails_changes_no_stock(
    monkeypatch: pytest.MonkeyPatch, before: list[str], step: str, asked: dict[str, Any]
) -> None:
    movements.receive(sku="MUG", quantity=5)
    bought = order(MUG=2)
    for earlier in before:
        getattr(movements, earlier)(order=bought)
    left = stock_of("MUG")
    monkeypatch.setattr(movements, "_follow", None)
    with pytest.raises(TypeError, match="not callable"):
        getattr(movements, step)(**(asked or {"order": bought}))
    assert stock_of("MUG") == left
    assert_movements_add_up()


# --- Counting --------------------------------------------------------------------------------------------
def test_counting_sets_the_shelf_and_says_by_how_much() -> None:
    movements.receive(sku="MUG", quantity=5)
    movements.count(sku="MUG", on_hand=3, note="Two broken")
    assert stock_of("MUG") == (3, 0)
    movement = StockMovement.objects.filter(kind="counted").get()
    assert (movement.on_hand_change, movement.note) == (-2, "Two broken")


def test_a_sku_without_a_stock_row_can_be_counted() -> None:
    movements.count(sku="NEW", on_hand=2)
    assert stock_of("NEW") == (2, 0)


def test_a_movement_keeps_who_made_it_and_why() -> None:
    owner = User.objects.create_user("owner@example.com", "only for this test")
    movements.receive(sku="MUG", quantity=5, by=owner, note="Delivery")
    movements.write_off(sku="MUG", quantity=1, by=owner, note="Broken")
    movements.count(sku="MUG", on_hand=3, by=owner, note="Counted")
    movements.receive(sku="MUG", quantity=1)
    movements.write_off(sku="MUG", quantity=1)
    movements.count(sku="MUG", on_hand=2)
    bought = order(MUG=1)
    movements.sell(order=bought)
    movements.take_back(order=bought, by=owner)
    made = [(movement.made_by, movement.note) for movement in StockMovement.objects.order_by("pk")]
    said = [(owner, "Delivery"), (owner, "Broken"), (owner, "Counted")]
    assert made == [*said, (None, ""), (None, ""), (None, ""), (None, ""), (owner, "")]


@pytest.mark.parametrize("counted", [1, -1])
def test_a_count_below_what_is_held_is_refused(counted: int) -> None:
    movements.receive(sku="MUG", quantity=5)
    movements.hold(order=order(MUG=2))
    with pytest.raises(movements.OutOfStockError):
        movements.count(sku="MUG", on_hand=counted)
    assert stock_of("MUG") == (5, 2)


def test_goods_can_be_taken_off_the_shelf_as_far_as_they_are_not_held() -> None:
    movements.receive(sku="MUG", quantity=5)
    movements.hold(order=order(MUG=2))
    movements.write_off(sku="MUG", quantity=3)
    with pytest.raises(movements.OutOfStockError):
        movements.write_off(sku="MUG", quantity=1)
    with pytest.raises(movements.OutOfStockError):
        movements.write_off(sku="GHOST", quantity=1)
    assert stock_of("MUG") == (2, 2)
    assert StockMovement.objects.get(kind="written_off").on_hand_change == -3


def test_a_receipt_that_fails_leaves_no_row() -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        movements.receive(sku="NEW", quantity=-1)
    assert not StockItem.objects.filter(sku="NEW").exists()


@pytest.mark.parametrize("move", [movements.receive, movements.write_off])
def test_no_sign_turns_one_movement_into_another(move: Any) -> None:
    movements.receive(sku="MUG", quantity=5)
    with pytest.raises(ValueError, match=r"^-1 things are not a quantity\.$"):
        move(sku="MUG", quantity=-1)
    move(sku="MUG", quantity=0)
    assert stock_of("MUG") == (5, 0)


def test_movements_are_never_changed() -> None:
    movements.receive(sku="MUG", quantity=5)
    with pytest.raises(ImmutableRecordError):
        StockMovement.objects.update(on_hand_change=50)


# --- Any sequence at all ---------------------------------------------------------------------------------
STEPS = st.one_of(
    st.tuples(st.sampled_from(["hold", "release", "sell", "take_back"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["receive", "write_off"]), st.integers(0, 5)),
    st.tuples(st.just("count"), st.integers(0, 6)),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=15))
def test_stock_is_the_sum_of_any_movements_and_never_below_zero(steps: list[Any]) -> None:
    with transaction.atomic():
        movements.receive(sku="A", quantity=3)
        movements.receive(sku="B", quantity=2)
        orders = [order(A=1), order(A=2, B=1), order(B=2), order(A=1, B=1)]
        for step, number in steps:
            try:
                if step in {"receive", "write_off"}:
                    getattr(movements, step)(sku="A", quantity=number)
                elif step == "count":
                    movements.count(sku="B", on_hand=number)
                else:
                    getattr(movements, step)(order=orders[number])
            except movements.OutOfStockError:
                pass
            assert_movements_add_up()
        transaction.set_rollback(True)


# --- Stock is not page content ---------------------------------------------------------------------------
def test_publishing_a_stale_draft_changes_no_stock() -> None:
    mug = factories.product(on_hand=5)
    page = ProductPage.objects.get(pk=mug.page.pk)
    draft = page.save_revision()
    movements.write_off(sku="MUG", quantity=4)
    draft.publish()
    assert stock_of("MUG") == (1, 0)


def test_a_copy_of_a_product_has_no_sku_and_so_no_stock() -> None:
    mug = factories.product()
    copy = mug.page.copy(update_attrs={"slug": "copy", "title": "Copy"})
    assert list(copy.specific.variants.values_list("sku", flat=True)) == [""]
    copy.specific.save_revision().publish()
    assert StockItem.objects.get().sku == "MUG"
    assert ProductVariant.objects.get(sku="MUG").page_id == mug.page_id


@pytest.mark.parametrize("wrong", [{"held": 2}, {"held": -1}, {"on_hand": -1}, {"on_hand": -2, "held": -3}])
def test_the_database_itself_refuses_what_cannot_lie_on_a_shelf(wrong: dict[str, int]) -> None:
    movements.receive(sku="MUG", quantity=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        StockItem.objects.update(**wrong)
