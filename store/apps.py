"""Start-up of the store app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoreConfig(AppConfig):
    """The shop."""

    name = "store"
    verbose_name = _("Shop")

    def ready(self) -> None:
        """Register what the site must know of the shop."""
        from store import checks, startup  # noqa: F401, PLC0415 - models must be loaded first

        startup.register()
