"""Makes the PDFs of invoices and credit notes: a job of the worker.

Each is saved before one statement says where it lies, so that a crash between them only makes it again.
"""

import logging

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import QuerySet

from home.models import BrandSettings
from store.documents import issuing
from store.models import Document

logger = logging.getLogger(__name__)

EVERY = 20  # seconds
BATCH = 50


def print_missing() -> int:
    """Make the PDFs of some documents that have none, and return how many; what fails is tried again."""
    # At random: those that fail each time keep no others waiting.
    waiting = list(Document.objects.filter(pdf="").order_by("?").values_list("pk", "number")[:BATCH])
    failed: dict[str, Exception] = {}
    for pk, number in waiting:
        try:
            _print(pk)
        except Exception as error:  # noqa: BLE001 - logged below, and the others go on
            failed[number] = error
    if failed:
        numbers = ", ".join(sorted(failed))
        logger.error("No PDF could be made of %s.", numbers, exc_info=[*failed.values()][-1])
    return len(waiting) - len(failed)


@transaction.atomic
def _print(pk: int) -> None:
    """Make the PDF of a document, unless another worker has made it or is about to."""
    from store.documents import pdf  # noqa: PLC0415 - it loads fpdf2, which is large

    without = Document.objects.filter(pk=pk, pdf="")
    if document := without.select_for_update(skip_locked=True, no_key=True).first():
        content = pdf.render([issuing.paper_of(document)], BrandSettings.copied())
        storage, name = document.pdf.storage, f"papers/{pk}.pdf"
        storage.delete(name)  # what a crash left
        # Past the guard of what is written once.
        QuerySet(Document).filter(pk=pk).update(pdf=storage.save(name, ContentFile(content)))
