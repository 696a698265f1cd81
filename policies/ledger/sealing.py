"""Seals the ledger: numbers what was entered since, and writes a head that ends a chain over all of it.

The worker does so every quarter of an hour. Two that seal at once wait for each other; readers and visitors never do.
"""

import hashlib
from datetime import datetime, timedelta

from django.db import connection, transaction

from policies.ledger import encoding, entries, merkle
from policies.models.ledger import LedgerEntry, LedgerHead, LedgerStatement

QUIET = timedelta(hours=1)
BATCH_SIZE = 4096  # entries in a batch: a proof of one reads them all
_NUMBER = """
    UPDATE policies_ledgerentry SET position = numbered.position FROM (
        SELECT id, %s + ROW_NUMBER() OVER (ORDER BY id) AS position
        FROM policies_ledgerentry WHERE position IS NULL ORDER BY id LIMIT %s
    ) AS numbered WHERE policies_ledgerentry.id = numbered.id
"""


class LedgerDamagedError(Exception):
    """What is sealed already does not end where the newest head does: to seal on would hide that."""


def seal_all(*, now: datetime) -> None:
    """Seal all entries that are not sealed, in as many batches as that takes. Raises LedgerDamagedError.

    A quiet hour gets a head, too: a record that is dated back would not stand out between two heads that are far apart.
    """
    waiting = LedgerEntry.objects.filter(position=None)
    # Not the newest by time: one old head with a false time would be that for ever.
    newest = LedgerHead.objects.order_by("-number").first()
    if not waiting.exists() and not (newest and newest.time > now - QUIET):
        entries.state(LedgerStatement.Type.QUIET, {}, at=now)
    while (head := seal(now=now)) and head.last_position - head.first_position + 1 == BATCH_SIZE:
        pass


@transaction.atomic
def seal(*, now: datetime) -> LedgerHead | None:
    """Seal a batch of entries that are not sealed; return the new head, or None where there is nothing to seal.

    A head is never older than the one before, whatever the clock says. Raises LedgerDamagedError.
    """
    # Who waited here for another does not see the other's new head by this row; so it asks for the newest afterwards.
    if not LedgerHead.objects.select_for_update().filter(number=0):
        raise LedgerDamagedError("The first head is missing.")
    last = LedgerHead.objects.latest("number")
    batch = LedgerEntry.objects.filter(position__gt=last.last_position).order_by("position")
    if batch.exists():
        raise LedgerDamagedError("There are sealed entries after the newest head.")
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER, [last.last_position, BATCH_SIZE])
    leaves = [bytes.fromhex(leaf) for leaf in batch.values_list("leaf_sha256", flat=True)]
    if not leaves:
        return None
    head = LedgerHead(
        number=last.number + 1,
        first_position=last.last_position + 1,
        last_position=last.last_position + len(leaves),
        root_sha256=merkle.root(leaves).hex(),
        stated_sha256=_stated(),
        time=max(now, last.time),
        previous_sha256=last.sha256,
    )
    head.sha256 = encoding.sha256(encoding.encode(head.content))
    head.save()
    return head


def _stated() -> str:
    """Hash what all entries say which no head holds to that."""
    stating = LedgerHead.objects.filter(stated_sha256__gt="").order_by("-number")
    last = stating.values_list("last_position", flat=True).first() or 0
    rows = LedgerEntry.objects.filter(position__gt=last).order_by("position")
    digest = hashlib.sha256()
    for row in rows.values_list("position", "kind", "time").iterator():
        digest.update(encoding.stated(*row))
    return digest.hexdigest()
