"""What tests of the ledger share: raw SQL past the models, and what the check says of it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from policies.ledger import daily_check, sealing
from policies.ledger.verification import Level
from policies.migrations import _taking_in
from policies.models import LedgerHead


def sql(statement: str, *values: object) -> int:
    """Change the database past the models; return how many rows that changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.rowcount


def seal() -> LedgerHead | None:
    return sealing.seal(now=timezone.now())


def damage(least: Level = Level.DAMAGE) -> list[str]:
    """Return what the check finds, of that level at least."""
    found = daily_check.findings(now=timezone.now())
    return [f"{one.about}: {one.words}" for one in found if one.level >= least]


def run(**options: object) -> str:
    """Return what `verify_policies` says where it finds nothing wrong."""
    out = StringIO()
    call_command("verify_policies", stdout=out, stderr=out, **options)
    return out.getvalue()


def failure(code: int = 2, *, of: str = "house-rules", **options: object) -> str:
    """Return what it says when it fails, its last line included; exit code 2 is damage, 1 a warning alone."""
    out = StringIO()
    with pytest.raises(CommandError, match=of) as error:
        call_command("verify_policies", stdout=out, stderr=out, **options)
    assert error.value.returncode == code, f"{out.getvalue()}{error.value}"
    return f"{out.getvalue()}{error.value}"


HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def begin_ledger() -> None:
    """Begin the ledger at the time to which a test has travelled; that of the database began when it was made."""
    sql("DELETE FROM policies_ledgerhead")
    _taking_in.begin(apps)
