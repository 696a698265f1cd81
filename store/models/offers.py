"""Offers: baskets that staff filled for somebody, each opened by a link that is e-mailed."""

from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from store.models.baskets import Basket


class Offer(models.Model):
    """A basket for somebody, at the prices of the day on which it is ordered; it holds no stock."""

    DAYS, MOST_DAYS = 7, 30
    KEEP = timedelta(days=7)  # after its end, so that its link can say so

    basket = models.OneToOneField(Basket, on_delete=models.CASCADE, related_name="offer")
    email = models.EmailField(_("e-mail address"), blank=True, default="")
    note = models.TextField(_("note to the customer"), max_length=500, blank=True, default="")
    # For the review page, where the customer can change it.
    gift_message = models.TextField(_("gift message"), max_length=300, blank=True, default="")
    ends_at = models.DateTimeField(_("until"), db_index=True)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    by = models.CharField(_("by"), max_length=80)
    withdrawn_by = models.CharField(_("withdrawn by"), max_length=80, blank=True, default="", editable=False)
    # The hash of its token, which stands in the e-mail only. None: it was not sent.
    digest = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        permissions = (("take_payment", _("Can take orders that are paid in cash or by transfer")),)

    def __str__(self) -> str:
        return self.email or str(self.pk)

    @property
    def is_over(self) -> bool:
        """It can no longer be opened."""
        return timezone.now() >= self.ends_at

    @property
    def most_days(self) -> int:
        """For how many days from now it can be made to go on: all in all, what its personal data are kept for."""
        return (self.created_at + timedelta(days=self.MOST_DAYS) - timezone.now()).days
