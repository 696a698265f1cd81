"""Start-up of the home app; what it does then is in `startup`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    """What every page shares."""

    name = "home"
    verbose_name = _("Home")

    def ready(self) -> None:
        from home import startup  # noqa: PLC0415 - models must be loaded first

        startup.register()
