"""Disputes: what shoppers' banks question about a payment, as Stripe says it. They are flags, no status of an order."""

from typing import ClassVar

from django.db import models
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from store.models.orders import Order


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def withheld(self) -> "DisputeQuerySet":
        """Return those of which the money is not with us."""
        return self.exclude(status__in=Dispute.OURS)

    def amount(self) -> int:
        """Return their sum, minor units."""
        return self.aggregate(sum=Sum("amount"))["sum"] or 0


class Dispute(models.Model):
    """One dispute. While it is open, Stripe keeps its amount from us, unless it is an inquiry; when lost, for good."""

    class Status(models.TextChoices):
        INQUIRY = "inquiry", _("an inquiry, which has taken no money yet")
        NEEDS_RESPONSE = "needs_response", _("open, Stripe waits for your evidence")
        UNDER_REVIEW = "under_review", _("open, the bank decides")
        CLOSED = "closed", _("an inquiry that has ended, without taking money")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    OPEN: ClassVar[frozenset[str]] = frozenset({Status.INQUIRY, Status.NEEDS_RESPONSE, Status.UNDER_REVIEW})
    OURS: ClassVar[frozenset[str]] = frozenset({Status.INQUIRY, Status.WON, Status.CLOSED})  # the money

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="disputes")
    dispute_id = models.CharField(_("Stripe dispute"), max_length=255, unique=True)
    amount = models.PositiveBigIntegerField(_("amount"))  # of the order's paid_currency
    status = models.CharField(_("status"), max_length=14, choices=Status.choices, db_index=True)
    reason = models.CharField(_("reason"), max_length=60)  # the word of Stripe, such as product_not_received
    evidence_due_at = models.DateTimeField(_("evidence due"), null=True, blank=True)
    created_at = models.DateTimeField(_("time"))

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering: ClassVar[list[str]] = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.amount} {self.status}"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def is_withheld(self) -> bool:
        """Its money is not with us."""
        return self.status not in self.OURS

    @property
    def is_undecided(self) -> bool:
        """Its money is not with us, but may come back. A refund ends an inquiry, but none of these."""
        return self.is_withheld and self.status != self.Status.LOST

    @property
    def is_decided(self) -> bool:
        return self.pk is not None and not self.is_open

    @property
    def wants_evidence(self) -> bool:
        """The bank waits for what the trader has to say."""
        return self.status in {self.Status.INQUIRY, self.Status.NEEDS_RESPONSE}

    @property
    def reason_in_words(self) -> str:
        return self.reason.replace("_", " ")
