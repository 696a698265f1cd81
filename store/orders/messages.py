"""The e-mails to the shopper of an order, as text and as HTML of one context; `store.orders.emails` queues them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from home.models import BrandSettings
from policies.versions import frozen_texts
from store.models import Document, Order, OrderLine, Parcel, Refund
from store.orders import timeline, withdrawal, wording
from store.orders.change_words import Change, words_of
from store.orders.situation import Situation
from store.orders.words import WORDS, State, values

WITH_LINES = {State.PAY_LATER, State.TRANSFER, State.UNDER_WAY, State.PAID, State.SENT, State.READY}
WITH_ADDRESS = {State.PAID, State.SENT, State.READY}


@dataclass(frozen=True)
class Message:
    """One e-mail, not queued yet."""

    subject: str
    text: str
    html: str = ""
    attach: tuple[str, ...] = ()  # as home.mail_attachments names files


def about(
    situation: Situation,
    state: State,
    *,
    refund: Refund | None = None,
    issued: Sequence[Document] = (),
    lines: Iterable[OrderLine] = (),
    change: Change | None = None,
    parcels: Sequence[Parcel] = (),
    subject: str = "",
) -> Message:
    """Return what the shopper is told of an order in a state, of one of its refunds, or of a change by staff.

    `issued` are papers that the change issued, and `parcels` those that are told of. The trader's own words go before
    `subject`, and that before ours.
    """
    order = situation.order
    words = words_of(change, order) if change else WORDS[state].filled(values(order))
    words = situation.words_of(refund) if refund else words
    kind = wording.kind_of(state, refund, change)
    custom = wording.custom(kind, order)
    # States that are told only when staff send it have no subject.
    subject = (
        custom.subject or subject or str(words.subject) or str(WORDS[State.PAID].subject) % values(order)
    )
    facts = words.without(wording.KINDS[kind].words.phrases) if custom.opening else words
    facts_told = f"{_cancelled(situation)}{facts.sentences}" if refund else facts.sentences
    told = None if refund or change else state
    context = {
        **_context(situation, told, lines=list(lines), issued=issued, refund=refund, has_money=not change),
        "words": words,
        "opening": "\n\n".join(filter(None, (custom.opening, facts_told))),
        "closing": custom.closing,
        "action_url": urljoin(settings.SITE_URL, situation.action_url) if words.action else "",
        "parcels": parcels,
    }
    text = re.sub(r"\n{4,}", "\n\n\n", render_to_string("emails/order.txt", context)).strip() + "\n"
    html = render_to_string("emails/order.html", {**context, "subject": subject})
    attach = tuple(one["file"] for one in context["agreed"])
    return Message(subject, text, html, attach)


def _context(
    situation: Situation,
    told: State | None,
    *,
    lines: list[OrderLine],
    issued: Sequence[Document],
    refund: Refund | None,
    has_money: bool,
) -> dict[str, Any]:
    """Return what the templates print of an order and its money; `told` is a state, if that is what is told of."""
    order, rows = situation.order, timeline.money_rows(situation)
    _count_refunded(situation, lines)
    is_confirmation = told == State.PAID
    # The confirmation has the total. Of what is sent it matters only whether a part was refunded.
    has_rows = has_money and not is_confirmation and (told != State.SENT or len(rows) > 1)
    return {
        "order": order,
        "order_url": settings.SITE_URL + order.get_absolute_url(),
        "site_url": settings.SITE_URL,
        "brand": BrandSettings.shown(),
        "lines": lines if told in WITH_LINES else [],
        "has_address": told in WITH_ADDRESS and bool(order.shipping_address or order.is_collection),
        "billing": order.billing_address if issued else {},
        "rows": rows if has_rows else [],
        "left": sum(row.amount for row in rows),
        "refund": refund,
        "taken_back": refund.lines.all() if refund and refund.pk else [],
        "papers": issued or (_papers(order, refund) if refund or is_confirmation else []),
        "agreed": _agreed(situation) if is_confirmation else [],
        "withdrawal": withdrawal.of_order(order, lines) if is_confirmation else [],
    }


def _count_refunded(situation: Situation, lines: list[OrderLine]) -> None:
    """Note on each line how many of it were refunded."""
    refunds = [refund for refund in situation.refunds if refund.pk and refund.is_on_its_way]
    gone = [one for refund in refunds for one in refund.lines.all()]
    for line in lines:
        line.given_back = sum(one.quantity for one in gone if one.order_line_id == line.pk)


def _cancelled(situation: Situation) -> str:
    """Return what is said before a refund of an order that was cancelled with it."""
    is_cancelled = situation.order.status == Order.Status.CANCELLED
    return _("This order was cancelled. Nothing will be sent.") + " " if is_cancelled else ""


def _papers(order: Order, refund: Refund | None) -> Iterable[Document]:
    """Return the papers of an order that is paid, or the credit note of a refund; not saved, neither has any."""
    if refund:
        return refund.documents.filter(kind=Document.Kind.CREDIT_NOTE) if refund.pk else []
    return order.documents.order_by("pk")


def _agreed(situation: Situation) -> list[dict[str, Any]]:
    order = situation.order
    accepted, shown = _("You accepted %(version)s"), _("You were shown %(version)s")
    return [
        {
            "words": words % {"version": version},
            "url": settings.SITE_URL + version.get_absolute_url(),
            "file": frozen_texts.reference(version),
        }
        for words, version in ((accepted, order.terms_accepted), (shown, order.privacy_shown))
        if version
    ]
