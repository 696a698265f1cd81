"""Making offers, sending their links, ending and forgetting them. What is ordered is the basket, at the checkout."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from home.email_addresses import same_address
from home.models import User
from home.throttling import Limit
from policies.personal_data.register import People, PersonalData
from store.basket import contents
from store.models import Basket, Offer, Order
from store.models.tokens import digest, may_be_token, new_token
from store.orders import emails

SENT = Limit("offers", most=3, window=timedelta(hours=1))  # each


class GoodsError(Exception):
    """Some lines cannot be put into a basket; `words` says why, by the number of the line."""

    def __init__(self, words: dict[int, str]) -> None:
        super().__init__()
        self.words = words


@transaction.atomic
def make(*, goods: Iterable[dict[str, Any]], days: int, by: User, **texts: str) -> Offer:
    """Fill a basket of its own for somebody. Raises GoodsError."""
    basket, problems = Basket.objects.create(), {}
    for number, line in enumerate(goods):
        try:
            contents.add(basket=basket, **line)
        except contents.BasketError as error:
            problems[number] = str(error)
    if problems:
        raise GoodsError(problems)
    ends_at = timezone.now() + timedelta(days=days)
    return Offer.objects.create(basket=basket, ends_at=ends_at, by=str(by)[:80], **texts)


class NotOpenError(Exception):
    """The offer is over, or the customer is about to pay it; the message is for staff."""


def _locked(offer: Offer) -> Basket:
    """Return the basket of an offer that is not over, locked. Raises NotOpenError."""
    basket = Basket.objects.select_for_update().filter(pk=offer.basket_id).first()
    if basket is None or in_basket(basket) is None:
        raise NotOpenError(gettext("This offer has ended."))
    return basket


def locked(offer: Offer) -> Basket:
    """Return the basket of an offer that can be ended, locked. Raises NotOpenError."""
    basket = _locked(offer)
    if basket.orders.filter(status__in=Order.AWAITING_PAYMENT).exists():
        raise NotOpenError(gettext("The customer is about to pay it online. Cancel that first, or wait."))
    return basket


@transaction.atomic
def move_end(offer: Offer, *, days: int) -> None:
    """Let an offer end so many days from now. Raises NotOpenError."""
    _locked(offer)
    Offer.objects.filter(pk=offer.pk).update(ends_at=timezone.now() + timedelta(days=days))


@transaction.atomic
def withdraw(offer: Offer, *, by: User) -> None:
    """End an offer; a browser that has opened it no longer finds its basket. Raises NotOpenError."""
    basket = locked(offer)
    basket.token = new_token()
    basket.save(update_fields=["token"])
    Offer.objects.filter(pk=offer.pk).update(ends_at=timezone.now(), withdrawn_by=str(by)[:80])


@transaction.atomic
def send(offer: Offer) -> None:
    """E-mail the link; an earlier one no longer works."""
    token = new_token()
    offer.digest, offer.sent_at = digest(token), timezone.now()
    offer.save(update_fields=["digest", "sent_at"])
    emails.offer(offer, lines=contents.look_up(offer.basket).lines, token=token)


def offer_of(token: str) -> Offer | None:
    """Return the offer whose link has this token."""
    if not may_be_token(token):
        return None
    return Offer.objects.select_related("basket").filter(digest=digest(token)).first()


def in_basket(basket: Basket | None) -> Offer | None:
    """Return the offer of a basket, while it can be ordered."""
    return Offer.objects.filter(basket=basket, ends_at__gt=timezone.now()).first() if basket else None


def expire(now: datetime) -> int:
    """Delete offers that ended a while ago, with their baskets, and return how many."""
    old = Basket.objects.filter(offer__ends_at__lt=now - Offer.KEEP)
    return old.delete()[1].get("store.Offer", 0)


def _export(email: str) -> list[dict[str, Any]]:
    found = Offer.objects.filter(same_address(email)).order_by("pk")
    return [
        {
            "note": offer.note,
            "gift_message": offer.gift_message,
            "made": offer.created_at.isoformat(),
            "until": offer.ends_at.isoformat(),
            "goods": [" ".join(filter(None, (str(line), line.text))) for line in offer.basket.lines.all()],
        }
        for offer in found.prefetch_related("basket__lines")
    ]


def _erase(email: str) -> int:
    return (
        Basket.objects.filter(offer__in=Offer.objects.filter(same_address(email)))
        .delete()[1]
        .get("store.Offer", 0)
    )


OFFERS = PersonalData(
    key="store.offers",
    label=_("Offers"),
    what=_(
        "E-mail address, what was put together for it with the texts to be written on it, a note and a gift message"
    ),
    purpose=_("To let you order what you asked us for, for example by telephone"),
    keep=lambda: timedelta(days=Offer.MOST_DAYS) + Offer.KEEP,
    export=_export,
    erase=_erase,
    expire=expire,
    people=(People.CUSTOMERS,),
    replace=lambda: Offer.objects.all().delete(),
)
