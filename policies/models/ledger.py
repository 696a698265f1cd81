"""The tables of the ledger: entries, heads that seal them, who outside has a head, and a base for what is entered.

An entry names nobody: the record that it stands for names the entry, and holds the salt without which its hash says
nothing. `policies.ledger` writes and reads all of them.
"""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from home.append_only import AppendOnlyModel
from policies.ledger import encoding, merkle


class LedgerEntry(AppendOnlyModel):
    """That something was recorded. `position` counts from 1, and is NULL until the entry is sealed."""

    kind = models.CharField(max_length=20)
    time = models.DateTimeField()
    leaf_sha256 = models.CharField(max_length=64)
    position = models.BigIntegerField(null=True, unique=True)

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id"], condition=models.Q(position=None), name="ledger_entry_unsealed")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.position or '–'}"


class LedgerHead(AppendOnlyModel):
    """The seal of a batch: the root of the tree over its entries, the hash of the head before. Number 0 seals none.

    The tree holds what was recorded. What the entries themselves say of it, `stated_sha256` holds: of all entries since
    the last head that has such a hash, as the first heads have none.
    """

    number = models.BigIntegerField(_("number"), unique=True)
    first_position = models.BigIntegerField()
    last_position = models.BigIntegerField(unique=True)
    root_sha256 = models.CharField(max_length=64)
    stated_sha256 = models.CharField(max_length=64, default="")  # empty: left to a head to come
    time = models.DateTimeField(_("time"))
    previous_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField("SHA-256", max_length=64)

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("head of the ledger")
        verbose_name_plural = _("heads of the ledger")

    def __str__(self) -> str:
        return f"{self.number} {self.sha256}"

    @property
    def content(self) -> dict[str, Any]:
        """What is hashed."""
        return {
            "number": self.number,
            "first": self.first_position,
            "last": self.last_position,
            "root": self.root_sha256,
            "time": encoding.timestamp(self.time),
            "previous": self.previous_sha256,
            **({"stated": self.stated_sha256} if self.stated_sha256 else {}),
        }


class LedgerWitness(AppendOnlyModel):
    """That a head left the database: an authority timestamped it, or the owners were mailed it."""

    head = models.ForeignKey(LedgerHead, models.PROTECT, related_name="witnesses")
    # Its URL; empty: mailed to the owners.
    authority = models.CharField(_("authority"), max_length=200, blank=True)
    token = models.BinaryField(blank=True)  # its answer as it came: TimeStampResp of RFC 3161, DER
    time = models.DateTimeField(_("time"))  # as the authority says it

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("witness of the ledger")
        verbose_name_plural = _("witnesses of the ledger")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["head", "authority"], name="ledger_witness_once")
        ]

    def __str__(self) -> str:
        return f"{self.head_id} {self.authority} {self.time:%Y-%m-%d %H:%M}"


class LedgeredModel(models.Model):
    """A record that has an entry in the ledger: it can be proven, and it cannot change, come or go unseen."""

    ledger_entry = models.OneToOneField(
        "policies.LedgerEntry", models.PROTECT, null=True, editable=False, related_name="+"
    )
    ledger_salt = models.CharField(max_length=32, default="", editable=False)

    ledger_kind: ClassVar[str]
    ledger_time: ClassVar[str]  # the field that says when the record was made
    # Types of statements by which such a record may go.
    ledger_departures: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        abstract = True

    @property
    def ledger_content(self) -> dict[str, Any]:
        """What the ledger holds the record to; plain data that never changes afterwards."""
        raise NotImplementedError

    @property
    def ledger_name(self) -> str:
        """How a finding names the record, for people who look for it in the admin."""
        return str(self)

    @classmethod
    def ledger_records(cls) -> models.QuerySet[Self]:
        """Return all records with what `ledger_content` reads, in as few queries as that takes."""
        return cls._default_manager.all()

    def ledger_leaf(self, time: datetime) -> str:
        """Return the salted content of the entry: what is hashed."""
        entry = {"kind": self.ledger_kind, "time": encoding.timestamp(time), "salt": self.ledger_salt}
        return encoding.encode({**entry, "content": self.ledger_content})

    def ledger_leaf_sha256(self, time: datetime) -> str:
        return merkle.leaf_hash(self.ledger_leaf(time).encode()).hex()


class LedgerStatement(AppendOnlyModel, LedgeredModel):
    """What the ledger says of itself: records that went, that came before it began, a restore from a backup."""

    class Type(models.TextChoices):
        TAKEN_IN = "taken_in", _("taken in: recorded before, at other times than those of the ledger")
        CUT_OFF = "cut_off", _("removed at the end of the retention period")
        REMOVED = "removed", _("removed by hand or on request")
        QUIET = "quiet", _("nothing was recorded for an hour")
        RESTORED = "restored", _("restored from a backup")

    type = models.CharField(max_length=10, choices=Type.choices)
    time = models.DateTimeField()
    content = models.JSONField()

    ledger_kind = "statement"
    ledger_time = "time"

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("statement of the ledger")
        verbose_name_plural = _("statements of the ledger")

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.time:%Y-%m-%d %H:%M}"

    @property
    def ledger_content(self) -> dict[str, Any]:
        return {**self.content, "type": self.type}


class LedgerCheck(models.Model):
    """What the last check of records and ledger found. One row."""

    finished_at = models.DateTimeField()
    findings = models.JSONField(default=list)  # of damage: lists of what it is about, and words
    told = models.JSONField(default=list)  # marks of all findings of which the owners were told last
    mailed_at = models.DateTimeField(null=True)  # when that was

    class Meta:
        verbose_name = _("check of the ledger")
        verbose_name_plural = _("checks of the ledger")

    def __str__(self) -> str:
        return f"{self.finished_at:%Y-%m-%d %H:%M}"
