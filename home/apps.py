"""Start-up of the home app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HomeConfig(AppConfig):
    """What every page shares."""

    name = "home"
    verbose_name = _("Home")

    def ready(self) -> None:
        """Connect what invalidates the page cache."""
        from home.page_cache import invalidation  # noqa: PLC0415 - models must be loaded first

        invalidation.connect()
