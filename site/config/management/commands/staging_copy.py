"""`manage.py staging_copy [--database NAME]`: leaves nothing real of anybody in this database, for a staging site."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from config.backup import restoring
from config.backup.in_use import InUseError
from policies.personal_data import register


class Command(BaseCommand):
    """Replaces what the register of personal data names. The system checks refuse a live key of Stripe before it."""

    help = (
        "Replace all personal data by invented data; only on a staging site (STAGING=true) that does not run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--database", metavar="NAME", help="the database that is meant, in production")

    def handle(self, *args: Any, database: str | None, **options: Any) -> None:
        name = str(connection.settings_dict["NAME"])
        if not settings.STAGING:
            raise CommandError(
                "This is not a staging site: set STAGING=true in its .env first. Nothing was changed."
            )
        if settings.IS_PRODUCTION and database != name:
            raise CommandError(f"All personal data in {name} would go. If it is the one: --database {name}")
        entries = register.registered()
        if silent := [entry.key for entry in entries if entry.replace is None]:
            raise CommandError(f"Nothing says how to replace {', '.join(silent)}. Nothing was changed.")
        try:
            with restoring.alone(), transaction.atomic():
                for entry in entries:
                    if entry.replace:  # looked for above
                        entry.replace()
                    self.stdout.write(f"{entry.key}: replaced")
        except InUseError as error:
            raise CommandError(
                f"Stop the web processes and the worker first: {error}. Nothing was changed."
            ) from None
        for one in caches.settings:
            caches[one].clear()
        self.stdout.write("Nobody can sign in: manage.py createsuperuser makes an account.")
