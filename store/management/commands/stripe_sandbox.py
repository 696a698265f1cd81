"""Runs Stripe's stand-in beside the site on this machine, until told to end. Never used in production."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from store.sandbox.server import HOST, Sandbox

HIGHEST_PORT = 65535


class Command(BaseCommand):
    """`manage.py stripe_sandbox`."""

    help = "Run Stripe's stand-in for development: the API, the payment page and signed webhooks."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Add where it listens, where it reports, where it keeps what it knows."""
        parser.add_argument("--port", type=int, default=8001)
        parser.add_argument("--webhook-url", default="http://127.0.0.1:8000/stripe/webhook/")
        parser.add_argument("--database", type=Path, default=Path("var/sandbox.sqlite3"))
        parser.add_argument(
            "--webhook-secret",
            default=os.environ.get("STRIPE_WEBHOOK_SECRET") or None,
            help="What signs webhooks; else STRIPE_WEBHOOK_SECRET, else a file beside the database.",
        )
        parser.add_argument("--shop-name", default="Test shop")

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        """Run until Ctrl-C or SIGTERM."""
        if not 0 <= port <= HIGHEST_PORT:
            raise CommandError(f"--port must be a number from 0 to {HIGHEST_PORT}, not {port}.")
        _log_to_the_terminal()
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        names = ("webhook_url", "database", "webhook_secret", "shop_name")
        try:
            sandbox = Sandbox(port=port, **{name: options[name] for name in names})
        except OSError as error:
            raise CommandError(
                f"Port {port} of {HOST} cannot be used ({error.strerror}). Another program, perhaps another sandbox, "
                f"may have it. Stop that, or choose another: --port {port + 1}"
            ) from error
        with sandbox:
            self.stdout.write(
                f"Stripe's stand-in runs on {sandbox.url}/ and reports to {sandbox.webhook_url}"
            )
            self.stdout.flush()
            ended.wait()


def _log_to_the_terminal() -> None:
    logger = logging.getLogger("store.sandbox")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
