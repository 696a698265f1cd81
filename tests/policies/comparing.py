"""Compares two texts as a page of a redline does, and reads what it shows."""

import lxml.html

from policies.redline import comparison, layout
from policies.redline.comparison import Redline
from policies.text import markup
from tests.policies.documents import words

OLD_ORDERS = (
    "<p>When you buy something, our warehouse staff pack the parcel and hand it to the post. Your street is "
    "printed on the label, and the label stays in a drawer for a month.</p><p>Then it is burnt.</p>"
)
NEW_ORDERS = (
    "<p>Couriers receive name, town and telephone number electronically; nobody here writes anything on paper "
    "any longer. Lockers get a code instead of a door bell.</p><p>Signatures are not collected.</p>"
)
LONG = "<p>We answer within a month whoever asks us, and we never ask for a fee.</p>"
OTHER = "<p>The register of what we hold is printed below, with a period for each kind of data.</p>"


def compared(old: str, new: str) -> Redline:
    result = comparison.compare(markup.canonical(old), markup.canonical(new))
    assert words(result.html, without="ins") == words(old)
    assert words(result.html, without="del") == words(new)
    return result


def parts(old: str, new: str) -> list[tuple[str, str]]:
    """What the page shows in one text: what became of each part, and its words."""
    return [
        (fate, " ".join(words(html)))
        for passage in layout.inline(compared(old, new).html)
        for fate, html in passage.parts
    ]


def rows(old: str, new: str) -> list[tuple[str, str]]:
    return [
        (" ".join(words(row.old)), " ".join(words(row.new)))
        for passage in layout.side_by_side(compared(old, new).html)
        for row in passage.rows
    ]


def seen(mark: lxml.html.HtmlElement) -> str:
    """The words of a mark, with the URLs that are shown beside its links."""
    for element in mark.xpath(".//span[@class='visually-hidden'] | .//a[@class='redline-note']"):
        element.drop_tree()
    return " ".join(markup.plain_text(lxml.html.tostring(mark, encoding="unicode", with_tail=False)).split())
