"""Configuration of the forms app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FormsConfig(AppConfig):
    """Form pages and what is written in them."""

    name = "forms"
    verbose_name = _("Forms")
