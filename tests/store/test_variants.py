"""What a variant has of its own beside SKU and price: weight, customs data and a picture."""

from typing import Any

import pytest
from django.test import Client

from home.models import User
from store.models import ProductVariant
from tests.store.test_stock_in_the_product_form import save, shown

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def editor(client: Client) -> Client:
    client.force_login(User.objects.create_superuser(email="editor@example.com", password="x"))
    return client


def rows_of(mug: ProductVariant, editor: Client, **values: Any) -> list[dict[str, Any]]:
    """Return the mug as its form shows it, and two variants more, the first of which has these values."""
    [row] = shown(editor, mug.page)
    return [row, {"name": "Large", "price": "15", **values}, {"name": "Huge", "weight": "0"}]


def test_what_is_left_empty_is_as_in_the_first_variant_that_has_it(
    editor: Client, mug: ProductVariant
) -> None:
    rows = rows_of(mug, editor, weight="420", hs_code="691110", origin="KP")
    assert save(editor, mug.page, *rows).status_code == 302
    found = ProductVariant.objects.order_by("pk").values_list("name", "price", "weight", "hs_code", "origin")
    assert list(found) == [
        ("", 1250, 420, "691110", "KP"),
        ("Large", 1500, 420, "691110", "KP"),
        ("Huge", 1250, 0, "691110", "KP"),
    ]


def test_what_customs_would_not_take_is_refused_where_it_was_typed(
    editor: Client, mug: ProductVariant
) -> None:
    rows = rows_of(mug, editor, weight="-1", hs_code="6911.1", origin="UK")
    rows[2] |= {"weight": "9" * 30, "hs_code": "691110\n1", "origin": "de"}
    answer = save(editor, mug.page, *rows)
    assert answer.status_code == 200
    first, *refused = [form.errors for form in answer.context["form"].formsets["variants"].forms]
    assert not first
    assert [list(errors) for errors in refused] == [["weight", "hs_code", "origin"]] * 2
    assert ProductVariant.objects.count() == 1
