"""Write docs/orders.md from the words that the shop tells: run it after changing them. A test compares the two."""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs/orders.md"
INTRODUCTION = """\
# What is told about an order

An order is always in one of these states. Its page, the e-mails about it and the staff’s page take their words from \
one table, `store/orders/words.py`; `scripts/write_orders_document.py` writes this document from it. What is in \
[brackets] is filled in, and a sentence is left out where that is not known. In e-mails the trader’s own words may \
stand in place of some (*Settings → E-mails to shoppers*). Which state an order is in is decided \
in `store/orders/situation.py`.
"""
ATTENTION = """
An order in any of them can need attention. Its history says why, and the trader gets the e-mail “{attention}”. When \
a payment that was under way arrives, the shopper’s e-mail is “{arrived}”. When an order is cancelled with a refund, \
that of the refund says so instead. Traders choose under *Settings → Shop* which e-mails they get.
"""
CHANGES = """
## What is changed of a paid order

Shoppers cancel an order or correct its delivery address until it is packed. The trader is not told of what staff \
change.
"""
REFUNDS = """
## A refund

An order may have several. The shopper is not told of one that Stripe may still refuse. Of a refused one the shopper \
gets an e-mail only after cancelling the order without an answer on the page; of a failed one only if nothing was told \
of it before and the order was cancelled with it. Staff who read an answer on the screen get no e-mail about it.
"""
DISPUTES = """
## A dispute

Only staff and trader read this; what the shopper reads stands above. The trader gets the e-mail “{dispute}” about \
each dispute that is new or decided, whatever became of the order.
"""
HEADS = ("The shopper reads", "E-mail to the shopper", "Staff read", "E-mail to the trader")


class Named(dict[str, str]):
    """Fills in the names of values."""

    def __missing__(self, name: str) -> str:
        return f"[{name}]"


def document() -> str:
    """Return the document."""
    from store.orders import refund_words, words  # noqa: PLC0415 - after django.setup
    from store.orders.change_words import CHANGE_WORDS  # noqa: PLC0415 - as above
    from store.payments.disputes import TO_DO  # noqa: PLC0415 - as above

    disputes = ((status.label, *map(str, to_do)) for status, to_do in TO_DO.items())
    return "".join(
        [
            INTRODUCTION,
            table("When", *HEADS),
            *rows(words.WORDS),
            ATTENTION.format(
                attention=words.ATTENTION % Named(),
                arrived=words.ARRIVED % Named(),
            ),
            CHANGES,
            table("When", *HEADS),
            *rows(CHANGE_WORDS),
            REFUNDS,
            table("Refund", *HEADS),
            *rows(refund_words.REFUND_WORDS),
            DISPUTES.format(dispute=words.DISPUTE % Named()),
            table("Dispute", "While the goods are here", "Once they were sent"),
            *(line(*row) for row in disputes),
        ]
    )


def table(*heads: str) -> str:
    """Return the head of a table."""
    return "\n" + line(*heads) + line(*("---" for _head in heads))


def rows(words: Mapping) -> Iterator[str]:
    """Return a line for each state."""
    for state, untold in words.items():
        told = untold.filled(Named())
        heading = f"**{told.heading}**" if told.heading else ""
        action = f"[{told.action}]" if told.action else ""
        shopper = " ".join(filter(None, (heading, told.sentences, action)))
        yield line(state.label, shopper, told.subject, told.staff, told.trader)


def line(*cells: object) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(str(cell) or '–' for cell in cells)} |\n"


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "site")]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    django.setup()
    DOCUMENT.write_text(document(), encoding="utf-8")
