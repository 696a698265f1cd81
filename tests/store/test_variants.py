"""What a variant has of its own beside SKU and price, and the pictures of a product."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from wagtail.test.utils.form_data import inline_formset, nested_form_data

from home.models import SiteImage
from store.models import ProductImage, ProductPage, ProductVariant
from store.stock import movements
from tests import factories
from tests.store.product_form import save, shown, typed

DRAWING = Path("static/img/shelves.svg")
pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def rows_of(mug: ProductVariant, owner: Client, **values: Any) -> list[dict[str, Any]]:
    """Return the mug as its form shows it, and two variants more, the first of which has these values."""
    [row] = shown(owner, mug.page)
    return [row, {"name": "Large", "price": "15", **values}, {"name": "Huge", "weight": "0"}]


def test_what_is_left_empty_is_as_in_the_first_variant_that_has_it(
    owner: Client, mug: ProductVariant
) -> None:
    rows = rows_of(mug, owner, weight="420", hs_code="691110", origin="KP")
    assert save(owner, mug.page, *rows).status_code == 302
    found = ProductVariant.objects.order_by("pk").values_list("name", "price", "weight", "hs_code", "origin")
    assert list(found) == [
        ("", 1250, 420, "691110", "KP"),
        ("Large", 1500, 420, "691110", "KP"),
        ("Huge", 1250, 0, "691110", "KP"),
    ]


def test_what_customs_would_not_take_is_refused_where_it_was_typed(
    owner: Client, mug: ProductVariant
) -> None:
    rows = rows_of(mug, owner, weight="-1", hs_code="6911.1", origin="UK")
    rows[2] |= {"weight": "9" * 30, "hs_code": "691110\n1", "origin": "de"}
    answer = save(owner, mug.page, *rows)
    assert answer.status_code == 200
    first, *refused = [form.errors for form in answer.context["form"].formsets["variants"].forms]
    assert not first
    assert [list(errors) for errors in refused] == [["weight", "hs_code", "origin"]] * 2
    assert ProductVariant.objects.count() == 1


def test_a_picture_without_description_gets_one_in_the_product(owner: Client, mug: ProductVariant) -> None:
    image = SiteImage.objects.create(title="Mug", file=ContentFile(DRAWING.read_bytes(), "mug.svg"))
    for words, status in (("", 200), ("A mug", 302)):
        pictures = nested_form_data({"images": inline_formset([{"image": image.pk, "description": words}])})
        values = {**typed(mug.page.title, *shown(owner, mug.page), known=1), **pictures}
        answer = owner.post(f"/admin/pages/{mug.page.pk}/edit/", {**values, "action-publish": "1"})
        assert answer.status_code == status
    assert ProductImage.objects.get().description == "A mug"
    assert 'alt="A mug"' in owner.get(ProductPage.objects.get().url).content.decode()


def test_the_picture_of_a_variant_is_in_the_gallery_in_baskets_and_on_its_choice(
    client: Client, mug: ProductVariant
) -> None:
    front, red = (
        SiteImage.objects.create(
            title=name, description=words, file=ContentFile(DRAWING.read_bytes(), f"{name}.svg")
        )
        for name, words in (("front", "A mug"), ("red", ""))
    )
    ProductImage.objects.create(page=mug.page, image=front)
    ProductVariant.objects.filter(pk=mug.pk).update(picture=front)
    ProductVariant.objects.create(page=mug.page, sku="MUG-R", price=1300, name="Red", picture=red)
    movements.receive(sku="MUG-R", quantity=3)
    page = client.get(mug.page.url).content.decode()
    assert re.findall(r'data-picture="(\d+)"', page) == [str(front.pk), str(red.pk)]
    assert re.findall(r'<img[^>]* alt="([^"]*)"', page) == ["A mug", "Enamel mug, Red"]
    assert re.findall(r'value="(\S+)"[^>]* data-shows="(\d+)"', page) == [
        ("MUG", str(front.pk)),
        ("MUG-R", str(red.pk)),
    ]
    client.cookies["basket"] = factories.basket(**{"MUG": 1, "MUG-R": 1}).token
    basket = client.get("/basket/").content.decode()
    assert re.findall(r'<img src="[^"]*/(\w+)\.svg"', basket) == ["front", "red"]
