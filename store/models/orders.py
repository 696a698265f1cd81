"""Orders: copies of what was agreed, unaffected by later edits of products, prices or policies.

An order's status is where its goods are; its money is what was paid minus its refunds (`store.models.refunds`). The
status changes through `store.orders.lifecycle.change_status` only, along TRANSITIONS; each change is written to its
history. Amounts are integer minor units of `currency`, tax included.
"""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from policies.ledger import encoding
from policies.models.ledger import LedgeredModel
from store.models.personal_texts import LABEL_LENGTH, MOST_CHARACTERS, written
from store.models.shipping import ShippingOption
from store.models.tokens import TOKEN_LENGTH, new_token
from store.models.vat import VatScheme
from store.models.withdrawal import Withdrawal
from store.shipping import promises
from store.vat.percent import PercentField

# No 0/O, 1/I: numbers are read aloud on the telephone.
_NUMBER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_number() -> str:
    """Return an order number: the day and six random characters, which do not tell how many orders there are."""
    return f"{timezone.localdate():%y%m%d}-{get_random_string(6, _NUMBER_ALPHABET)}"


class OrderQuerySet(models.QuerySet["Order"]):
    def late(self) -> "OrderQuerySet":
        """Return those that are still here after the day by which they were promised to leave (`days_late`)."""
        return self.filter(status__in=Order.TO_LEAVE, dispatch_by__lt=promises.today())


class Order(LedgeredModel):
    """One purchase, from the order button onwards."""

    class Status(models.TextChoices):
        PLACED = "placed", _("placed, payment page not opened")  # no session confirmed by Stripe
        AWAITING = "awaiting", _("waiting for the payment")
        PROCESSING = "processing", _("payment under way")  # delayed method: session complete, not yet paid
        # The payment differs from the order, or its goods are gone: staff accept it, or cancel and refund it.
        REVIEW = "review", _("paid, being checked")
        PAID = "paid", _("paid")
        PACKED = "packed", _("packed")
        SENT = "sent", _("sent")
        READY = "ready", _("ready to collect")  # in place of sent, and until then as if packed
        COLLECTED = "collected", _("collected")
        CANCELLED = "cancelled", _("cancelled")
        EXPIRED = "expired", _("expired without payment")
        FAILED = "failed", _("payment failed")

    class PaymentSource(models.TextChoices):
        STRIPE = "stripe", _("Stripe")
        CASH = "cash", _("cash")
        TRANSFER = "transfer", _("bank transfer")

    _MONEY_CAME: ClassVar[frozenset[str]] = frozenset({Status.PAID, Status.REVIEW})
    # status → where it may go. PAID or REVIEW may follow an end: late money is never refused. PROCESSING may be
    # skipped: Stripe tells the state, not its history.
    TRANSITIONS: ClassVar[dict[str, frozenset[str]]] = {
        Status.PLACED: _MONEY_CAME | {Status.AWAITING, Status.CANCELLED, Status.EXPIRED},
        Status.AWAITING: _MONEY_CAME | {Status.PROCESSING, Status.FAILED, Status.CANCELLED, Status.EXPIRED},
        Status.PROCESSING: _MONEY_CAME | {Status.FAILED},
        Status.REVIEW: frozenset({Status.PAID, Status.CANCELLED}),
        Status.PAID: frozenset({Status.PACKED, Status.CANCELLED}),
        # Staff may undo that it is packed or collected, and for a minute that it is sent or ready.
        Status.PACKED: frozenset({Status.SENT, Status.READY, Status.CANCELLED, Status.PAID}),
        Status.SENT: frozenset({Status.PACKED}),
        Status.READY: frozenset({Status.COLLECTED, Status.CANCELLED, Status.PACKED}),
        Status.COLLECTED: frozenset({Status.READY}),
        Status.CANCELLED: _MONEY_CAME,
        Status.EXPIRED: _MONEY_CAME,
        Status.FAILED: _MONEY_CAME,
    }
    # Its payment page may still be open: a new checkout of the basket closes it first.
    PAYABLE: ClassVar[frozenset[str]] = frozenset({Status.PLACED, Status.AWAITING})
    # Its payment is still open at Stripe. Its stock is held, as it is in REVIEW.
    AWAITING_PAYMENT: ClassVar[frozenset[str]] = PAYABLE | {Status.PROCESSING}
    # A bank, or the shopper on its page, may still pay it.
    OPEN_AT_STRIPE: ClassVar[frozenset[str]] = AWAITING_PAYMENT - {Status.PLACED}
    CONFIRMED: ClassVar[frozenset[str]] = frozenset(
        {Status.PAID, Status.PACKED, Status.SENT, Status.READY, Status.COLLECTED}
    )
    OVER: ClassVar[frozenset[str]] = frozenset({Status.CANCELLED, Status.EXPIRED, Status.FAILED})
    # The browser that placed it is told that nothing was paid; one that cancelled it knows.
    TOLD_UNPAID: ClassVar[frozenset[str]] = frozenset({Status.AWAITING, Status.EXPIRED})
    # It is paid and its goods are here: taking back all of them cancels it.
    UNSENT: ClassVar[frozenset[str]] = frozenset({Status.PAID, Status.REVIEW, Status.PACKED, Status.READY})
    # Until then shoppers may cancel it, and anybody who may change it correct where it goes.
    UNPACKED: ClassVar[frozenset[str]] = UNSENT - {Status.PACKED, Status.READY}
    # They are late once the promised day is over.
    TO_LEAVE: ClassVar[frozenset[str]] = frozenset({Status.PAID, Status.PACKED})
    # The shopper has it, or soon will.
    DELIVERED: ClassVar[frozenset[str]] = frozenset({Status.SENT, Status.COLLECTED})

    # A bank debit takes a week, vouchers are over by then; a transfer that nobody makes stays open.
    LONGEST_PAYMENT = timedelta(days=10)

    ledger_kind = "acceptance"
    ledger_time = "placed_at"

    token = models.CharField(max_length=TOKEN_LENGTH, unique=True, default=new_token, editable=False)
    # For the return from the payment page, which can cancel an order: never shown, unlike the URL of its page.
    return_token = models.CharField(max_length=TOKEN_LENGTH, unique=True, default=new_token, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.PLACED)
    needs_attention = models.BooleanField(_("needs attention"), default=False)
    basket = models.ForeignKey(
        "store.Basket", null=True, blank=True, on_delete=models.SET_NULL, related_name="orders"
    )
    email = models.EmailField(_("e-mail address"), db_index=True)
    currency = models.CharField(_("currency"), max_length=3)
    subtotal = models.PositiveBigIntegerField(_("goods"))
    shipping = models.PositiveBigIntegerField(_("shipping"))
    discount = models.PositiveBigIntegerField(_("discount"), default=0)
    tax = models.PositiveBigIntegerField(_("tax added by Stripe"), default=0)
    total = models.PositiveBigIntegerField(_("total"))
    country = models.CharField(_("country"), max_length=2)
    shipping_name = models.CharField(_("shipping"), max_length=80)
    delivery = models.CharField(
        _("delivery"),
        max_length=10,
        choices=ShippingOption.Kind.choices,
        default=ShippingOption.Kind.ADDRESS,
        editable=False,
    )
    collect_at = models.TextField(blank=True, default="", editable=False)
    delivery_time = models.CharField(
        _("delivery time"), max_length=60, blank=True, default="", editable=False
    )
    # Working days before it can be sent: the longest of its lines.
    made_in_days = models.PositiveSmallIntegerField(default=0, editable=False)
    # The days that were promised, where any were.
    dispatch_by = models.DateField(_("to leave by"), null=True, blank=True, editable=False)
    arrives_from = models.DateField(null=True, blank=True, editable=False)
    arrives_until = models.DateField(null=True, blank=True, editable=False)
    # That the shopper wrote, for the parcel: lines end in "\n".
    gift_message = models.TextField(_("gift message"), max_length=300, blank=True, default="", editable=False)
    # To us; lines end in "\n".
    shopper_note = models.TextField(
        _("note of the shopper"), max_length=500, blank=True, default="", editable=False
    )
    # How it was taxed on its day; the rates stand on the lines.
    vat_scheme = models.CharField(
        _("VAT"), max_length=8, choices=VatScheme.choices, blank=True, default="", editable=False
    )
    vat_country = models.CharField(max_length=2, blank=True, default="", editable=False)
    vat_note = models.CharField(max_length=300, blank=True, default="", editable=False)
    # Of Stripe Tax, of each line and then the delivery: percent as text, gross and VAT in minor units. Rounded by
    # Stripe, which files them so.
    vat_sums = models.JSONField(default=list, blank=True, editable=False)
    # Of the terms that were accepted, or else of its day. 0: the law of the country gives none; None: not stated.
    withdrawal_days = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    # Copied from Stripe when the shopper has paid, or told the bank to.
    customer_name = models.CharField(_("name"), max_length=200, blank=True, db_index=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    shipping_address = models.JSONField(_("delivery address"), default=dict, blank=True)
    billing_address = models.JSONField(_("billing address"), default=dict, blank=True)
    # The e-mail “sent” in the queue: while it waits, sending can be undone.
    sent_mail = models.BigIntegerField(null=True, blank=True, editable=False)
    # What was accepted, and what was shown.
    terms_accepted = models.ForeignKey(
        "policies.PolicyVersion",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("terms accepted"),
    )
    privacy_shown = models.ForeignKey(
        "policies.PolicyVersion",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("privacy policy shown"),
    )
    placed_at = models.DateTimeField(_("placed"), db_index=True)
    # When the money came, whatever the status.
    paid_at = models.DateTimeField(_("paid"), null=True, blank=True)
    payment_source = models.CharField(
        _("paid by"), max_length=10, choices=PaymentSource.choices, default=PaymentSource.STRIPE
    )
    # What came, as whoever took it says; of a payment by mistake it may differ from the total and its currency.
    paid_amount = models.PositiveBigIntegerField(_("paid"), default=0)
    paid_currency = models.CharField(max_length=3, blank=True, default="", editable=False)
    # Stripe. The parameters are kept, since a retry under the same idempotency key must send the same ones.
    session_params = models.JSONField(default=dict, editable=False)
    session_id = models.CharField(_("Stripe session"), max_length=255, null=True, blank=True, unique=True)
    session_url = models.URLField(max_length=2000, blank=True, editable=False)
    session_expires_at = models.DateTimeField(_("payment page closes"), null=True, blank=True)
    # How the shopper pays a voucher or a transfer, which happens after the payment page.
    pay_url = models.URLField(max_length=2000, blank=True, default="", editable=False)
    pay_until = models.DateTimeField(_("to be paid until"), null=True, blank=True)
    payment_intent_id = models.CharField(_("Stripe payment"), max_length=255, blank=True, db_index=True)
    livemode = models.BooleanField(_("real money"), default=False)
    # Of the network it came from, kept only while it holds goods (store.checkout.limits).
    client_fingerprint = models.CharField(
        max_length=64, blank=True, default="", db_index=True, editable=False, db_column="sender"
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering: ClassVar[list[str]] = ["-placed_at", "-pk"]
        permissions = (
            ("refund_order", _("Can refund orders")),
            ("pack_order", _("Can pack and send orders, and sees no amounts of money")),
        )
        # For each filter of the list.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["status", "-placed_at"], name="order_status"),
            models.Index(fields=["country", "-placed_at"], name="order_country"),
            models.Index(
                fields=["-placed_at"], condition=models.Q(needs_attention=True), name="order_needs_attention"
            ),
            models.Index(fields=["paid_at"], name="order_paid_at"),  # for the health of payments
            models.Index(Lower("email"), name="order_email"),  # for shoppers who look for their orders
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def ledger_content(self) -> dict[str, Any]:
        """The versions that were accepted and shown; of the order, only that it was placed."""
        return {
            "order": self.number,
            "placed_at": encoding.timestamp(self.placed_at),
            "accepted": self.terms_accepted and self.terms_accepted.sha256,
            "shown": self.privacy_shown and self.privacy_shown.sha256,
        }

    @classmethod
    def ledger_records(cls) -> models.QuerySet["Order"]:
        texts = [f"{name}__record" for name in ("terms_accepted", "privacy_shown")]
        return cls.objects.select_related("terms_accepted", "privacy_shown").defer(*texts)

    def get_absolute_url(self) -> str:
        """Return the URL of the order's page, which cannot be guessed."""
        return reverse("store:order", args=[self.token])

    def lines_with_refunds(self) -> models.QuerySet["OrderLine"]:
        """Return the lines, ready to be asked how many are kept."""
        return self.lines.prefetch_related("refund_lines__refund")

    @property
    def refundable(self) -> int:
        """How much of the payment is still here, minor units of its currency."""
        gone = self.refunds.counted().amount() + self.disputes.withheld().amount()
        return max(0, self.paid_amount - gone)

    def copy_promise(self, found: promises.Promise | None) -> None:
        """Copy the days that are promised; they are not saved yet."""
        self.dispatch_by = found.leaves if found else None
        self.arrives_from, self.arrives_until = (found.first, found.last) if found else (None, None)

    @property
    def days_late(self) -> int:
        """For how many days it should have left while it is still here, as `late` finds it; 0 when it is not late."""
        if self.dispatch_by is None or self.status not in self.TO_LEAVE:
            return 0
        return max(0, (promises.today() - self.dispatch_by).days)

    @property
    def days_waiting(self) -> int:
        """For how many days it lies ready after the day on which it was promised to be; 0 when it does not."""
        since = self.arrives_until if self.status == self.Status.READY else None
        return max(0, (promises.today() - since).days) if since else 0

    @property
    def arrives(self) -> str:
        """The days on which it was promised to arrive, in words; empty when none were."""
        first, last = self.arrives_from, self.arrives_until
        return promises.in_words(first, last) if first and last else ""

    @property
    def ready(self) -> str:
        """The day from which it can be collected for certain, in words; empty when none was promised."""
        return promises.day_in_words(self.arrives_until) if self.arrives_until else ""

    @property
    def is_collection(self) -> bool:
        """The shopper collects it, so nobody asks where it goes."""
        return self.delivery == ShippingOption.Kind.COLLECTION

    @property
    def by_when(self) -> str:
        """When it arrives, or how long that takes, as far as anything was said."""
        return self.arrives or self.delivery_time

    @property
    def is_payable(self) -> bool:
        """Its payment page may still be open."""
        return self.status in self.PAYABLE

    @property
    def is_unpaid(self) -> bool:
        """Nothing was paid, and nothing is being paid."""
        return self.paid_at is None and self.status in self.PAYABLE | self.OVER

    @property
    def can_change_basket(self) -> bool:
        """It has a payment page, which the shopper can close to change the basket."""
        return self.status == self.Status.AWAITING

    @property
    def is_sold_out(self) -> bool:
        """It waits for staff because its goods were gone when the payment came."""
        reason = self.events.model.Reason.STOCK_GONE
        return self.status == self.Status.REVIEW and self.events.filter(reason=reason).exists()

    @property
    def is_over(self) -> bool:
        """It is closed."""
        return self.status in self.OVER

    @property
    def confirmation(self) -> str:
        """What the shopper is told about the confirmation; empty when there is none to tell about."""
        if not self.email or self.is_over:
            return ""
        words = gettext("We will send it to %(email)s once the order is paid.")
        if self.status in self.CONFIRMED:
            words = gettext("We have sent it to %(email)s. If you cannot find it, check your spam folder.")
        elif self.paid_at:
            words = gettext("We will send it to %(email)s when we have checked and accepted the payment.")
        return words % {"email": self.email}


class OrderLine(models.Model):
    """A copy of a line of the basket."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    sku = models.CharField(_("SKU"), max_length=40, db_index=True)  # for staff who search for it
    title = models.CharField(_("product"), max_length=255)
    variant = models.CharField(_("variant"), max_length=120, blank=True)
    # What the shopper wrote, if anything, and what it is.
    text_label = models.CharField(max_length=LABEL_LENGTH, blank=True, default="", editable=False)
    text = models.CharField(max_length=MOST_CHARACTERS, blank=True, default="", editable=False)
    unit_price = models.PositiveBigIntegerField(_("price"))  # with that of the text
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    # None: the shop states no rates, or Stripe has not told it yet.
    vat_percent = PercentField(_("VAT in percent"), max_digits=6, decimal_places=3, null=True, blank=True)
    withdrawal = models.CharField(
        max_length=10, choices=Withdrawal.choices, default=Withdrawal.APPLIES, editable=False
    )
    # Not 0: made to order in so many working days, so it takes nothing from the stock.
    made_in_days = models.PositiveSmallIntegerField(default=0, editable=False)

    given_back: int = 0  # how many were refunded, where somebody has counted them

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return f"{self.title}, {self.variant}" if self.variant else self.title

    @property
    def written(self) -> str:
        """What the shopper wrote, with what it is: personal data."""
        return written(self.text_label, self.text)

    @property
    def in_full(self) -> str:
        """Its name with what the shopper wrote, to tell it from another line."""
        return ", ".join(filter(None, (str(self), self.written)))

    @property
    def total(self) -> int:
        """Price of the whole line, minor units."""
        return self.unit_price * self.quantity

    @property
    def kept(self) -> int:
        """How many of it were not taken back; whether the money arrived does not matter for that."""
        refunded = (
            line for line in self.refund_lines.all() if line.refund.status != line.refund.Status.REFUSED
        )
        return self.quantity - sum(line.quantity for line in refunded)
