"""The history of orders: what happened to each, when and by whom, and why the shop did it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from home.append_only import AppendOnlyModel, AppendOnlyQuerySet
from store.models.orders import Order


class OrderEventQuerySet(AppendOnlyQuerySet["OrderEvent"]):
    def unresolved(self) -> "OrderEventQuerySet":
        """Return those after which staff have not marked the order as resolved."""
        resolved = OrderEvent.objects.filter(reason=OrderEvent.Reason.RESOLVED, order=OuterRef("order"))
        return self.filter(~Exists(resolved.filter(pk__gt=OuterRef("pk"))))

    def asking(self) -> "OrderEventQuerySet":
        """Return those that say why staff are to check an order, and that they have not resolved."""
        return self.unresolved().filter(reason__in=OrderEvent.ASKING)


class OrderEvent(AppendOnlyModel):
    """One entry of an order's history: a reason when the shop wrote it, a note for details and for staff."""

    class By(models.TextChoices):
        SHOPPER = "shopper", _("the shopper")
        STRIPE = "Stripe", _("Stripe")
        WORKER = "worker", _("this site, automatically")

        @classmethod
        def named(cls, by: str) -> str:
            """Return the name of who did something; members of staff are written by theirs."""
            return str(cls(by).label) if by in cls.values else by

    class Reason(models.TextChoices):
        PLACED = "placed", _("The order was placed.")
        PAGE_OPEN = "page_open", _("The payment page is open.")
        NEW_CHECKOUT = "new_checkout", _("A new checkout of the basket was started.")
        CAME_BACK = "came_back", _("The shopper came back without paying.")
        NOT_OPENED = "not_opened", _("The payment page could not be opened in time.")
        REFUSED = "refused", _("Stripe refused to open a payment page.")
        MISMATCH = "mismatch", _("Paid, but not what was ordered.")
        STOCK_GONE = "stock_gone", _("Paid, but the stock is gone.")
        # No longer written; histories of before hold it.
        MONEY_BACK = "money_back", _("Cancelled though it was paid: refund the payment.")
        REFUNDING = "refunding", _("Refund:")  # the note says what of
        REFUND_PENDING = "refund_pending", _("Stripe is making the refund:")
        REFUND_ACTION = "refund_action", _("Stripe has asked the shopper where to send the refund:")
        REFUNDED = "refunded", _("Refunded:")
        REFUND_REFUSED = "refund_refused", _("The refund was refused, so nothing was refunded:")
        REFUND_FAILED = "refund_failed", _("The refund failed, so the money is still here:")
        DASHBOARD = "dashboard", _("Refunded in Stripe’s Dashboard:")
        DISPUTED = "disputed", _("The shopper’s bank disputes the payment:")
        DISPUTE_REVIEWED = "dispute_reviewed", _("The bank decides about the dispute:")
        DISPUTE_WON = "dispute_won", _("The dispute was won:")
        DISPUTE_LOST = "dispute_lost", _("The dispute was lost:")
        NOT_COMING = (
            "not_coming",
            _(
                "Still not paid after ten days. Cancel the payment in Stripe’s Dashboard if you do not expect it."
            ),
        )
        DISPUTE_CLOSED = "dispute_closed", _("The bank’s inquiry has ended:")
        UNKNOWN_PAGE = "unknown_page", _("Stripe does not know its payment page. Was the key changed?")
        UNSETTLED = "unsettled", _("Stripe’s answer about it could not be saved. The error log says why.")
        NO_VAT = "no_vat", _("Stripe Tax worked out no VAT. Check its settings in Stripe’s Dashboard.")
        BILLING = "billing", _("The billing address was corrected.")  # the note names the new papers
        MARKED = "asked_to_look", _("Marked as needing attention:")  # the note says why
        ADDRESS = "address", _("The delivery address was corrected.")
        EMAIL = "email", _("The e-mail address was corrected.")
        NOTE = "note", _("Note:")  # by staff, and kept as long as the shopper’s address
        # The note says how and why.
        PAID_OTHERWISE = "paid_otherwise", _("Taken by staff, and not paid at Stripe:")
        RESENT = "resent", _("An e-mail was sent again:")  # the note says which
        UNDONE = "undone", _("The last step was undone.")
        PARCEL_ADDED = "parcel_added", _("A parcel was added.")
        PARCEL_CORRECTED = "parcel_corrected", _("A parcel was corrected.")
        RESOLVED = "looked_at", _("Marked as resolved.")

    # What `lifecycle.mark_needs_attention` is given; of refunds and disputes also what was expected.
    ASKING: ClassVar[frozenset[str]] = frozenset(
        {
            *(Reason.MISMATCH, Reason.STOCK_GONE, Reason.NOT_COMING, Reason.UNKNOWN_PAGE, Reason.UNSETTLED),
            *(Reason.NO_VAT, Reason.MARKED, Reason.DASHBOARD, Reason.REFUND_REFUSED, Reason.REFUND_FAILED),
            *(Reason.DISPUTED, Reason.DISPUTE_REVIEWED, Reason.DISPUTE_WON, Reason.DISPUTE_LOST),
            Reason.DISPUTE_CLOSED,
        }
    )

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    happened_at = models.DateTimeField(_("time"))
    from_status = models.CharField(max_length=12, blank=True, choices=Order.Status.choices)
    to_status = models.CharField(max_length=12, blank=True, choices=Order.Status.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    by = models.CharField(_("by"), max_length=80)  # one of By, or the name of a member of staff
    reason = models.CharField(_("reason"), max_length=20, blank=True, choices=Reason.choices)
    note = models.CharField(_("note"), max_length=1000, blank=True)

    detachable_fields: ClassVar[frozenset[str]] = frozenset({"actor"})

    objects: ClassVar = OrderEventQuerySet.as_manager()

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("order event")
        verbose_name_plural = _("order events")
        ordering: ClassVar[list[str]] = ["happened_at", "pk"]

    def __str__(self) -> str:
        return f"{self.order_id}: {self.to_status or self.reason or self.note}"

    @property
    def who(self) -> str:
        """The name of who did it."""
        return self.By.named(self.by)
