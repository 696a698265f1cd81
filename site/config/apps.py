"""Start-up of the config app: system checks, staff groups, the site's address, personal data of third-party tables."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    """The top layer: it may know every app."""

    name = "config"
    verbose_name = _("Configuration")

    def ready(self) -> None:
        """Wire what only the top layer can know."""
        # Models must be loaded before these can be imported.
        from config import checks, personal_data, roles, site_address  # noqa: F401, PLC0415

        # The signal comes once for each app with models, and config has none: listen for one that does.
        sender = apps.get_app_config("home")
        post_migrate.connect(roles.ensure_groups, sender=sender, dispatch_uid="config-roles")
        post_migrate.connect(
            site_address.ensure_site_address, sender=sender, dispatch_uid="config-site-address"
        )
        personal_data.register()
