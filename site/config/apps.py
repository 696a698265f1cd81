"""Start-up of the config app."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from config import unused_libraries


class ConfigConfig(AppConfig):
    """The top layer: it may know every app."""

    name = "config"
    verbose_name = _("Configuration")

    def ready(self) -> None:
        from config import checks, default_site, groups  # noqa: F401, PLC0415 - models must be loaded first

        unused_libraries.keep_out()  # before the URLs
        # The signal comes once for each app with models, and config has none: listen for one that does.
        home = apps.get_app_config("home")
        post_migrate.connect(groups.ensure_groups, sender=home, dispatch_uid="config-groups")
        post_migrate.connect(
            default_site.ensure_default_site, sender=home, dispatch_uid="config-default-site"
        )
