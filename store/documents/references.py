"""Which paper of an order corrects or replaces which, for its lists on pages of shoppers and staff."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from store.models import Document, Order


def of_corrected_buyer(papers: QuerySet[Document]) -> list[Document]:
    """Return credit note and invoice of the last correction of a billing address; none if there was none.

    Of credit notes these alone are of no refund, and the invoice follows at once.
    """
    note = papers.filter(kind=Document.Kind.CREDIT_NOTE, refund=None).order_by("pk").last()
    return list(note.order.documents.filter(pk__gte=note.pk).order_by("pk")[:2]) if note else []


def listed(order: Order) -> list[tuple[Document, Document | None, str]]:
    """Return the papers of an order, the oldest first, each with the earlier one that it is about, and that in words.

    An invoice that corrects none replaces the one before it, as `issuing` takes the last such for the current one.
    """
    rows, of, current = [], dict[int | None, Document](), None
    for paper in order.documents.order_by("pk").defer("data", "personal"):
        other, words = of.get(paper.corrects_id), _("corrects %(number)s")
        if paper.kind == Document.Kind.INVOICE and not paper.corrects_id:
            other, words, current = current, _("replaces %(number)s"), paper
        rows.append((paper, other, words % {"number": other} if other else ""))
        of[paper.pk] = paper
    return rows
