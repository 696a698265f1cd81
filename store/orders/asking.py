"""A message can be about an order: its page leads to the form that says so.

The link names the order by its signed number: who does not have the link cannot make one, and it opens nothing. The
token of the order's page would, and stays out of it.
"""

from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from home.message_subjects import SubjectKind
from store.models import Order
from store.orders.access import VIEW
from store.orders.finding import orders_of

KIND = "order"
MOST = 20  # orders of a person
_signer = Signer(salt="store.orders.asking")


def about(order: Order) -> str:
    """Return what a link to a form says of an order."""
    return f"{KIND}:{_signer.sign(order.number)}"


def _find(key: str) -> tuple[str, str] | None:
    try:
        number = _signer.unsign(key)
    except BadSignature:
        return None
    pk = Order.objects.filter(number=number).values_list("pk", flat=True).first()
    return (str(pk), gettext("Order %(number)s") % {"number": number}) if pk else None


def _of_person(email: str) -> list[tuple[str, str]]:
    """Return the newest orders with an e-mail address, for staff."""
    found = orders_of(email).order_by("-placed_at").only("number", "status", "placed_at")[:MOST]
    return [
        (
            gettext("%(number)s of %(day)s: %(status)s")
            % {
                "number": order.number,
                "day": date_format(localtime(order.placed_at)),
                "status": order.get_status_display(),
            },
            reverse("orders:inspect", args=[order.pk]),
        )
        for order in found
    ]


ORDERS = SubjectKind(
    kind=KIND,
    label=_("Order"),
    find=_find,
    url=lambda key: reverse("orders:inspect", args=[key]),
    permission=VIEW,
    access_kind="store.orders",
    of_person=_of_person,
)
