"""Ask Stripe about every order that waits for it, and bring the orders up to date."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from store import reconciling


class Command(BaseCommand):
    """`manage.py reconcile_payments`."""

    help = "Ask Stripe about every order that waits for a payment. The worker does this by itself, for those due."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Ask, and say what changed. Fails when Stripe gave no answer about an order."""
        report = reconciling.reconcile(everything=True)
        for number, status in report.changed.items():
            self.stdout.write(f"{number}: {status}")
        self.stdout.write(f"{report.asked} asked, {len(report.changed)} changed.")
        if report.unanswered:
            message = f"No answer about {', '.join(report.unanswered)}. Run it again later."
            raise CommandError(message)
