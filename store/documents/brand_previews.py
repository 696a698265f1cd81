"""What the shop shows a brand on before it is saved. It is all made up but for a product: editors may see no orders."""

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from home.brand.previews import BrandPreview
from home.models import BrandSettings
from store.documents.paper import Paper, PaperLine
from store.models import Document, ProductPage
from store.orders import mail_previews
from store.orders.words import State

INLINE = {"style-src": [UNSAFE_INLINE]}  # e-mails have their styles inside


def previews() -> list[BrandPreview]:
    return [
        BrandPreview("product", _("Product"), product),
        BrandPreview("mail", _("E-mail"), mail),
        BrandPreview("paper", _("Invoice"), paper),
        BrandPreview("pdf", "", paper_as_pdf),
    ]


def product(request: HttpRequest) -> HttpResponse:
    page = ProductPage.objects.live().order_by("pk").first()
    return page.serve(request) if page else HttpResponse(_("There is no product yet."))


@csp_replace(INLINE)
def mail(_request: HttpRequest) -> HttpResponse:
    message, _order = mail_previews.example(State.PAID)
    return HttpResponse(message.html)


@csp_replace(INLINE)
def paper(request: HttpRequest) -> HttpResponse:
    return render(request, "store/admin/paper_preview.html")


def paper_as_pdf(_request: HttpRequest) -> HttpResponse:
    from store.documents import pdf  # noqa: PLC0415 - it loads fpdf2, which is large

    return HttpResponse(pdf.render([example()], BrandSettings.copied()), content_type="application/pdf")


def example() -> Paper:
    """Return an invoice of nobody's."""
    today, brand = timezone.localdate().isoformat(), BrandSettings.shown()
    line = PaperLine(title=_("Enamel mug"), quantity=2, unit_price=1250, total=2500, sku="MUG", percent="20")
    return Paper(
        kind=Document.Kind.INVOICE,
        number="INV-000001",
        issued_on=today,
        order="261128-EXAMPL",
        ordered_on=today,
        currency=settings.CURRENCY,
        seller=tuple(brand.address_lines),
        contact=tuple(filter(None, (brand.email, brand.phone))),
        vat_number="",
        buyer=(_("Example shopper"), _("1 Example Street"), _("Exampleton")),
        deliver_to=(),
        lines=(line,),
        discount=0,
        total=2500,
        vat=(("20", 2500, 417),),
    )
