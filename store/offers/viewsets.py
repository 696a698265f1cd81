"""Staff's screens of offers: the list, the form of a new one, and its page, from which it is sent or paid otherwise."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic import InspectView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from home.viewsets import GuardedIndexView, MomentColumn, ReadOnlyViewSet
from policies.personal_data.access_log import RecordedListMixin, RecordedPageMixin
from store.basket import contents
from store.catalogue.columns import unbroken
from store.checkout import limits, place_order
from store.models import Offer
from store.offers import goods, offering, paid_otherwise
from store.offers.forms import EndForm, OfferForm, PaidForm
from store.orders.order_list import new_offer_button
from store.payments import money

ADD, TAKE = "store.add_offer", "store.take_payment"


class OfferIndexView(RecordedListMixin, GuardedIndexView):
    access_kind = "store.offers"

    @cached_property
    def header_buttons(self) -> list[Any]:  # type: ignore[override]  # Wagtail's is cached, too
        """Lead to a new one; the empty list says so itself."""
        return new_offer_button(self.request.user) if Offer.objects.exists() else []

    @cached_property
    def no_results_message(self) -> str:
        """Lead from the empty list to a new one only those who may make it."""
        if self.when_empty and not self.request.user.has_perm(ADD):
            self.when_empty = None
        return super().no_results_message

    def get_base_queryset(self) -> QuerySet[Offer]:
        return super().get_base_queryset().prefetch_related("basket__lines", "basket__orders")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Name the goods of all rows in one query."""
        context = super().get_context_data(**kwargs)
        context["table"].data = offers = [*context["object_list"]]
        lines: list[Any] = [line for offer in offers for line in offer.basket.lines.all()]
        variants = goods.variants(line.sku for line in lines)
        for line in lines:
            line.variant = variants.get(line.sku)
        return context


@method_decorator(permission_required(ADD, raise_exception=True), name="dispatch")
class NewOfferView(WagtailAdminTemplateMixin, FormView):
    page_title = _("New offer")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "plus"
    template_name = "store/admin/new_offer.html"
    form_class = OfferForm

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        above = {"url": reverse("offers:index"), "label": gettext("Offers")}
        return [*self.breadcrumbs_items, above, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**{"lines": goods.LineFormSet(), "query": "", **kwargs})
        rows, query = goods.with_variants(context["lines"]), context["query"]
        found = goods.find(query) if query or rows else goods.most_sold()
        return {
            **context,
            "rows": rows,
            "found": found[: goods.MOST_FOUND],
            "more": len(found) > goods.MOST_FOUND,
            "total": goods.total(context["lines"]),
            "currency": settings.CURRENCY,
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Search, add or remove a line, whatever else is typed; or make the offer."""
        form, lines, pressed = self.get_form(), goods.LineFormSet(request.POST), request.POST
        if "make" in pressed:
            # Both, so that all errors are shown at once.
            both = [form.is_valid(), lines.is_valid()]
            return self._made(form, lines) if all(both) else self._shown(form, lines)
        rows = [row for number, row in enumerate(goods.typed(lines)) if str(number) != pressed.get("remove")]
        if sku := pressed.get("add"):
            rows = goods.with_one_more(rows, sku)
        query = "" if sku else pressed.get("query", "")
        return self._shown(OfferForm(initial=pressed.dict()), goods.LineFormSet(initial=rows), query=query)

    def _shown(self, form: OfferForm, lines: Any, query: str = "") -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form, lines=lines, query=query))

    def _made(self, form: OfferForm, lines: Any) -> HttpResponse:
        assert self.request.user.is_authenticated
        try:
            offer = offering.make(goods=lines.cleaned_data, by=self.request.user, **form.cleaned_data)
        except offering.GoodsError as error:
            for number, words in error.words.items():
                lines[number].add_error(None, words)
            return self._shown(form, lines)
        return redirect("offers:inspect", offer.pk)


class OfferInspectView(RecordedPageMixin, InspectView):
    access_kind = "store.offers"
    page_title = _("Offer")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Leave out for whom it is, which stands below: an address is too long for the title."""
        return [{**item, "sublabel": ""} for item in super().get_breadcrumbs_items()]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        context = {**super().get_context_data(**kwargs), **_shown(self.object)}
        if not self.object.is_over and context["contents"].lines:
            context["may_send"] = self.object.email and user.has_perm(ADD)
            context["end_form"] = EndForm(self.object) if user.has_perm(ADD) else None
            context["form"] = PaidForm(context["contents"]) if user.has_perm(TAKE) else None
        return context


def _shown(offer: Offer) -> dict[str, Any]:
    inside = contents.look_up(offer.basket)
    goods.filled(variant for _line, variant in inside.goods)
    return {
        "offer": offer,
        "contents": inside,
        "orders": offer.basket.orders.all(),
        # Too long for a line, it breaks before its @.
        "whose": format_html("{}<wbr>{}{}", *offer.email.partition("@")),
    }


@require_POST
@permission_required(ADD, raise_exception=True)
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """E-mail the link of an offer, or a new one."""
    offer = get_object_or_404(Offer, pk=pk)
    if offer.is_over or not offer.email:
        messages.error(request, gettext("It was not sent: it is over, or has no e-mail address."))
    elif offering.SENT.take(str(pk)):
        messages.error(request, gettext("It was not sent: it was sent several times within the last hour."))
    else:
        offering.send(offer)
        messages.success(request, gettext("The link is sent to %s.") % offer.email)
    return redirect("offers:inspect", pk)


@require_POST
@permission_required(ADD, raise_exception=True)
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Change when an offer ends that is not over."""
    offer = get_object_or_404(Offer, pk=pk)
    form = EndForm(offer, request.POST)
    try:
        if form.is_valid():
            offering.move_end(offer, **form.cleaned_data)
    except offering.NotOpenError as error:
        form.add_error("days", str(error))
    if form.errors:
        messages.error(request, f"{gettext('It was not changed.')} {form.errors['days'][0]}")
    else:
        messages.success(request, gettext("Saved. To tell the customer, send a new link."))
    return redirect("offers:inspect", pk)


@permission_required(ADD, raise_exception=True)
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask whether an offer is to end at once; by POST, end it."""
    offer = get_object_or_404(Offer, pk=pk)
    if request.method != "POST":
        context = {"view": None, "page_title": str(offer), "header_icon": "mail", "offer": offer}
        return render(request, "store/admin/withdraw_offer.html", context)
    assert request.user.is_authenticated
    try:
        offering.withdraw(offer, by=request.user)
    except offering.NotOpenError as error:
        messages.error(request, f"{gettext('It was not withdrawn.')} {error}")
    else:
        messages.success(request, gettext("It is withdrawn: nobody can order it any more."))
    return redirect("offers:inspect", pk)


@require_POST
@permission_required(TAKE, raise_exception=True)
def take(request: HttpRequest, pk: int) -> HttpResponse:
    """Order what was put together as paid otherwise."""
    offer = get_object_or_404(Offer, pk=pk)
    seen = contents.priced(offer.basket)
    form = PaidForm(seen, request.POST)
    assert request.user.is_authenticated
    data = form.cleaned_data if form.is_valid() else {}
    if data:
        how = {
            "seen": seen,
            "name": data["name"],
            "address": form.address,
            "source": data["source"],
            "reason": data["reason"],
        }
        try:
            order = paid_otherwise.take(offer=offer, option=data["option"], by=request.user, **how)
        except (offering.NotOpenError, place_order.CheckoutError, limits.TooLargeError) as error:
            form.add_error(
                None,
                str(error)
                or gettext("It cannot be ordered now: see the goods, what is left, and the prices."),
            )
        else:
            messages.success(request, gettext("Order %s was placed as paid.") % order.number)
            return redirect("orders:inspect", order.pk)
    context = {"view": None, "page_title": str(offer), "header_icon": "mail", "form": form, **_shown(offer)}
    return render(request, "store/admin/offer.html", context)


def goods_of(offer: Offer) -> str:
    """Return what is left of an offer; as SKUs what is no longer for sale."""
    lines: Any = offer.basket.lines.all()
    named = (f"{line.quantity} × {line.variant.in_full}" if line.variant else str(line) for line in lines)
    return unbroken("\n".join(named))


def total_of(offer: Offer) -> str:
    """Return what is left of an offer comes to, at today's prices."""
    lines: Any = offer.basket.lines.all()
    return money.display(
        sum(line.quantity * line.variant.price_with(line.text) for line in lines if line.variant)
    )


def state(offer: Offer) -> str:
    """Return what became of an offer, as a tag."""
    if numbers := ", ".join(order.number for order in offer.basket.orders.all()):
        kind, words = " pill--done", numbers
    elif offer.is_over:
        kind, words = "", gettext("Withdrawn") if offer.withdrawn_by else gettext("Over")
    else:
        kind, words = " pill--to-do", gettext("Sent")
        if not offer.sent_at:
            kind, words = " pill--attention", gettext("Not sent")
    return format_html('<span class="pill{}">{}</span>', kind, words)


class OfferViewSet(ReadOnlyViewSet):
    model = Offer
    name = "offers"
    url_prefix = "offers"
    icon = "mail"
    menu_label = _("Offers")
    when_empty = (
        _(
            "No offers yet. When somebody orders by telephone, in person or by e-mail, put the goods together here. "
            "Then send a link by which they order and pay, or place the order yourself if they have paid."
        ),
        _("New offer"),
        reverse_lazy("offers:new"),
    )
    index_view_class = OfferIndexView
    inspect_view_class = OfferInspectView
    inspect_template_name = "store/admin/offer.html"
    list_display = [
        "__str__",
        Column(
            "goods",
            label=_("What they want"),
            accessor=goods_of,
            classname="order__lines",
        ),
        Column("state", label=_("State"), accessor=state, classname="order__status"),
        Column("total", label=_("Total"), accessor=total_of, classname="figure"),
        MomentColumn("ends_at", label=_("Until"), classname="w-whitespace-nowrap"),
        "by",
    ]
    search_fields = indexed_fields = ["email"]

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            *super().get_urlpatterns(),
            path("new/", NewOfferView.as_view(), name="new"),
            path("<int:pk>/send/", send, name="send"),
            path("<int:pk>/end/", end, name="end"),
            path("<int:pk>/withdrawal/", withdraw, name="withdraw"),
            path("<int:pk>/paid/", take, name="paid"),
        ]


offer_viewset = OfferViewSet()
