"""Consent records: what a visitor chose, when, and which text they saw. No name, e-mail address or IP address."""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from home.append_only import AppendOnlyModel, AppendOnlyQuerySet
from policies.ledger import encoding
from policies.models.ledger import LedgeredModel, LedgerStatement


def time_of_keeping() -> timedelta:
    """Return how long the proof of a choice is kept."""
    return timedelta(days=settings.CONSENT_RECORD_DAYS)


class ConsentRecordQuerySet(AppendOnlyQuerySet["ConsentRecord"]):
    """Reads records, and removes those whose time of keeping is over."""

    def remove_made_before(self, moment: datetime) -> int:
        """Delete the records whose time is over; the one way in which a record goes. Returns how many."""
        return models.QuerySet(self.model, using=self.db).filter(created_at__lt=moment)._raw_delete(self.db)


class ConsentRecord(AppendOnlyModel, LedgeredModel):
    """One choice. A change of mind is another record."""

    class Method(models.TextChoices):
        """How the choice was made."""

        ALL = "all", _("accepted all")
        NONE = "none", _("rejected all")
        CHOSEN = "chosen", _("chose by category")

    public_id = models.UUIDField(_("record id"), default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("time"), db_index=True)
    expires_at = models.DateTimeField(_("valid until"), db_index=True)
    notice_version = models.ForeignKey(
        "policies.PolicyVersion",
        models.PROTECT,
        related_name="consents",
        verbose_name=_("cookie text shown"),
        db_index=False,  # it has an index with the time
    )
    choices = models.JSONField(_("choices"))  # category varname → bool, every optional category named
    method = models.CharField(_("how"), max_length=10, choices=Method.choices)
    # Whether the browser sent a Global Privacy Control signal then; None where an older record does not say.
    gpc = models.BooleanField(_("signal not to be tracked"), null=True)

    ledger_kind = "consent"
    ledger_time = "created_at"
    ledger_departures = frozenset({LedgerStatement.Type.CUT_OFF})
    objects: ClassVar = ConsentRecordQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("consent record")
        verbose_name_plural = _("consent records")
        ordering: ClassVar[list[str]] = ["-created_at"]
        # For each filter of the list.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["method", "-created_at"], name="consent_method"),
            models.Index(fields=["notice_version", "-created_at"], name="consent_notice"),
        ]

    def __str__(self) -> str:
        """Return the id that a visitor can quote."""
        return str(self.public_id)

    @property
    def ledger_content(self) -> dict[str, Any]:
        content = {
            "id": str(self.public_id),
            "created_at": encoding.timestamp(self.created_at),
            "expires_at": encoding.timestamp(self.expires_at),
            "notice": self.notice_version.sha256,
            "choices": self.choices,
            "method": self.method,
        }
        return content if self.gpc is None else {**content, "gpc": self.gpc}  # older content stays as it was

    @classmethod
    def ledger_records(cls) -> models.QuerySet["ConsentRecord"]:
        return cls.objects.select_related("notice_version").defer("notice_version__record")


class ConsentDay(models.Model):
    """How many chose what in which way on a day that is over (`policies.consent.daily_sums`). It names nobody."""

    start = models.DateTimeField(unique=True)
    end = models.DateTimeField()
    counts = models.JSONField()  # [way of choosing, choices, how many chose so], …

    class Meta:
        verbose_name = _("sum of a day’s choices")
        verbose_name_plural = _("sums of a day’s choices")

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d}"
