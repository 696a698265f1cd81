"""What the top layer wires when the site starts: checks, staff groups, the site's address."""

from django.apps import apps
from django.db.models.signals import post_migrate

from config import checks, roles, site_address  # noqa: F401 - importing registers the checks


def register() -> None:
    # The signal comes once for each app with models, and config has none: listen for one that does.
    home = apps.get_app_config("home")
    post_migrate.connect(roles.ensure_groups, sender=home, dispatch_uid="config-roles")
    post_migrate.connect(site_address.ensure_site_address, sender=home, dispatch_uid="config-site-address")
