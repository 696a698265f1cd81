"""Consent records: what a visitor chose, when, and which text they saw. No address, no name, no IP."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from home.append_only import AppendOnlyModel, AppendOnlyQuerySet


class ConsentRecordQuerySet(AppendOnlyQuerySet):
    """Reads records, and removes those whose time of keeping is over."""

    def created_before(self, moment: datetime) -> "ConsentRecordQuerySet":
        """Records made before that moment."""
        return self.filter(created_at__lt=moment)

    def remove_kept_long_enough(self, before: datetime) -> int:
        """Delete the records made before that moment; the one way in which a record goes. Returns how many."""
        return models.QuerySet(self.model, using=self.db).filter(created_at__lt=before).delete()[0]


class ConsentRecord(AppendOnlyModel):
    """One choice. A change of mind is another record."""

    class Method(models.TextChoices):
        """How the choice was made."""

        ALL = "all", _("accepted all")
        NONE = "none", _("rejected all")
        CHOSEN = "chosen", _("chose")

    public_id = models.UUIDField(_("record id"), default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("time"), db_index=True)
    expires_at = models.DateTimeField(_("valid until"))
    notice_version = models.ForeignKey(
        "policies.PolicyVersion",
        on_delete=models.PROTECT,
        related_name="consents",
        verbose_name=_("cookie text shown"),
    )
    choices = models.JSONField(_("choices"))  # category varname → bool, every optional category named
    method = models.CharField(_("how"), max_length=10, choices=Method.choices)

    objects = ConsentRecordQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("consent record")
        verbose_name_plural = _("consent records")
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        """Name the record by the id that a visitor can quote."""
        return str(self.public_id)
