"""Stripe's events: one row for each, so that an event counts once however often it is delivered."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class StripeEvent(models.Model):
    """An event with a valid signature, and its outcome. Its contents are not kept: Stripe is asked again."""

    class Outcome(models.TextChoices):
        RECEIVED = "received", _("received, not yet handled")
        HANDLED = "handled", _("handled")
        FOREIGN = "foreign", _("not about an order of ours")
        IGNORED = "ignored", _("of a kind we do not need")
        FAILED = "failed", _("failed, to be tried again")

    # A crash leaves an event RECEIVED.
    OPEN: ClassVar[frozenset[str]] = frozenset({Outcome.RECEIVED, Outcome.FAILED})

    event_id = models.CharField(_("event"), max_length=255, unique=True)
    type = models.CharField(_("type"), max_length=80)
    livemode = models.BooleanField(_("real money"))
    object_kind = models.CharField(_("about"), max_length=40, blank=True)
    object_id = models.CharField(_("Stripe object"), max_length=255, blank=True, db_index=True)
    payment_intent_id = models.CharField(_("Stripe payment"), max_length=255, blank=True, db_index=True)
    created_at = models.DateTimeField(_("made by Stripe"))
    received_at = models.DateTimeField(_("received"), db_index=True)
    deliveries = models.PositiveIntegerField(_("deliveries"), default=1, db_index=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, default=Outcome.RECEIVED)
    note = models.CharField(_("note"), max_length=400, blank=True)
    tried_at = models.DateTimeField(_("last tried"), null=True, blank=True)

    class Meta:
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        ordering: ClassVar[list[str]] = ["-received_at"]
        # For each filter of the list. Django asks `WHERE livemode`, which SQLite finds by a partial index only. What
        # the list is sorted by has `db_index`.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["type", "-received_at"], name="stripe_event_type"),
            models.Index(fields=["outcome", "-received_at"], name="stripe_event_outcome"),
            models.Index(
                fields=["-received_at"], condition=models.Q(livemode=True), name="stripe_event_real"
            ),
            models.Index(
                fields=["-received_at"], condition=models.Q(livemode=False), name="stripe_event_test"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    def session_id(self) -> str:
        """The id of the Checkout Session that it is about; empty when it is about something else."""
        return self.object_id if self.object_kind == "checkout.session" else ""

    @property
    def is_done(self) -> bool:
        """Nothing is left to do about it."""
        return self.outcome not in self.OPEN
