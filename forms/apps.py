"""Start-up of the forms app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FormsConfig(AppConfig):
    """Form pages and what is written in them."""

    name = "forms"
    verbose_name = _("Forms")

    def ready(self) -> None:
        """Register what the forms collect as personal data."""
        from forms import privacy  # noqa: PLC0415 - models must be loaded first

        privacy.register()
