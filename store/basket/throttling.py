"""How many baskets one client may start, and what it is told."""

from datetime import timedelta

from django.utils.translation import ngettext_lazy

from home.throttling import Limit

NEW_BASKETS = Limit("new-baskets", most=200, window=timedelta(hours=1))
TOO_MANY = ngettext_lazy(
    "Too many baskets were started from your network. Try again in %(minutes)s minute.",
    "Too many baskets were started from your network. Try again in %(minutes)s minutes.",
    "minutes",
)
