"""The log of access: who read, searched or exported personal data. It holds nothing of what they saw."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from home.append_only import AppendOnlyModel, AppendOnlyQuerySet


class PersonalDataAccessQuerySet(AppendOnlyQuerySet["PersonalDataAccess"]):
    """Reads and inserts rows, and removes those whose time of keeping is over."""

    def remove_made_before(self, moment: datetime) -> int:
        """Delete the rows whose time is over; the one way in which a row goes. Returns how many."""
        return models.QuerySet(self.model, using=self.db).filter(at__lt=moment)._raw_delete(self.db)


class PersonalDataAccess(AppendOnlyModel):
    """One request of somebody of the staff, or one kind of data that a command printed."""

    class Action(models.TextChoices):
        READ = "read", _("read")
        SEARCH = "search", _("searched")
        EXPORT = "export", _("exported")
        ERASE = "erase", _("erased")

    at = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,  # it has an index with the time
    )
    by = models.CharField(_("who"), max_length=254)  # as the account was called then
    action = models.CharField(_("what was done"), max_length=10, choices=Action)
    kind = models.CharField(_("kind of data"), max_length=60)  # a key of the register of personal data
    count = models.PositiveIntegerField(_("how many"))

    detachable_fields: ClassVar[frozenset[str]] = frozenset({"user"})

    objects: ClassVar = PersonalDataAccessQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("access to personal data")
        verbose_name_plural = _("accesses to personal data")
        ordering: ClassVar[list[str]] = ["-at", "-pk"]
        # For each filter of the list.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user", "-at"], name="access_user"),
            models.Index(fields=["kind", "-at"], name="access_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.by}"
