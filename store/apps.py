"""Start-up of the store app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoreConfig(AppConfig):
    """The shop."""

    name = "store"
    verbose_name = _("Shop")

    def ready(self) -> None:
        """Connect the checks, the log's filter and the stock of what is published."""
        # Models must be loaded first.
        from wagtail.signals import page_published  # noqa: PLC0415

        from store import checks, models, quiet_log, stock  # noqa: F401, PLC0415

        quiet_log.keep_secrets_out()
        page_published.connect(
            stock.know_published, sender=models.ProductPage, dispatch_uid="store.know_published"
        )
