"""A shopper's invoices and credit notes, as pages and as PDF, below the order's URL, which cannot be guessed."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from home.responses import private
from store.documents import issuing
from store.models import Document


@private
@require_safe
def paper(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """Show a document."""
    document = _document(token, number)
    context = {"document": document, "order": document.order, "paper": issuing.paper_of(document)}
    return render(request, "store/paper.html", context)


@private
@require_safe
def pdf(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """Return the PDF of a document."""
    return download(_document(token, number))


def download(document: Document) -> HttpResponse:
    """Return the PDF of a document to be saved: the worker's, or one made now while there is none."""
    try:
        with document.pdf.open() as file:
            content = file.read()
    except (ValueError, FileNotFoundError):  # not made yet, or lost
        from store.documents.pdf import render as make  # noqa: PLC0415 - it loads fpdf2, which is large

        content = make([issuing.paper_of(document)])
    return as_download(content, document.file_name)


def as_download(content: bytes, name: str) -> HttpResponse:
    """Return a PDF to be saved under a name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _document(token: str, number: str) -> Document:
    if "\0" in number:  # PostgreSQL takes none
        raise Http404
    return get_object_or_404(Document.objects.select_related("order"), order__token=token, number=number)
