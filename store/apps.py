"""Start-up of the store app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoreConfig(AppConfig):
    """The shop."""

    name = "store"
    verbose_name = _("Shop")

    def ready(self) -> None:
        """Connect the checks, the log's filter, the stock of what is published, and what public pages depend on."""
        # Models must be loaded first.
        from wagtail.signals import page_published, page_unpublished  # noqa: PLC0415

        from home.page_cache.invalidation import invalidate_pages_when_changed  # noqa: PLC0415
        from store import models  # noqa: PLC0415
        from store.catalogue import redirects  # noqa: PLC0415
        from store.orders import log_redaction  # noqa: PLC0415
        from store.payments import checks  # noqa: F401, PLC0415
        from store.stock import movements  # noqa: PLC0415

        for model in (
            models.ClosedPeriod,
            models.DeliveryCountry,
            models.DeliveryZone,
            models.ShippingOption,
        ):
            invalidate_pages_when_changed(model)
        log_redaction.keep_secrets_out()
        page_published.connect(
            movements.ensure_published, sender=models.ProductPage, dispatch_uid="store.ensure_published"
        )
        page_unpublished.connect(redirects.on_unpublished, dispatch_uid="store.on_unpublished")
