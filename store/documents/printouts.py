"""Packing slips, address labels and carriers' files for staff: of one order, or of those that the list shows.

An order of which nothing may be sent gets none, and the page of the list says why.
"""

from collections.abc import Sequence

from django.db.models import QuerySet, prefetch_related_objects
from django.forms import Form, ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.auth import user_passes_test

from policies.personal_data.access_log import Action, record
from store.documents.sheets import SheetForm
from store.models import Carrier, Order
from store.orders import exports
from store.orders.access import may_read
from store.orders.situation import Situation

SLIPS, LABELS, FILE = "packing-slips", "address-labels", "carrier-file"
KINDS: dict[str, Promise] = {
    SLIPS: _("Packing slips"),
    LABELS: _("Address labels"),
    FILE: _("Carrier’s file (CSV)"),
}
OF_ONE: dict[str, tuple[str, Promise]] = {
    "packing-slip": (SLIPS, _("Packing slip")),
    "address-label": (LABELS, _("Address label")),
}
MOST = 200  # orders in one PDF
NOT_SENT = _("This order cannot be sent: %s.")


class CarrierForm(Form):
    """Asks whose columns a file has."""

    carrier = ModelChoiceField(
        Carrier.objects.exclude(columns=""),
        label=_("Carrier"),
        empty_label=None,
        help_text=_("Those whose columns are entered under Settings → Carriers."),
    )


def links_of(order: Order) -> list[tuple[str, Promise]]:
    """Return URL and label of each printout of one order: what is collected needs no label."""
    return [
        (reverse("orders:printout", args=[order.pk, kind]), label)
        for kind, (many, label) in OF_ONE.items()
        if many == SLIPS or not order.is_collection
    ]


def left_out(orders: Sequence[Order]) -> dict[Order, str]:
    """Return the orders of which nothing may be sent, and why."""
    prefetch_related_objects(orders, "refunds__lines", "disputes", "lines")
    reasons = {}
    for order in orders:
        situation = Situation(order=order, refunds=[*order.refunds.all()], disputes=[*order.disputes.all()])
        if order.status not in Order.CONFIRMED:
            reasons[order] = order.get_status_display()
        elif obstacle := situation.obstacle:
            reasons[order] = str(obstacle.label)
    return reasons


@user_passes_test(may_read)
def of_order(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Answer with the packing slip or the label of one order."""
    order = get_object_or_404(Order, pk=pk)
    if kind not in OF_ONE:
        raise Http404
    if reasons := left_out([order]):
        messages.error(request, NOT_SENT % reasons[order])
        return redirect("orders:inspect", pk)
    record(request, action=Action.READ, kind="store.orders", count=1)
    return _pdf(OF_ONE[kind][0], [order], name=f"{kind}-{order.number}")


def of_list(request: HttpRequest, kind: str, orders: QuerySet[Order]) -> HttpResponseBase:
    """Show how many of the orders get one, and which do not; answer with the PDF once it is asked for."""
    found = [*orders[: MOST + 1]]
    reasons = left_out(found[:MOST])
    for order in found[:MOST]:
        if order.status in Order.DELIVERED and request.GET.get("status") != order.status:
            reasons.setdefault(order, order.get_status_display())
        if order.is_collection and kind != SLIPS:
            reasons.setdefault(order, order.get_delivery_display())
    chosen = [order for order in found[:MOST] if order not in reasons]
    asked = request.GET if "print" in request.GET else None
    form = {LABELS: SheetForm, FILE: CarrierForm}.get(kind, Form)(asked)
    if chosen and form.is_valid():
        record(request, action=Action.EXPORT, kind="store.orders", count=len(chosen))
        if kind == FILE:
            return exports.for_carrier(form.cleaned_data["carrier"], chosen)
        return _pdf(kind, chosen, name=kind, **form.cleaned_data)
    of_list = ((key, value) for key, values in request.GET.lists() for value in values)
    context = {
        "page_title": KINDS[kind],
        "kind": kind,
        "header_icon": "doc-full",
        "breadcrumbs_items": [
            {"url": reverse("orders:index"), "label": gettext("Orders")},
            {"url": "", "label": KINDS[kind]},
        ],
        "query": [(key, value) for key, value in of_list if key not in {"print", *form.fields}],
        "chosen": chosen,
        "reasons": reasons,
        "most": MOST if len(found) > MOST else 0,
        "form": form,
    }
    return render(request, "store/admin/printouts.html", context)


def _pdf(
    kind: str, orders: Sequence[Order], *, name: str, sheet: str = "single", used: int = 0
) -> HttpResponse:
    from store.documents import address_labels, packing_slips  # noqa: PLC0415 - they load fpdf2, which is large

    is_slips = kind == SLIPS
    content = (
        packing_slips.render(orders) if is_slips else address_labels.render(orders, sheet=sheet, used=used)
    )
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)
