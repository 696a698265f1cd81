"""Finds values that SQLite keeps in another form than the site writes, and so reads in another way than Python.

SQLite compares moments as text, and takes any value in any column: one in other digits, with an offset or as bytes
would come earlier or later than what it says. Of a key that JSON has twice it reads the first, and Python the last.
PostgreSQL keeps values, not their text.
"""

import json
from collections.abc import Iterator

from django.db import connection, models
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from policies.ledger import entries
from policies.ledger.verification import Finding
from policies.models.ledger import LedgerEntry, LedgerHead, LedgerWitness

_MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.(?!0{6})[0-9]{6})?\Z"


def findings() -> Iterator[Finding]:
    """Yield each column of the ledger, and of what is entered in it, with values that the site did not write."""
    words = _("%(number)s value(s) in %(name)s are not written as the site writes them")
    known: list[type[models.Model]] = [LedgerEntry, LedgerHead, LedgerWitness, *entries.kinds().values()]
    for model in known if connection.vendor == "sqlite" else ():
        for field in model._meta.concrete_fields:
            if number := _strange(model, field):
                yield Finding(model._meta.label, words % {"number": number, "name": field.name})


def _strange(model: type[models.Model], field: models.Field) -> int:
    text = models.TextField()
    stored = model._base_manager.exclude(**{f"{field.name}__isnull": True}).annotate(
        written=Cast(field.name, text), form=models.Func(field.name, function="typeof", output_field=text)
    )
    if isinstance(field, models.DateTimeField):
        return stored.exclude(form="text", written__regex=_MOMENT).count()
    if isinstance(field, models.JSONField):
        return sum(json.dumps(json.loads(one)) != one for one in stored.values_list("written", flat=True))
    return 0
