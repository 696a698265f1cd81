"""Invoices and credit notes: their numbers, what stands on them, and their sums by rate of VAT.

They are written once (`store.documents.issuing`). Past that guard go only the note of where the PDF lies
(`store.documents.printing`) and, when an order is no longer kept, who bought (`store.orders.personal_data`).
"""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from home.append_only import AppendOnlyModel
from home.storage import private_storage
from store.models.orders import Order
from store.models.refunds import Refund
from store.vat.percent import PercentField


class Document(AppendOnlyModel):
    """An invoice or a credit note of an order."""

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("invoice")
        CREDIT_NOTE = "credit_note", _("credit note")

    kind = models.CharField(_("kind"), max_length=11, choices=Kind.choices)
    number = models.CharField(_("number"), max_length=30, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="documents")
    # What a credit note is for; of an invoice, the refund that did not arrive.
    refund = models.ForeignKey(
        Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="documents"
    )
    corrects = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrected_by"
    )
    issued_at = models.DateTimeField(_("date"), db_index=True)
    currency = models.CharField(_("currency"), max_length=3)
    total = models.PositiveBigIntegerField(_("total"))  # minor units
    # The parts of a `store.documents.paper.Paper`: who bought stands apart, since it is not kept for ever.
    data = models.JSONField(editable=False)
    personal = models.JSONField(editable=False)
    pdf = models.FileField(storage=private_storage, blank=True, default="", editable=False)

    class Meta(AppendOnlyModel.Meta):
        verbose_name = _("invoice or credit note")
        verbose_name_plural = _("invoices and credit notes")
        ordering: ClassVar[list[str]] = ["-issued_at", "-pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["refund", "kind"], name="document_of_refund_unique"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["kind", "-issued_at"], name="document_kind"),
            models.Index(fields=["id"], condition=models.Q(pdf=""), name="document_without_pdf"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def signed_total(self) -> int:
        """Its total, negative on a credit note, minor units."""
        return -self.total if self.kind == self.Kind.CREDIT_NOTE else self.total

    @property
    def file_name(self) -> str:
        """The name under which its PDF is saved."""
        return f"{self.number.replace('/', '-')}.pdf"


class DocumentSum(AppendOnlyModel):
    """What of a document has one rate of VAT; negative on credit notes, so that sums need no case."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="sums")
    # None: the seller is not registered.
    percent = PercentField(max_digits=6, decimal_places=3, null=True)
    gross = models.BigIntegerField()
    vat = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.document_id}: {self.gross} at {self.percent}"


class DocumentCounter(models.Model):
    """The last number of a series: locked by whoever takes the next one, and given back by a rollback."""

    series = models.CharField(max_length=11, unique=True, choices=Document.Kind.choices)
    last_number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.series}: {self.last_number}"

    @classmethod
    def next_number(cls, series: str) -> int:
        """Take the next number. All series are locked, in one sequence, so that no two wait for each other."""
        counters: dict[str, Any] = {one.series: one for one in cls.objects.select_for_update().order_by("pk")}
        counter = counters[series]
        counter.last_number += 1
        counter.save(update_fields=["last_number"])
        return counter.last_number
