"""Prepares the tables of a text for narrow screens, where each row is shown as a small list of its own.

It changes how a page carries the text and never the text: each cell gets the words of its column's heading as an
attribute, which the style sheet prints before it, and the roles that a table loses in browsers once it is laid out in
another way. Only plain tables are prepared; all others scroll.
"""

from lxml import etree

_GROUPS = ("thead", "tbody", "tfoot")
_FEWEST_COLUMNS = 3  # two fit beside each other on any screen
_LONGEST_HEADING = 200  # characters, as each cell of its column repeats it


def prepare_for_narrow_screens(root: etree._Element) -> None:
    """Label the cells of all plain tables below an element."""
    for table in root.iter("table"):
        rows = table.xpath("./tr | ./thead/tr | ./tbody/tr | ./tfoot/tr")
        if _is_plain(table, rows):
            _prepare(table, rows)


def _is_plain(table: etree._Element, rows: list[etree._Element]) -> bool:
    """Say whether a table has one row of short headings, and no cell that spans others."""
    if len(rows) < 2 or table.xpath(".//table | .//*[@colspan or @rowspan]"):  # noqa: PLR2004 - headings and a row
        return False
    columns = len(rows[0])
    has_headings = all(cell.tag == "th" and 0 < len(_words(cell)) <= _LONGEST_HEADING for cell in rows[0])
    return has_headings and columns >= _FEWEST_COLUMNS and all(len(row) == columns for row in rows)


def _prepare(table: etree._Element, rows: list[etree._Element]) -> None:
    headings, *others = rows
    labels = [_words(cell) for cell in headings]
    table.set("class", "stacks")
    table.set("role", "table")
    for group in table.iterchildren(*_GROUPS):
        group.set("role", "rowgroup")
    for row in rows:
        row.set("role", "row")
    for cell in headings:
        cell.set("role", "columnheader")
    for row in others:
        for cell, label in zip(row, labels, strict=True):
            cell.set("role", "rowheader" if cell.tag == "th" else "cell")
            cell.set("data-label", label)


def _words(cell: etree._Element) -> str:
    """Return what a heading says; in a redline, what it says now."""
    told = cell.xpath(".//text()[not(ancestor::del) and not(ancestor::*[@class='visually-hidden'])]")
    return " ".join("".join(told).split())
