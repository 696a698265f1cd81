"""Refunds: money that went back or is on its way, of which lines of an order, and whether their goods came back.

A row is committed before Stripe is asked (`store.payments.refunds`). Ordered lines never change: what of them was
taken back stands here.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from store.models.order_history import OrderEvent
from store.models.orders import Order, OrderLine
from store.models.tokens import TOKEN_LENGTH, new_token


class RefundQuerySet(models.QuerySet["Refund"]):
    def counted(self) -> "RefundQuerySet":
        """Leave out those whose money is still with us."""
        return self.exclude(status__in=Refund.UNDONE)

    def amount(self) -> int:
        """Return their sum, minor units."""
        return self.aggregate(sum=Sum("amount"))["sum"] or 0


class Refund(models.Model):
    """One sum that goes back; of the lines, or of the delivery, or for a reason that staff state."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("waiting for Stripe’s answer")  # committed; Stripe may have done it or not
        ACTION = "action", _("waiting for the shopper")  # whom Stripe has asked for a bank account
        PENDING = "pending", _("under way")
        SUCCEEDED = "succeeded", _("refunded")
        FAILED = "failed", _("failed")  # the bank sent it back: the money is here again
        REFUSED = "refused", _("refused")  # Stripe did nothing

    REASON_LENGTH = 200
    UNDONE: ClassVar[frozenset[str]] = frozenset({Status.FAILED, Status.REFUSED})
    UNDER_WAY: ClassVar[frozenset[str]] = frozenset({Status.ACTION, Status.PENDING})
    # A later one is never followed by an earlier one: Stripe's answers come in any order.
    PROGRESS: ClassVar[tuple[str, ...]] = (
        Status.REQUESTED,
        Status.REFUSED,
        Status.ACTION,
        Status.PENDING,
        Status.SUCCEEDED,
        Status.FAILED,
    )

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    amount = models.PositiveBigIntegerField(_("amount"))  # of the order's paid_currency
    delivery = models.PositiveBigIntegerField(_("of it for delivery"), default=0)
    reason = models.CharField(_("reason"), max_length=REASON_LENGTH, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.REQUESTED, db_index=True
    )
    # The idempotency key, also in Stripe's metadata: the row of a lost answer is found by it.
    token = models.CharField(max_length=TOKEN_LENGTH, unique=True, default=new_token, editable=False)
    refund_id = models.CharField(_("Stripe refund"), max_length=255, null=True, blank=True, unique=True)
    is_from_stripe = models.BooleanField(_("made in Stripe’s Dashboard"), default=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    by = models.CharField(_("by"), max_length=80)  # one of OrderEvent.By, or the name of a member of staff
    created_at = models.DateTimeField(_("time"))
    updated_at = models.DateTimeField(auto_now=True)
    failure = models.CharField(_("why it failed"), max_length=REASON_LENGTH, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering: ClassVar[list[str]] = ["created_at", "pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["created_at"], name="refund_created_at")
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_of_something"),
            models.CheckConstraint(
                condition=Q(delivery__lte=F("amount")), name="refund_delivery_within_amount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.amount} {self.status}"

    @property
    def goods(self) -> int:
        """The part of it that is not for delivery."""
        return self.amount - self.delivery

    @property
    def is_on_its_way(self) -> bool:
        """The shopper has the money, or will."""
        return self.status in self.UNDER_WAY | {self.Status.SUCCEEDED}

    @property
    def who(self) -> str:
        """The name of who did it."""
        return OrderEvent.By.named(self.by)


class RefundLine(models.Model):
    """How many of a line of the order are taken back with the refund."""

    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="refund_lines")
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    restock = models.BooleanField(_("back on the shelf"))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["refund", "order_line"], name="refund_line_unique"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="refund_line_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.order_line}"
