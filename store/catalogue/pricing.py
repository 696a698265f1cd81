"""Changes the price of a published product outside its form: by a revision, as its form would."""

from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.permissions import page_permission_policy

from home.models import User
from store.models import ProductPage, ProductVariant


class PriceError(Exception):
    """The price cannot be changed; the message says why."""


def publishable(pages: set[int], user: User) -> set[int]:
    """Return those of these pages that the user may publish, by key."""
    allowed = page_permission_policy.instances_user_has_permission_for(user, "publish")
    return set(allowed.filter(pk__in=pages, live=True, alias_of=None).values_list("pk", flat=True))


@transaction.atomic
def change_price(*, sku: str, seen: int, price: int, by: User) -> None:
    """Publish the page as it is with this price. Raises PriceError.

    A draft keeps its changes. It gets the new price, too, unless its own price differs from the one that was published.
    """
    variant = ProductVariant.objects.select_for_update().filter(sku=sku).first()
    if variant is None or not publishable({variant.page_id}, by):
        raise PriceError(_("You cannot change the price of this product here."))
    if variant.price != seen:
        raise PriceError(_("The price was changed meanwhile. Check it."))
    page = ProductPage.objects.get(pk=variant.page_id)
    lock = page.get_lock()
    if page.workflow_in_progress or (lock and lock.for_user(by)):
        raise PriceError(
            _("The product is locked, waits for a review or is scheduled. Open it to change its price.")
        )
    draft = page.get_latest_revision_as_object() if page.has_unpublished_changes else None
    _set_price(page, sku=sku, price=price)
    page.save_revision(user=by, log_action=True).publish(user=by)
    if draft is not None:
        _set_price(draft, sku=sku, price=price, instead_of=seen)
        draft.save_revision(user=by)


def _set_price(page: ProductPage, *, sku: str, price: int, instead_of: int | None = None) -> None:
    variants = list(page.variants.all())
    for variant in variants:
        if variant.sku == sku and instead_of in (None, variant.price):
            variant.price = price
    page.variants.set(variants)
