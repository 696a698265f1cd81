"""The goods of an offer while staff put them together: a search, and lines to which it adds.

Each button sends the whole form and nothing is kept between two of them, so it works without JavaScript.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext, ngettext_lazy

from home.characters import without_nul
from home.viewsets import MOST_SEARCHED
from store.basket.forms import QuantityField
from store.catalogue import pictures
from store.models import OrderLine, ProductVariant, StockItem
from store.models.catalogue import images_of

MOST_LINES = 30
MOST_FOUND = 10
MOST_SOLD = 6  # that are shown before anything is searched
LATELY = 500  # lines of orders
MOST_DIGITS = 2  # of a quantity


class LineForm(forms.Form):
    sku = forms.CharField(max_length=40, widget=forms.HiddenInput)
    quantity = QuantityField(min_value=1)
    text = forms.CharField(required=False, strip=False)  # what may be it, the product says


class _LineFormSet(forms.BaseFormSet):
    default_error_messages = {  # as Django declares it
        **forms.BaseFormSet.default_error_messages,
        "too_many_forms": ngettext_lazy("At most %(num)d line.", "At most %(num)d lines.", "num"),
    }

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """Accept no line that is empty."""
        return {**super().get_form_kwargs(index), "empty_permitted": False}

    def clean(self) -> None:
        if not self.forms:
            raise ValidationError(gettext("Search for what they want and add it."))


LineFormSet = forms.formset_factory(
    LineForm, _LineFormSet, extra=0, max_num=MOST_LINES, absolute_max=MOST_LINES + 1, validate_max=True
)


def typed(lines: Iterable[forms.BaseForm]) -> list[dict[str, Any]]:
    """Return what stands in lines, right or wrong."""
    return [{name: line[name].value() or "" for name in line.fields} for line in lines]


def with_one_more(rows: list[dict[str, Any]], sku: str) -> list[dict[str, Any]]:
    """Return lines with one more of a SKU: in its line, but one of its own where a text may be written on it."""
    variant = variants([sku]).get(sku)
    for row in rows:
        quantity = _quantity(row["quantity"])
        if row["sku"] == sku and variant and not variant.page.text_label and quantity is not None:
            row["quantity"] = quantity + 1
            return rows
    return [*rows, {"sku": sku, "quantity": 1}]


def _quantity(typed: object) -> int | None:
    text = str(typed)
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def find(words: str) -> list[Any]:
    """Return variants that anybody could buy by names or SKU, and one more than are shown if there are others."""
    words = without_nul(words).strip()
    if not words:
        return []
    named = ProductVariant.objects.search(words, most=MOST_SEARCHED)
    found = Q(pk__in=named.values("pk")) | Q(sku__in=(words, words.upper()))
    variants = ProductVariant.objects.on_sale().filter(found).select_related("page", "picture")
    return filled(variants.order_by("page__title", "sort_order", "pk")[: MOST_FOUND + 1])


def most_sold() -> list[Any]:
    """Return what was ordered most often of late and can be bought, the most first."""
    sold = Counter(OrderLine.objects.order_by("-pk").values_list("sku", flat=True)[:LATELY])
    found = variants(sku for sku, _often in sold.most_common(MOST_SOLD))
    return [one for one in filled(sorted(found.values(), key=lambda one: -sold[one.sku])) if one.left > 0]


def with_variants(lines: Iterable[Any]) -> list[Any]:
    """Return the forms of lines, each with its variant if that is for sale."""
    found = variants([str(line["sku"].value()) for line in lines])
    filled(found.values())
    for line in lines:
        line.variant = found.get(line["sku"].value())
    return [*lines]


def total(lines: Iterable[Any]) -> int:
    """Return what lines with their variants come to as they are typed, minor units, and note it on each."""
    for line in lines:
        quantity = (
            _quantity(line["quantity"].value()) if line.variant else 0
        )  # what is wrong comes to nothing
        text = (line["text"].value() or "").strip()
        line.total = quantity * line.variant.price_with(text) if quantity else 0
    return sum(line.total for line in lines)


def variants(skus: Iterable[str]) -> dict[str, Any]:
    """Return those that are for sale, by SKU."""
    fit = [*map(without_nul, skus)]
    found = ProductVariant.objects.on_sale().filter(sku__in=fit).select_related("page", "picture")
    return {variant.sku: variant for variant in found}


def filled(variants: Iterable[Any]) -> list[Any]:
    """Return variants with picture, and how many can be bought."""
    variants = list(variants)
    small = pictures.thumbnails(images_of(variants))
    free = StockItem.objects.available(variant.sku for variant in variants)
    for variant in variants:
        variant.thumbnail = small.get(variant.sku, "")
        variant.left = variant.page.sellable(free[variant.sku])
    return variants
