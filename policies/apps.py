"""Start-up of the policies app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PoliciesConfig(AppConfig):
    """Promises: policies, consent, personal data."""

    name = "policies"
    verbose_name = _("Policies")

    def ready(self) -> None:
        """Register facts, personal data, and what public pages depend on."""
        from policies import startup  # noqa: PLC0415 - models must be loaded first

        startup.register()
