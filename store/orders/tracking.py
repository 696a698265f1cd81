"""Tracking numbers that a carrier sends back as a CSV file: each marks a packed order as sent, all of them or none."""

from collections import Counter

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.auth import user_passes_test

from home.table_uploads import NotAppliedError, Planned, Row, UploadView
from policies.personal_data import access_log
from store.documents import printouts
from store.models import Carrier, Order, Parcel
from store.orders import lifecycle, parcels
from store.orders.access import may_pack


@method_decorator(user_passes_test(may_pack), name="dispatch")
class TrackingView(UploadView):
    page_title = _("Tracking numbers")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    most_rows = 100  # each is an e-mail, written in the one transaction
    columns = {"order": _("Order"), "carrier": _("Carrier"), "number": _("Tracking number")}
    required = ("order", "number")
    headings = (_("Order"), _("Name"), _("Carrier"), _("Tracking number"))
    introduction = _(
        "A CSV file with the columns Order and Tracking number, and Carrier if you have entered carriers. Its first "
        "row names the columns. Each order must be packed; it is marked as sent, and the shopper gets the e-mail."
    )
    example = "Order,Carrier,Tracking number\n261128-7KQ2MD,Royal Post,AB 1234 5678"
    list_url, list_label = "orders:index", _("Orders")

    def plan(self, rows: list[Row]) -> list[Planned]:
        numbers = Counter(row.cells["order"].upper() for row in rows)
        orders = {order.number: order for order in Order.objects.filter(number__in=numbers)}
        access_log.record(self.request, action=access_log.Action.READ, kind="store.orders", count=len(orders))
        reasons = {order.number: words for order, words in printouts.left_out([*orders.values()]).items()}
        names = _carriers()
        planned = []
        for row in rows:
            number, carrier = row.cells["order"].upper(), row.cells["carrier"]
            order = orders.get(number)
            problem = _problem(row) or reasons.get(number, "")
            if order is None:
                problem = gettext("There is no order with this number.")
            elif numbers[number] > 1:
                problem = gettext("This order is in several rows. Add its other parcels on its page.")
            elif order.is_collection:
                problem = gettext("This order is collected, not sent.")
            elif not problem and order.status != Order.Status.PACKED:
                problem = gettext("This order is not packed: %s.") % order.get_status_display()
            elif carrier and carrier.casefold() not in names:
                problem = gettext("No carrier has this name.")
            name = order.customer_name if order else ""
            planned.append(Planned(row, (number, name, carrier, row.cells["number"]), problem))
        return planned

    def apply(self, rows: list[Row], seen: list[str]) -> str:
        user, names = self.request.user, _carriers()
        assert user.is_authenticated
        by_number = {row.cells["order"].upper(): row.cells for row in rows}
        # Sorted, so that no two wait for each other.
        orders = Order.objects.filter(number__in=by_number).order_by("pk").values_list("pk", "number")
        with transaction.atomic():
            for pk, number in orders:
                cells = by_number[number]
                carrier = names.get(cells["carrier"].casefold())
                try:
                    parcels.send(order_id=pk, carrier=carrier, number=cells["number"], user=user)
                except lifecycle.IllegalTransitionError as error:
                    words = gettext("Order %s has changed since the preview.") % number
                    raise NotAppliedError(words) from error
        words = ngettext(
            "%s order was marked as sent. The shopper gets an e-mail.",
            "%s orders were marked as sent. The shoppers get an e-mail.",
            len(by_number),
        )
        return words % len(by_number)


def _carriers() -> dict[str, Carrier]:
    return {carrier.name.casefold(): carrier for carrier in Carrier.objects.all()}


def _problem(row: Row) -> str:
    """Return what is wrong with the tracking number, as the form of a parcel says it."""
    field = Parcel._meta.get_field("number")
    try:
        field.clean(row.cells["number"], None)
    except ValidationError as error:
        return " ".join(error.messages)
    return "" if row.cells["number"] else gettext("Enter the tracking number.")
