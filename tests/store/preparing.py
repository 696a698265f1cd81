"""What staff do who put an offer together, and who take its money."""

from html import unescape
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from home.models import User
from store.basket import contents
from store.models import Offer, ShippingOption
from store.offers.forms import PaidForm

TO = {"name": "Ada Lovelace", "line1": "5 St James’s Square", "city": "London", "postal_code": "SW1Y 4LB"}
RIGHTS = ("view_offer", "add_offer", "take_payment", "view_order")


def without(staff: Client, right: str) -> None:
    User.objects.get(email="clerk@example.com").user_permissions.remove(
        Permission.objects.get(codename=right)
    )


def post(staff: Client, path: str, values: dict[str, Any] | None = None) -> str:
    answer = staff.post(f"/admin/offers/{path}", values or {}, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def typed(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return lines as the form sends them."""
    count = {f"form-{one}_FORMS": len(lines) for one in ("TOTAL", "INITIAL")}
    parts = {
        f"form-{number}-{name}": value for number, line in enumerate(lines) for name, value in line.items()
    }
    return {**count, **parts}


def make(staff: Client, *lines: dict[str, Any], **changes: Any) -> str:
    wanted = typed([*lines] or [{"sku": "MUG", "quantity": 2}])
    values = {
        **wanted,
        "make": "yes",
        "email": "ada@example.com",
        "note": "As we said.",
        "days": "7",
        **changes,
    }
    return post(staff, "new/", values)


def take(staff: Client, **changes: Any) -> str:
    offer, option = Offer.objects.get(), f"GB-{ShippingOption.objects.get().pk}"
    shown = PaidForm(contents.look_up(offer.basket))["shown"].value()
    values = {"source": "cash", "reason": "Paid at the market", "option": option, "shown": shown}
    return post(staff, f"{offer.pk}/paid/", {**values, **TO, **changes})
