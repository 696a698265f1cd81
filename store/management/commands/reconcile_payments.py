"""Ask Stripe about every order that waits for it, and bring the orders up to date."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from store.payments import reconciliation


class Command(BaseCommand):
    """`manage.py reconcile_payments`."""

    help = "Ask Stripe about all orders, refunds, disputes and payments that may have changed, as the worker does."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Ask, and say what changed. Fails when an order could not be brought up to date."""
        report = reconciliation.reconcile(everything=True)
        for number, status in report.changed.items():
            self.stdout.write(f"{number}: {status}")
        self.stdout.write(f"{report.asked} asked, {len(report.changed)} changed.")
        problems = []
        if report.unanswered:
            problems.append(f"No answer about {', '.join(report.unanswered)}. Run it again later.")
        if report.unsettled:
            problems.append(f"Not settled: {', '.join(report.unsettled)}. The log says why.")
        if report.unknown:
            problems.append(report.unknown)
        if problems:
            raise CommandError(" ".join(problems))
