"""What the shop registers when the site starts: Stripe as a provider, its personal data, its say in the page cache."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from home.csp import Provider, register_providers


def register() -> None:
    """Register everything; called once by the app's configuration."""
    register_providers(stripe_provider)


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
