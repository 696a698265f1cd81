"""`manage.py seed_demo`: fill the site with the demo content."""

import argparse
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from demo import activity, pages, people, policies
from home.models import HomePage
from policies.ledger import entries
from policies.models import LedgerStatement, Policy


class Command(BaseCommand):
    """`manage.py seed_demo [--if-empty]`."""

    help = "Fill the site with demo content (a shop called Jomso). Adds only what is missing."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Offer to leave a site alone that has content."""
        parser.add_argument("--if-empty", action="store_true", help="do nothing when the site has content")

    def handle(self, *_args: Any, **options: Any) -> str:
        """Create what is missing; return who can sign in, which Django prints."""
        home = HomePage.objects.get()
        if options["if_empty"] and (home.get_children().exists() or Policy.objects.exists()):
            self.stdout.write("The site has content: the demo is left out.")
        else:
            self._seed(home)
            self.stdout.write("The demo content is in place.")
        return people.logins()

    @transaction.atomic
    def _seed(self, home: HomePage) -> None:
        accounts = people.create()
        editor = accounts["Editor"]
        pages.create(home=home, editor=editor)  # first: the policies print the brand and the forms
        home.refresh_from_db()
        if apps.is_installed("store"):
            from demo import shop  # noqa: PLC0415 - models that a site without a shop does not have

            shop.settings()
        policies.create(home=home, editor=editor, lawyer=accounts["Lawyer"])
        if apps.is_installed("store"):
            from demo import orders  # noqa: PLC0415 - models that a site without a shop does not have

            if not orders.create(home=home, editor=editor, staff=accounts["Customer service"]):
                self.stdout.write("It has no orders: they need the payment sandbox (`make sandbox`).")
        home.refresh_from_db()
        pages.fill_home(home, editor)
        _order_children(home)
        activity.create()
        # The demo's month lies before its ledger.
        entries.state(LedgerStatement.Type.TAKEN_IN, {"kinds": list(entries.kinds())}, at=timezone.now())


def _order_children(home: HomePage) -> None:
    """Put the pages into the order of a site map (also that of the menu)."""
    order = ("shop", "about", "privacy-policy", "cookie-policy", "terms", "news", "contact", "feedback")
    for slug in order:
        home.refresh_from_db()
        child = home.get_children().filter(slug=slug).first()
        if child is not None:
            child.move(home, pos="last-child")
