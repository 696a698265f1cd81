"""Options of a product make its variants when a person saves it, each combination once."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.test import Client
from wagtail.test.utils.form_data import inline_formset, nested_form_data

from store.catalogue import options
from store.models import ProductPage, ProductVariant
from tests.store.product_form import BY_SCRIPT, Row, shown, typed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def save(owner: Client, page: ProductPage, rows: list[Row], *values: str, **extra: Any) -> HttpResponse:
    """Save the form of a product with these rows of variants, and an option for each list of values."""
    known = sum(bool(row.get("id")) for row in rows)
    form = typed(page.title, *rows, known=known)
    wanted = [{"name": f"Option {number}", "values": typed} for number, typed in enumerate(values)]
    form |= nested_form_data({"options": inline_formset(wanted)})
    return owner.post(f"/admin/pages/{page.pk}/edit/", form, **extra)


def draft(page: ProductPage) -> list[tuple[str, str, int]]:
    latest = ProductPage.objects.get(pk=page.pk).get_latest_revision_as_object()
    return [(one.name, one.sku, one.price) for one in latest.variants.all()]


def test_a_product_on_sale_gets_the_combinations_beside_what_it_has(
    owner: Client, mug: ProductVariant
) -> None:
    answer = save(owner, mug.page, shown(owner, mug.page), "A5, A4", "red, Red,, blue")
    assert answer.status_code == 302
    assert draft(mug.page) == [
        ("", "MUG", 1250),
        ("A5, Red", "ENAMEL-MUG-A5-RED", 1250),
        ("A5, blue", "ENAMEL-MUG-A5-BLUE", 1250),
        ("A4, Red", "ENAMEL-MUG-A4-RED", 1250),
        ("A4, blue", "ENAMEL-MUG-A4-BLUE", 1250),
    ]


def test_the_one_variant_of_a_new_product_is_the_first_combination(
    owner: Client, mug: ProductVariant
) -> None:
    ProductPage.objects.update(first_published_at=None)
    [row] = shown(owner, mug.page)
    save(owner, mug.page, [{**row, "sku": ""}], "Small, Large")
    assert draft(mug.page) == [
        ("Small", "ENAMEL-MUG-SMALL", 1250),
        ("Large", "ENAMEL-MUG-LARGE", 1250),
    ]


def test_autosave_makes_none_and_none_that_was_deleted_or_renamed_comes_back(
    owner: Client, mug: ProductVariant
) -> None:
    save(owner, mug.page, shown(owner, mug.page), "Sm", **BY_SCRIPT)
    assert len(draft(mug.page)) == 1
    save(owner, mug.page, shown(owner, mug.page), "Small, Large, Huge")
    rows = shown(owner, mug.page)
    assert [row["name"] for row in rows] == ["", "Small", "Large", "Huge"]
    rows[2] |= {"name": "Grand"}
    rows[3] |= {"DELETE": "1"}
    save(owner, mug.page, rows, "Small, Large, Huge, Tiny")
    assert [name for name, _sku, _price in draft(mug.page)] == ["", "Small", "Grand", "Tiny"]


MANY = [str(number) for number in range(200)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([MANY], "at most 100 variants"),
        ([MANY] * 3, "at most 100 variants"),
        ([MANY[:100]], "at most 100 variants"),  # beside the one that there is
        ([["x" * 121]], "at most 120 characters"),
    ],
)
def test_options_that_make_too_much_are_refused(values: list[list[str]], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        options.combinations(values, made=[""], others=1)


def test_what_is_refused_changes_nothing(owner: Client, mug: ProductVariant) -> None:
    answer = save(owner, mug.page, shown(owner, mug.page), ",".join(MANY), " , ")
    assert answer.status_code == 200
    assert "at most 100 variants" in answer.content.decode()
    assert "Enter values" in answer.content.decode()
    assert not ProductPage.objects.get().has_unpublished_changes
