"""Answers a person's request by hand: what is held about an e-mail address, or that it be erased.

Both go through the register of personal data, so they cover every table that the privacy policy names. What is
found is entered into the log of access.
"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import validate_email
from django.db import transaction

from policies.personal_data import access_log, register


class Command(BaseCommand):
    """`manage.py personal_data export|erase E-MAIL`."""

    help = "Export as JSON, or erase, what is held about an e-mail address."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what to do and about whom."""
        parser.add_argument("action", choices=["export", "erase"])
        parser.add_argument("email", metavar="E-MAIL")
        parser.add_argument("--yes", action="store_true", help="Erase without asking.")

    def handle(self, *args: Any, action: str, email: str, yes: bool, **options: Any) -> None:
        """Export or erase; end with exit code 1 if nothing is held."""
        address = email.strip()
        try:
            validate_email(address)
        except ValidationError as error:
            message = f"{email!r} is not an e-mail address."
            raise CommandError(message) from error
        found = register.export(address)
        if not found:
            message = f"Nothing is held about {address}."
            raise CommandError(message)
        if action == "export":
            self._record(access_log.Action.EXPORT, found)
            self.stdout.write(json.dumps(found, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
        else:
            self._erase(address, found, yes=yes)

    def _erase(self, address: str, found: dict[str, list[dict[str, Any]]], *, yes: bool) -> None:
        self._record(access_log.Action.SEARCH, found)
        for key, rows in found.items():
            self.stdout.write(f"{key}: {len(rows)} found")
        if (
            not yes
            and input(f"Erase what is held about {address}? It cannot be undone. [y/N] ").lower() != "y"
        ):
            message = "Nothing was erased."
            raise CommandError(message)
        with transaction.atomic():
            self._record(access_log.Action.ERASE, found)
            erased = register.erase(address)
        for entry in register.registered():
            if erased.get(entry.key):
                self.stdout.write(f"{entry.key}: {erased[entry.key]} erased")
            elif entry.key in found and entry.erase is None:
                self.stdout.write(f"{entry.key}: kept. {entry.note}")

    def _record(self, action: str, found: dict[str, list[dict[str, Any]]]) -> None:
        for kind, rows in found.items():
            access_log.record(None, action=action, kind=kind, count=len(rows))
