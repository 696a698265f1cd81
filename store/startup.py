"""What the shop registers when the site starts: Stripe as a provider, its personal data, its say in the page cache."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.signals import page_published

from home.csp import Provider, register_providers
from policies.cookie_audit import rules
from store import privacy, quiet_log, stock
from store.models import ProductPage


def register() -> None:
    """Register everything; called once by the app's configuration."""
    register_providers(stripe_provider)
    privacy.register()
    quiet_log.keep_secrets_out()
    rules.register_paths(audited_paths)
    rules.register_actions(audited_actions)
    page_published.connect(_know_skus, sender=ProductPage, dispatch_uid="store.know_skus")


def stripe_provider() -> Iterator[Provider]:
    """Name Stripe, whose payment page our checkout form leads to."""
    sandbox = urlsplit(settings.STRIPE_API_URL)
    origin = f"{sandbox.scheme}://{sandbox.netloc}" if sandbox.netloc else "https://checkout.stripe.com"
    yield Provider(
        key="stripe",
        name="Stripe",
        purpose=_(
            "Takes payments: name, addresses, e-mail, telephone and card details, typed on its own page"
        ),
        country=_("Ireland and the United States"),
        privacy_url="https://stripe.com/privacy",
        sources={"form-action": (origin,)},
    )


def audited_paths() -> Iterator[str]:
    """Name what the audit of cookies looks at beside the pages that the site map names."""
    yield reverse("store:basket")
    yield reverse("store:checkout")


def audited_actions() -> Iterator[rules.Action]:
    """Let the audit of cookies put something into a basket, which then has cookies of its own."""
    yield rules.Action(
        name="basket", press="form[data-basket-add] button[type=submit]", then=tuple(audited_paths())
    )


def _know_skus(instance: ProductPage, **_kwargs: Any) -> None:
    """Let staff count what was just published: its SKUs get their rows of stock."""
    stock.know(variant.sku for variant in instance.variants.all() if variant.sku)
