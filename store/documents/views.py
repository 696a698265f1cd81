"""A shopper's invoices and credit notes, as pages and as PDF, below the order's URL, which cannot be guessed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from store.documents import issuing
from store.models import Document


@never_cache
@require_safe
def paper(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """Show a document."""
    return _page(request, _document(token, number))


@never_cache
@require_safe
def pdf(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """Return the PDF of a document; its page while there is none."""
    document = _document(token, number)
    response = download(document) or _page(request, document, is_waiting=True)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def download(document: Document) -> HttpResponse | None:
    """Return the PDF of a document to be saved; None while there is none."""
    try:
        with document.pdf.open() as file:
            content = file.read()
    except (ValueError, FileNotFoundError):  # not made yet, or lost
        return None
    return as_download(content, document.file_name)


def as_download(content: bytes, name: str) -> HttpResponse:
    """Return a PDF to be saved under a name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _document(token: str, number: str) -> Document:
    return get_object_or_404(Document.objects.select_related("order"), order__token=token, number=number)


def _page(request: HttpRequest, document: Document, *, is_waiting: bool = False) -> HttpResponse:
    context = {
        "document": document,
        "order": document.order,
        "paper": issuing.paper_of(document),
        "is_waiting": is_waiting,
    }
    response = render(request, "store/paper.html", context)
    response.headers["X-Robots-Tag"] = "noindex"
    return response
