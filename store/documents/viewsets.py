"""Staff screens of invoices and credit notes: the list, one of them, many as one PDF, and totals by day."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import InspectView
from wagtail.admin.widgets.button import Button, HeaderButton

from home.models import BrandSettings
from home.viewsets import DaysFilter, GuardedIndexView, MomentColumn, ReadOnlyViewSet
from policies.personal_data.access_log import Action, RecordedListMixin, RecordedPageMixin, record
from store.documents import daily_totals, issuing
from store.documents.views import as_download, download
from store.models import Document
from store.payments import money

VIEW = "store.view_document"
MOST = 200  # in one PDF


class DocumentFilterSet(WagtailFilterSet):
    issued_at = DaysFilter(label=_("Date"))

    class Meta:
        model = Document
        fields: ClassVar[list[str]] = ["kind", "issued_at"]


def buyer_of(paper: Document) -> str:
    """Return the name of who bought, while it is kept."""
    return next(iter(paper.personal.get("buyer", ())), "")


class DocumentIndexView(RecordedListMixin, GuardedIndexView):
    access_kind = "store.orders"
    page_title = _("Papers")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text

    def get_base_queryset(self) -> QuerySet[Document]:
        papers = super().get_base_queryset().select_related("order").defer("data")
        return papers.prefetch_related("sums") if self.is_export else papers

    def to_row_dict(self, item: Document) -> dict[str, Any]:
        """Return the row as people read it: amounts instead of minor units, words, and the time of the site."""
        vat = sum(one.vat for one in item.sums.all())
        return {
            **{field: getattr(item, field, "") for field in self.list_export},
            "kind": item.get_kind_display(),
            "issued_at": timezone.localtime(item.issued_at).isoformat(timespec="seconds"),
            "buyer": buyer_of(item),
            "total": money.to_decimal(item.signed_total, item.currency),
            "vat": money.to_decimal(vat, item.currency),
        }

    @property
    def chosen_days(self) -> slice | None:
        """The days by which the list is filtered, as moments."""
        form = self.filters.form
        return form.cleaned_data["issued_at"] if form.is_valid() else None

    def get_header_buttons(self) -> list[Button]:
        """Offer what is listed as one PDF, and totals: of its days, or of the month before this one."""
        query, label = self.request.GET.copy(), gettext("Totals of these days")
        as_one = f"{reverse('papers:as_one')}?{query.urlencode()}"
        if not self.chosen_days:
            last = timezone.localdate().replace(day=1) - timedelta(days=1)
            query["issued_at_from"], query["issued_at_to"] = str(last.replace(day=1)), str(last)
            label = gettext("Totals of %(month)s") % {"month": date_format(last, "YEAR_MONTH_FORMAT")}
        totals = f"{reverse('papers:totals')}?{query.urlencode()}"
        return [
            HeaderButton(_("All of these as one PDF"), url=as_one, icon_name="download"),
            HeaderButton(label, url=totals, icon_name="table"),
            *super().get_header_buttons(),
        ]


class AsOnePdfView(DocumentIndexView):
    """What the list shows with its filters and search, as one PDF."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        from store.documents import pdf  # noqa: PLC0415 - it loads fpdf2, which is large

        found = list(self.get_queryset().defer(None)[: MOST + 1])
        if 0 < len(found) <= MOST:
            self.record_access(Action.EXPORT, len(found))
            papers = [issuing.paper_of(one) for one in found]
            return as_download(pdf.render(papers, BrandSettings.copied()), "papers.pdf")
        words = gettext("The list shows no papers. Choose other filters.")
        if found:
            words = gettext("These are more than %(most)s papers. Choose fewer days.") % {"most": MOST}
        messages.error(request, words)
        return redirect(f"{reverse('papers:index')}?{request.GET.urlencode()}")


class TotalsView(DocumentIndexView):
    """Totals of the days that the list shows, as CSV: of all papers, whatever else the list is filtered by."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (days := self.chosen_days):
            messages.error(request, gettext("Choose the days first: filter the list by date."))
            return redirect(f"{reverse('papers:index')}?{request.GET.urlencode()}")
        papers = self.filters.filters["issued_at"].filter(Document.objects.order_by(), days)
        of = "-".join(str(timezone.localdate(moment)) for moment in (days.start, days.stop) if moment)
        headers = {"Content-Disposition": f'attachment; filename="totals-{of}.csv"'}
        return HttpResponse(daily_totals.as_csv(papers), content_type="text/csv", headers=headers)


class DocumentInspectView(RecordedPageMixin, InspectView):
    access_kind = "store.orders"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "document": self.object, "paper": issuing.paper_of(self.object)}


@permission_required(VIEW, raise_exception=True)
def as_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out the PDF of a document."""
    document = get_object_or_404(Document, pk=pk)
    record(request, action=Action.READ, kind="store.orders", count=1)
    return download(document)


class DocumentViewSet(ReadOnlyViewSet):
    model = Document
    name = "papers"
    url_prefix = "papers"
    icon = "doc-full"
    menu_label = _("Papers")
    when_empty = (
        _("There are no papers yet. Once VAT is stated, each paid order gets an invoice."),
        _("State VAT"),
        reverse_lazy("wagtailsettings:edit", args=["store", "shopsettings"]),
    )
    list_per_page = 50
    list_display = [
        "number",
        Column("kind", label=_("Kind"), accessor="get_kind_display", sort_key="kind"),
        MomentColumn("issued_at", label=_("Date"), sort_key="issued_at"),
        Column("order", label=_("Order"), accessor="order.number"),
        Column(
            "buyer",
            label=_("Buyer"),
            classname="wrap-anywhere",
            accessor=buyer_of,
        ),
        Column(
            "total",
            label=_("Total"),
            accessor=lambda paper: money.display(paper.signed_total, paper.currency),
        ),
    ]
    list_export = ["number", "kind", "issued_at", "order", "buyer", "currency", "total", "vat"]
    export_headings = {"buyer": _("Buyer"), "vat": _("VAT included")}
    export_filename = "papers"
    # The buyer as the order names them, since what stands on a paper has no index. A corrected name has none either:
    # by it only new papers are found.
    indexed_fields = ("number", "order__number", "order__email", "order__customer_name")
    search_fields: ClassVar[list[str]] = [*indexed_fields, "order__billing_address__name"]
    filterset_class = DocumentFilterSet
    index_view_class = DocumentIndexView
    inspect_view_class = DocumentInspectView
    inspect_template_name = "store/admin/paper.html"

    def get_urlpatterns(self) -> list[URLPattern]:
        of_list = self.get_index_view_kwargs()
        return [
            *super().get_urlpatterns(),
            path("<int:pk>/pdf/", as_pdf, name="pdf"),
            path("as-one.pdf", self.construct_view(AsOnePdfView, **of_list), name="as_one"),
            path("totals.csv", self.construct_view(TotalsView, **of_list), name="totals"),
        ]


document_viewset = DocumentViewSet()
