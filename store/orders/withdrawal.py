"""The right of withdrawal as it applies to the goods and the country of an order, in words.

The days are stated once, under Settings → Shop. The terms print them as a live fact, so a version freezes them; an
order copies those of the version that was accepted. Both speak only of countries whose law gives the right.
"""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from home.models import BrandSettings
from policies.facts.registry import Fact
from policies.models import PolicyVersion
from store.models import DeliveryCountry, Order, OrderLine, ShopSettings
from store.models.withdrawal import LEAST_DAYS, Withdrawal
from store.orders.addresses import country_name

DAYS = "withdrawal_days"
EXEMPT = {
    Withdrawal.CUSTOM: gettext_lazy("There is no right to withdraw from what is made to measure: %(goods)s."),
    Withdrawal.PERISHABLE: gettext_lazy("There is no right to withdraw from what spoils quickly: %(goods)s."),
    Withdrawal.SEALED: gettext_lazy(
        "Once you have broken its seal, which is there for hygiene, you can no longer withdraw from: %(goods)s."
    ),
}


def days_for(country: DeliveryCountry, terms: PolicyVersion | None) -> int | None:
    """Return the days that hold for whoever accepts these terms now, as `Order.withdrawal_days` keeps them.

    They are those in the terms, or else of today's settings, and never fewer than the law gives.
    """
    if not country.has_withdrawal:
        return None if country.has_withdrawal is None else 0
    facts = terms.readable_content.get("facts") if terms else None
    stated = _in_facts(facts) or ShopSettings.current().withdrawal_days or 0
    return max(stated, LEAST_DAYS)


def _in_facts(facts: Any) -> int:
    """Return the days in the live facts of a version; 0 where there are none, or its record was damaged."""
    fact = facts.get("withdrawal") if isinstance(facts, dict) else None
    stated = fact.get(DAYS) if isinstance(fact, dict) else None
    return stated if isinstance(stated, int) else 0


def of_order(order: Order, lines: Iterable[OrderLine]) -> list[str]:
    """Return what the shopper of an order with these lines is told; see `words`."""
    goods = [(str(line), line.withdrawal) for line in lines]
    return words(goods, country=order.country, days=order.withdrawal_days)


def words(goods: Iterable[tuple[str, str]], *, country: str, days: int | None) -> list[str]:
    """Return to which of the goods (name, Withdrawal) the right applies, why not to others, until when, and how.

    Nothing is said where the days are not known: of a country whose law nobody stated, and of earlier orders.
    """
    if days is None:
        return []
    if not days:
        said = _("The law of %(country)s gives no right to withdraw from this purchase.")
        return [said % {"country": country_name(country)}]
    named: dict[str, list[str]] = {}
    for name, kind in goods:
        named.setdefault(kind, []).append(name)
    free = [*named.get(Withdrawal.APPLIES, []), *named.get(Withdrawal.SEALED, [])]
    exempt = [str(EXEMPT[kind]) % {"goods": "; ".join(named[kind])} for kind in EXEMPT if kind in named]
    return [*_right(free, days, is_whole=not exempt), *exempt, *([_how()] if free else [])]


def _right(free: list[str], days: int, *, is_whole: bool) -> list[str]:
    if not free:
        return []
    said = _(
        "As a consumer you may withdraw from this purchase within %(days)s days, without giving a reason."
    )
    if not is_whole:
        said = _(
            "As a consumer you may withdraw from these purchases within %(days)s days, without giving a reason: "
            "%(goods)s."
        )
    return [said % {"days": days, "goods": "; ".join(free)}]


def _how() -> str:
    from_when = _("The days are counted from the day after you receive the goods, or the last of them.")
    to = BrandSettings.shown().email
    how = (
        _("To withdraw, write to %(email)s in time and name the order.")
        if to
        else _("To withdraw, write to us in time and name the order.")
    )
    return f"{from_when} {how % {'email': to}}"


# --- The live fact -----------------------------------------------------------------------------------------
def _state() -> dict[str, int]:
    days = ShopSettings.current().withdrawal_days
    return {DAYS: days} if days else {}


def _in_words(data: Any) -> dict[str, str]:
    days = data.get(DAYS) if isinstance(data, dict) else None
    return (
        {DAYS: ngettext("%(days)s day", "%(days)s days", days) % {"days": days}}
        if isinstance(days, int)
        else {}
    )


def pattern(value: str) -> str:
    """Return how a text grants it; days within which somebody is to be paid or sent something are others."""
    days, right = (
        rf"(?<![\w.,-]){value.split(maxsplit=1)[0]}\s+(?:days?|Tage?n?)\b",
        r"\b(?:may|can|right to)\s+withdraw",
    )
    return rf"{right}[^.!?]*{days}|{days}[^.!?]*{right}"


def _gap(data: Any) -> str:
    return "" if _in_words(data) else _("Not yet stated: within how many days shoppers may withdraw.")


FACT = Fact(
    "withdrawal",
    gettext_lazy("Right of withdrawal"),
    _state,
    "store/facts/withdrawal.html",
    known_values=_in_words,
    pattern=pattern,
    gap=_gap,
    remedy=gettext_lazy("Enter the days under Settings → Shop."),
)
