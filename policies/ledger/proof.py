"""Proofs of single records: what anybody needs to check without the database that a record is sealed in the ledger.

A proof is plain data: the salted content that was hashed, its place in its batch, and the heads from the one that seals
it to the next one that was witnessed. It repeats what the database says; whoever checks it, judges (check_proof.py in
the export, policy-proof.js on the public page). Making one reads one batch.
"""

import json
from base64 import b64encode
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.utils.translation import gettext as _

from policies.ledger import merkle
from policies.ledger.verification import UNREADABLE
from policies.models.ledger import LedgeredModel, LedgerEntry, LedgerHead, LedgerWitness

FORMAT = 1
MAX_HEADS = 400  # four days; without a witness for so long, a proof ends with the last of them


class NoProofError(Exception):
    """There is no proof of a record; the words say why."""


class Proofs:
    """Makes proofs of one record after another, and reads each batch once where the records follow each other."""

    def __init__(self) -> None:
        self._last = 0  # position of the batch at hand
        self._tree: list[list[bytes]] = []
        self._heads: list[LedgerHead] = []
        self._timestamp: dict[str, Any] | None = None

    def of(self, record: LedgeredModel) -> dict[str, Any]:
        """Return the proof of a record. Raises NoProofError."""
        try:
            return self._of(record, record.ledger_entry)
        except (*UNREADABLE, LookupError, ObjectDoesNotExist):
            raise NoProofError(_("The ledger is damaged, so there is no proof of this record.")) from None

    def or_reason(self, record: LedgeredModel) -> dict[str, Any]:
        """Return the proof of a record, or plain data that says why there is none."""
        try:
            return self.of(record)
        except NoProofError as reason:
            return {"error": str(reason)}

    def _of(self, record: LedgeredModel, entry: LedgerEntry | None) -> dict[str, Any]:
        if entry is None:
            raise NoProofError(_("This record has no entry in the ledger, so there is no proof of it."))
        if entry.position is None:
            words = _(
                "This record is new. Its proof is available once it is sealed, usually within a quarter of an hour."
            )
            raise NoProofError(words)
        if not self._heads or not self._heads[0].first_position <= entry.position <= self._last:
            self._read_batch(entry.position)
        index = entry.position - self._heads[0].first_position
        return {
            "format": FORMAT,
            "entry": json.loads(record.ledger_leaf(entry.time)),
            "position": entry.position,
            "path": [node.hex() for node in merkle.path(self._tree, index)],
            "heads": [{**head.content, "sha256": head.sha256} for head in self._heads],
            "timestamp": self._timestamp,
        }

    def _read_batch(self, position: int) -> None:
        head = LedgerHead.objects.filter(last_position__gte=position).earliest("last_position")
        batch = LedgerEntry.objects.filter(position__range=(head.first_position, head.last_position))
        leaves = batch.order_by("position").values_list("leaf_sha256", flat=True).iterator()
        tree = merkle.levels([bytes.fromhex(leaf) for leaf in leaves])
        following = LedgerHead.objects.filter(number__gte=head.number).order_by("number")
        timestamp = None
        if witnessed := witnessed_after(head):
            number, token = witnessed
            following = following.filter(number__lte=number)
            timestamp = {"head": number, "token": b64encode(token).decode()}
        heads = list(following[:MAX_HEADS])
        self._last, self._tree, self._heads, self._timestamp = head.last_position, tree, heads, timestamp


def witnessed_after(head: LedgerHead) -> tuple[int, bytes] | None:
    """Return the next head, from this one on, that an authority has timestamped: its number, and the answer."""
    near = (head.number, head.number + MAX_HEADS - 1)
    signed = LedgerWitness.objects.filter(head__number__range=near).exclude(authority="")
    found = signed.order_by("head__number", "pk").values_list("head__number", "token").first()
    return (found[0], bytes(found[1])) if found else None
