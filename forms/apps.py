"""Start-up of the forms app; what it does then is in `startup`."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FormsConfig(AppConfig):
    """Form pages and what is written in them."""

    name = "forms"
    verbose_name = _("Forms")

    def ready(self) -> None:
        from forms import startup  # noqa: PLC0415 - models must be loaded first

        startup.register()
