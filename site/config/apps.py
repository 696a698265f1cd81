"""Start-up of the config app; what it does then is in `startup`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    """The top layer: it may know every app."""

    name = "config"
    verbose_name = _("Configuration")

    def ready(self) -> None:
        from config import startup  # noqa: PLC0415 - models must be loaded first

        startup.register()
