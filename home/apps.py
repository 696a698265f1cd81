"""Start-up of the home app: page-cache invalidation is wired here."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    """What every page shares."""

    name = "home"
    verbose_name = _("Home")

    def ready(self) -> None:
        """Connect what changes public pages to the page cache."""
        from home import signals  # noqa: PLC0415 - models must be loaded first

        signals.connect()
