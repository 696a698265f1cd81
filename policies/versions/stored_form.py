"""Finds values that SQLite keeps in another form than the site writes, and so reads in another way than Python.

SQLite compares moments as text, and takes any value in any column: one in other digits, with an offset or as bytes
would come earlier or later than what it says. Of a key that JSON has twice it reads the first, and Python the last.
PostgreSQL keeps values, not their text.
"""

import json
from collections.abc import Iterator

from django.db import connection, models
from django.db.models import Count, Func, Q
from django.db.models.functions import Cast
from django.db.models.lookups import Exact, Regex
from django.utils.translation import gettext as _

from policies.ledger import entries
from policies.ledger.verification import Finding
from policies.models.ledger import LedgerEntry, LedgerHead, LedgerWitness

_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.(?!0{6})[0-9]{6})?\Z"
_TEXT = models.TextField()


def findings() -> Iterator[Finding]:
    """Yield each column of the ledger, and of what is entered in it, with values that the site did not write."""
    words = _("%(number)s value(s) in %(name)s are not written as the site writes them")
    known: list[type[models.Model]] = [LedgerEntry, LedgerHead, LedgerWitness, *entries.kinds().values()]
    for model in known if connection.vendor == "sqlite" else ():
        for name, number in _strange(model):
            if number:
                yield Finding(model._meta.label, words % {"number": number, "name": name})


def _strange(model: type[models.Model]) -> Iterator[tuple[str, int]]:
    rows, fields = model._base_manager.all(), model._meta.concrete_fields
    moments = [field.name for field in fields if isinstance(field, models.DateTimeField)]
    yield from rows.aggregate(
        **{name: Count("pk", filter=_is_strange_moment(name)) for name in moments}
    ).items()
    for name in [field.name for field in fields if isinstance(field, models.JSONField)]:
        written = rows.exclude(**{f"{name}__isnull": True}).values_list(Cast(name, _TEXT), flat=True)
        yield name, sum(json.dumps(json.loads(one)) != one for one in written)


def _is_strange_moment(name: str) -> Q:
    form = Func(name, function="typeof", output_field=_TEXT)
    return Q(**{f"{name}__isnull": False}) & ~Q(Exact(form, "text"), Regex(Cast(name, _TEXT), _MOMENT))
