"""Start-up of the store app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoreConfig(AppConfig):
    """The shop."""

    name = "store"
    verbose_name = _("Shop")
