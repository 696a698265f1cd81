"""Reads markup into a tree, and writes what is in a tree as markup."""

import re
from html import escape

import lxml.html
from lxml import etree

SPACE = " \t\n\r\f"  # HTML's white space: a no-break space is a part of its word
# No words, and no part of any well-formed document.
CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def parse(html: str) -> etree._Element:
    """Read clean markup into a tree under one `div`."""
    return lxml.html.fragment_fromstring(html, create_parent="div")


def parse_untrusted(html: str) -> etree._Element:
    """Read any markup into a tree under one `div`. What is nested more than 255 deep is left out."""
    # The comment keeps lxml from looking for a whole document.
    return parse("<!-- -->" + CONTROL_CHARACTERS.sub(" ", html))


def inner_html(root: etree._Element, *, method: str = "html") -> str:
    """Write what is inside an element."""
    parts = [etree.tostring(child, encoding="unicode", method=method) for child in root]
    return "".join([escape(root.text or "", quote=False), *parts])
