"""The form of a product in the admin: what it shows, and what a browser sends back."""

from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils.text import slugify
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text

from store.models import ProductPage

Row = dict[str, Any]
BY_SCRIPT = {"headers": {"accept": "application/json"}}


def shown(owner: Client, page: ProductPage) -> list[Row]:
    """Return what the form shows of each variant, as the browser would send it back."""
    form = owner.get(f"/admin/pages/{page.pk}/edit/").context["form"]
    names = ("id", "name", "sku", "price", "in_stock", "stock_seen")
    return [
        {name: one[name].value() if one[name].value() is not None else "" for name in names}
        for one in form.formsets["variants"].forms
    ]


def typed(title: str, *rows: Row, known: int = 0, **extra: str) -> dict[str, Any]:
    return nested_form_data(
        {
            "title": title,
            "slug": slugify(title) or "product",
            "description": rich_text(""),
            "withdrawal": "applies",
            "availability": "stock",
            "text_length": "40",
            "text_price": "0",
            "images": inline_formset([]),
            "options": inline_formset([]),
            "related": inline_formset([]),
            "variants": inline_formset(list(rows), initial=known, min=1),
            "comments": inline_formset([]),
            **extra,
        }
    )


def save(owner: Client, page: ProductPage, *rows: Row, **options: Any) -> HttpResponse:
    extra = {"action-publish": "1"} if options.pop("publish", True) else {}
    known = sum(bool(row.get("id")) for row in rows)
    values = typed(page.title, *rows, known=known, **extra)
    return owner.post(f"/admin/pages/{page.pk}/edit/", values, **options)
