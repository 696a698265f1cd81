"""What is remembered of the health of payments: webhooks that were refused lately, and what was wrong since when."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_DETAIL = 400


class WebhookRefusal(models.Model):
    """Webhooks refused for one reason since the last one that was accepted. Anybody can send some."""

    class Reason(models.TextChoices):
        SIGNATURE = "signature", _("not signed by Stripe")
        STALE = "stale", _("signed too long ago")
        MALFORMED = "malformed", _("signed, but no event")

    reason = models.CharField(_("reason"), max_length=9, choices=Reason.choices, unique=True)
    since = models.DateTimeField(_("since"))
    last_at = models.DateTimeField(_("last"))
    age = models.DurationField(_("age"), null=True)  # of a stale one

    class Meta:
        verbose_name = _("refused webhook")
        verbose_name_plural = _("refused webhooks")

    def __str__(self) -> str:
        return self.get_reason_display()


class PaymentAlarm(models.Model):
    """Something that was wrong for a time. The open ones are wrong now, as far as the worker knows."""

    class Kind(models.TextChoices):
        STRIPE = "stripe", _("Connection to Stripe")
        EVENTS = "events", _("Events about paid orders")
        STALE = "stale", _("Age of events")
        CLOCK = "clock", _("Clock of this machine")
        FAILED = "failed", _("Handling of events")
        UNKNOWN = "unknown", _("Payments at Stripe")
        ORDERS = "orders", _("Orders whose payment could not be saved")
        REFUNDS = "refunds", _("Refunds without an answer")
        MAILS = "mails", _("E-mails")
        WORKER = "worker", _("Worker")

    kind = models.CharField(_("what"), max_length=8, choices=Kind.choices)
    since = models.DateTimeField(_("since"), db_index=True)
    ended_at = models.DateTimeField(_("until"), null=True, blank=True, db_index=True)
    detail = models.CharField(_("detail"), max_length=LONGEST_DETAIL)
    told_at = models.DateTimeField(_("e-mail sent"), null=True, blank=True)
    is_end_told = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("payment problem")
        verbose_name_plural = _("payment problems")
        ordering: ClassVar[list[str]] = ["-since", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(ended_at=None), name="payment_alarm_open"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @staticmethod
    def note(kind: str, detail: str, *, at: datetime) -> None:
        """Say what is wrong now: opens the alarm of a kind, changes its words, or ends it where there are none."""
        open_one = PaymentAlarm.objects.filter(kind=kind, ended_at=None)
        detail = detail[:LONGEST_DETAIL]
        if not detail:
            open_one.update(ended_at=at)
        elif not open_one.update(detail=detail):
            PaymentAlarm.objects.bulk_create(
                [PaymentAlarm(kind=kind, since=at, detail=detail)], ignore_conflicts=True
            )
