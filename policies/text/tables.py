"""Prepares the tables of a text: the scope of head cells, boxes that scroll, small lists on narrow screens.

The scope belongs to the one form of a text. The rest changes how a page carries the text and never the text: on narrow
screens each row of a plain table is a list of its own, whose cells get the words of their column's heading as an
attribute, which the style sheet prints before them. All other tables scroll.
"""

from lxml import etree

from policies.text.parsing import inner_html, parse

_SPANS = ".//table | .//*[@colspan or @rowspan][not(@class='redline-note')]"
_FEWEST_COLUMNS = 3  # two fit beside each other on any screen
_LONGEST_HEADING = 200  # characters, as each cell of its column repeats it


def add_scopes(root: etree._Element) -> None:
    """Let each head cell that does not say its scope head its column."""
    for heading in root.xpath(".//thead//th[not(@scope)]"):
        heading.set("scope", "col")


def with_boxes(html: str, *, label: str) -> str:
    """Put each table into a box that can be reached, named and scrolled by keyboard; label the cells of plain ones."""
    root = parse(html)
    for table in root.iter("table"):
        # In a redline, some bodies hold a switch that shows unchanged rows.
        rows = table.xpath("./tr | ./thead/tr | ./tbody[not(@class='rows-switch')]/tr | ./tfoot/tr")
        if _is_plain(table, rows):
            _label_cells(table, rows)
    for table in root.xpath(".//table[not(ancestor::table)][not(parent::div[@class='table-scroll'])]"):
        box = etree.Element("div", {"class": "table-scroll"})
        box.tail, table.tail = table.tail, None
        table.getparent().replace(table, box)
        box.append(table)
    for box in root.xpath(".//div[@class='table-scroll']"):
        box.attrib.update({"role": "group", "tabindex": "0", "aria-label": label})
    return inner_html(root)


def _is_plain(table: etree._Element, rows: list[etree._Element]) -> bool:
    """Return whether a table has one row of short headings, and no cell that spans others."""
    if len(rows) < 2 or table.xpath(_SPANS):  # noqa: PLR2004 - headings and a row
        return False
    columns = len(rows[0])
    has_headings = all(cell.tag == "th" and 0 < len(_words(cell)) <= _LONGEST_HEADING for cell in rows[0])
    return has_headings and columns >= _FEWEST_COLUMNS and all(len(row) == columns for row in rows)


def _label_cells(table: etree._Element, rows: list[etree._Element]) -> None:
    headings, *others = rows
    labels = [_words(cell) for cell in headings]
    table.set("class", "stacks")
    for row in others:
        for cell, label in zip(row, labels, strict=True):
            cell.set("data-label", label)


def _words(cell: etree._Element) -> str:
    """Return what a heading says; in a redline, what it says now."""
    told = cell.xpath(".//text()[not(ancestor::del) and not(ancestor::*[@class='visually-hidden'])]")
    return " ".join("".join(told).split())
