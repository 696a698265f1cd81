"""What can be bought now, by SKU: published products, their variants, prices and pictures. It changes nothing."""

from collections.abc import Iterable

from store.models import ProductVariant


def variants(skus: Iterable[str]) -> dict[str, ProductVariant]:
    """Return the published variants of these SKUs, with their products. Two queries whatever the number."""
    wanted = [sku for sku in set(skus) if sku]
    found = (
        ProductVariant.objects.filter(sku__in=wanted, page__live=True)
        .select_related("page")
        .prefetch_related("page__images__image")
    )
    return {variant.sku: variant for variant in found}
