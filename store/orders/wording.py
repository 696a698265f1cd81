"""The kinds of e-mail about an order, and what a trader says in each in place of our words.

Heading, facts of the order, and what the shopper must do stay whatever a trader writes.
"""

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from store.models import MailWording, Order, Refund
from store.models.mail_wording import PLACE
from store.orders.change_words import CHANGE_WORDS, Change
from store.orders.refund_words import REFUND_WORDS
from store.orders.words import WORDS, State, Words


class Kind(NamedTuple):
    """A kind of e-mail: when it is sent, and our words."""

    label: Promise | str
    words: Words


# Most orders send these, so their words come first.
_USUAL = (State.PAID, State.SENT, State.READY)
KINDS: dict[str, Kind] = {
    **{state.value: Kind(state.label, WORDS[state]) for state in _USUAL},
    **{state.value: Kind(state.label, words) for state, words in WORDS.items() if words.subject},
    **{
        f"refund-{status.value}": Kind(format_lazy("{} {}", _("A refund:"), status.label), words)
        for status, words in REFUND_WORDS.items()
        if words.subject
    },
    **{change.value: Kind(change.label, words) for change, words in CHANGE_WORDS.items() if words.subject},
}


@dataclass(frozen=True)
class CustomWording:
    """The trader's words of one e-mail; ours stand where they are empty."""

    subject: str
    opening: str
    closing: str


def kind_of(state: State, refund: Refund | None, change: Change | None) -> str:
    """Return the kind of an e-mail about an order in a state, a refund of it or a change."""
    return str((change or state).value) if refund is None else f"refund-{refund.status}"


def custom(kind: str, order: Order) -> CustomWording:
    """Return the trader's words of a kind of e-mail, with what is known of the order."""
    found = MailWording.current()
    texts = (found.words.get(f"{kind}_subject", ""), found.words.get(f"{kind}_opening", ""), found.closing)
    return CustomWording(*(_filled(text, order) for text in texts))


def _filled(text: str, order: Order) -> str:
    """Fill in number and name; return nothing where the name is asked for and not known.

    Before an order is paid, anybody may have placed it for this e-mail address, and have written the name.
    """
    name = order.customer_name or order.shipping_address.get("name", "")
    known = {"{number}": order.number, "{name}": name if order.paid_at else ""}
    is_known = all(known[place] for place in PLACE.findall(text))
    return PLACE.sub(lambda found: known[found[0]], text) if is_known else ""
