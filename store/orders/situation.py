"""The state of an order: what of its status, payment, refunds and disputes decides what is told and done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.db.models import TextChoices
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from store.models import Dispute, Order, Refund, ShopPage
from store.orders.refund_words import REFUND_WORDS
from store.orders.words import WORDS, State, Words, values
from store.payments import money, stripe_clock

Status, RefundStatus = Order.Status, Refund.Status


class Obstacle(TextChoices):
    """Why nothing of an order may be packed or sent, or why it cannot be cancelled, whatever its status."""

    DISPUTED = "disputed", _("the payment is disputed")
    # The answer decides whether goods are taken back.
    REFUND_WAITS = "refund_waits", _("a refund waits for Stripe’s answer")
    PAID_BACK = "paid_back", _("all of the money went back")
    TAKEN_BACK = "taken_back", _("everything was taken back")


@dataclass(frozen=True, kw_only=True)
class Situation:
    """An order with all that decides what is told and done about it."""

    order: Order
    refunds: Sequence[Refund] = ()
    disputes: Sequence[Dispute] = ()
    is_sold_out: bool = False
    is_asking: bool = False  # and Stripe has not answered

    @classmethod
    def of(cls, order: Order, *, is_asking: bool = False) -> Self:
        """Read it from the database; what was never paid has neither refunds nor disputes."""
        if order.paid_at is None:
            return cls(order=order, is_asking=is_asking)
        return cls(
            order=order,
            refunds=list(order.refunds.prefetch_related("lines__order_line")),
            disputes=list(order.disputes.all()),
            is_sold_out=order.is_sold_out,
            is_asking=is_asking,
        )

    @property
    def told_refunds(self) -> list[Refund]:
        """The refunds of which the shopper is told: what Stripe may still refuse is not promised."""
        untold = {RefundStatus.REQUESTED, RefundStatus.REFUSED}
        return [refund for refund in self.refunds if refund.status not in untold]

    @property
    def refunded(self) -> int:
        """What was refunded or is being refunded, minor units."""
        return sum(one.amount for one in self.refunds if one.status not in Refund.UNDONE)

    @property
    def refundable(self) -> int:
        """How much of the payment is still here, minor units."""
        return max(0, self.order.paid_amount - self.refunded - self.withheld)

    @property
    def withheld(self) -> int:
        """How much disputes keep from us, minor units."""
        return sum(one.amount for one in self.disputes if one.is_withheld)

    @property
    def left(self) -> int:
        """What was paid, without what the shopper has back or will, minor units."""
        return self.order.paid_amount - sum(one.amount for one in self.refunds if one.is_on_its_way)

    @property
    def is_owed(self) -> bool:
        """Money of a cancelled order is to go back. Staff may keep the delivery; what a bank sent back they owe."""
        is_begun = any(refund.is_on_its_way for refund in self.refunds)
        has_failed = any(refund.status == RefundStatus.FAILED for refund in self.refunds)
        return self.left > 0 and not (is_begun and not has_failed)

    @property
    def obstacle(self) -> Obstacle | None:
        """Why nothing of the order may be packed or sent; None while nothing but its status decides that."""
        if any(one.is_open for one in self.disputes):
            return Obstacle.DISPUTED
        if self._refund_waits:
            return Obstacle.REFUND_WAITS
        if self.order.paid_amount and not self.refundable:
            return Obstacle.PAID_BACK
        refunds = (one for one in self.refunds if one.pk and one.status != RefundStatus.REFUSED)
        taken = sum(line.quantity for refund in refunds for line in refund.lines.all())
        is_taken_back = taken and taken >= sum(line.quantity for line in self.order.lines.all())
        return Obstacle.TAKEN_BACK if is_taken_back else None

    @property
    def cancel_obstacle(self) -> Obstacle | None:
        """Why the order cannot be cancelled at the moment; None while nothing but its status decides that."""
        if any(one.is_undecided for one in self.disputes):
            return Obstacle.DISPUTED
        return Obstacle.REFUND_WAITS if self._refund_waits else None

    @property
    def _refund_waits(self) -> bool:
        return any(one.status == RefundStatus.REQUESTED for one in self.refunds)

    @property
    def state(self) -> State:
        """Which words are told."""
        order = self.order
        match order.status:
            case Status.PLACED | Status.EXPIRED:
                return State.NOT_OPENED if order.status == Status.PLACED else State.EXPIRED
            case Status.AWAITING:
                return self._awaiting()
            case Status.PROCESSING:
                by_hand = State.PAY_LATER if order.pay_until else State.TRANSFER
                return by_hand if order.pay_url else State.UNDER_WAY
            case Status.FAILED:
                return State.NOT_PAID_IN_TIME if order.pay_url else State.DECLINED
            case Status.CANCELLED:
                return self._cancelled()
            case _paid:
                return self._paid()

    def _awaiting(self) -> State:
        end = self.order.session_expires_at
        if end and end <= stripe_clock.now():
            return State.PAGE_CLOSED
        return State.ASKING if self.is_asking else State.NOT_PAID

    def _paid(self) -> State:
        if self.order.status in Order.DELIVERED:
            is_paid_back = self.order.paid_amount and not self.left
            return State.SENT_PAID_BACK if is_paid_back else State(self.order.status)
        match self.obstacle:
            case Obstacle.DISPUTED:
                return State.DISPUTED
            case Obstacle.PAID_BACK:
                refunded = State.REFUND_WAITS if self._waits_for_shopper else State.PAID_BACK
                return State.TAKEN_BACK if self.withheld else refunded
        if self.order.status != Status.REVIEW:
            is_laid_ready = self.order.status == Status.PACKED and self.order.is_collection
            return State.TO_COLLECT if is_laid_ready else State(self.order.status)
        if not self.is_sold_out:
            return State.MISMATCH
        return State.SOLD_OUT if settings.REFUND_SOLD_OUT_AFTER_HOURS else State.SOLD_OUT_UNDECIDED

    def _cancelled(self) -> State:
        if self.order.paid_at is None:
            return State.CANCELLED_UNPAID
        if not self.order.paid_amount:
            return State.CANCELLED_FREE
        if any(one.is_withheld and (one.is_open or not self.refundable) for one in self.disputes):
            return State.CANCELLED_TAKEN_BACK
        if self.is_owed:
            return State.CANCELLED_OWED
        if self._waits_for_shopper:
            return State.REFUND_WAITS
        return State.CANCELLED_IN_PART if self.left else State.CANCELLED_REFUNDED

    @property
    def _waits_for_shopper(self) -> bool:
        return any(refund.status == RefundStatus.ACTION for refund in self.refunds)

    @property
    def is_told_unpaid(self) -> bool:
        """The browser that placed it is told that nothing was paid."""
        return self.order.status in Order.TOLD_UNPAID

    @property
    def is_back_unpaid(self) -> bool:
        """And it can no longer be paid."""
        return self.order.status == Status.EXPIRED

    @property
    def words(self) -> Words:
        """What is told."""
        return WORDS[self.state].filled(values(self.order))

    def words_of(self, refund: Refund) -> Words:
        """Return what is told about one of its refunds."""
        amount = money.display(refund.amount, self.order.paid_currency)
        return REFUND_WORDS[RefundStatus(refund.status)].filled({**values(self.order), "amount": amount})

    @property
    def action_url(self) -> str:
        """Where the main button leads; empty when there is none."""
        match self.order.status:
            case Status.PLACED:
                return reverse("store:basket")
            case Status.AWAITING:
                return self.order.session_url
            case Status.PROCESSING:
                return self.order.pay_url
            case Status.EXPIRED | Status.FAILED:
                shop = ShopPage.objects.live().first()
                return (shop and shop.url) or "/"
        return ""
