"""What a brand is shown on before it is saved: apps contribute by hook `register_brand_previews`."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from home.hooks import collect


@dataclass(frozen=True)
class BrandPreview:
    """A page, e-mail or paper of nobody's. Without a label, another one shows it inside."""

    key: str
    label: str
    serve: Callable[[HttpRequest], HttpResponseBase]


def previews() -> dict[str, BrandPreview]:
    """Return all by key; the first is shown first."""
    found: list[BrandPreview] = collect("register_brand_previews", key=lambda one: one.key)
    return {one.key: one for one in found}
