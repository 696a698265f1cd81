"""The links by which shoppers find their orders again: each is e-mailed, works once, and briefly."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class FindLink(models.Model):
    """A request for such a link, and the link that the worker made of it if the e-mail address has orders."""

    MINUTES = 30
    LASTS = timedelta(minutes=MINUTES)

    email = models.EmailField(_("e-mail address"))
    created_at = models.DateTimeField(_("time"), db_index=True)
    # The hash of its token, which stands in the e-mail only. None: the worker has not looked yet.
    digest = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("link to orders")
        verbose_name_plural = _("links to orders")
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def works(self) -> bool:
        """It can be used."""
        in_time = self.sent_at is not None and timezone.now() < self.sent_at + self.LASTS
        return in_time and self.used_at is None
