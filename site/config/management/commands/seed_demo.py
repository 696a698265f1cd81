"""Fill the site with the demo content. Running it again adds only what is missing."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from config.demo import activity, orders, pages, people, policies, shop
from home.models import HomePage
from policies.models import Policy
from store.models import Order


class Command(BaseCommand):
    """`manage.py seed_demo [--if-empty]`."""

    help = "Fill the site with demo content (a shop called Jomso). Adds only what is missing."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Offer to leave a site alone that has content."""
        parser.add_argument("--if-empty", action="store_true", help="do nothing when the site has content")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Create people, pages, policies, the range, and a month of orders and activity."""
        home = HomePage.objects.get()
        if options["if_empty"] and (home.get_children().exists() or Policy.objects.exists()):
            self.stdout.write("The site has content: the demo is left out.")
            return
        story = orders.Story()
        with orders.sandbox(story) as sandbox, transaction.atomic():
            accounts = people.create()
            editor = accounts["Editor"]
            pages.create(home=home, editor=editor)  # first: the policies print the brand and the forms
            home.refresh_from_db()
            policies.create(home=home, editor=editor, lawyer=accounts["Lawyer"])
            shop.create(editor=editor, to_be_sold=orders.goods_gone(story.begun) if sandbox else {})
            _order_children(home)
            if sandbox:
                orders.create(orders.Till(story, sandbox, accounts["Customer service"]))
            activity.create()
        self.stdout.write("The demo content is in place.")
        if not Order.objects.exists():
            self.stdout.write(
                "It has no orders: they need the payment sandbox, and that it does not run yet."
            )


def _order_children(home: HomePage) -> None:
    """Put the pages into the order of a site map (also that of the menu)."""
    order = ("about", "shop", "privacy-policy", "cookie-policy", "terms", "contact", "feedback")
    for slug in order:
        home.refresh_from_db()
        child = home.get_children().filter(slug=slug).first()
        if child is not None:
            child.move(home, pos="last-child")
