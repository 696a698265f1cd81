"""A guard for exported tables: no spreadsheet may take a cell for a formula."""

import re

# A cell that begins so is run as a formula by Excel, LibreOffice or Google Sheets; in East Asia also by the wide ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
# Where commas are part of numbers, Excel divides at semicolons: what follows one, or a new line, is a cell of its own.
_LATER = re.compile(r"(?<=[;\t\r\n])(\"*)(?=[=+\-@＝＋－＠])")  # noqa: RUF001


def as_text(value: str) -> str:
    """Return a cell, marked as text wherever a spreadsheet would take it for a formula."""
    mark, rest = ("'" + value[0], value[1:]) if value.startswith(_FORMULA_STARTS) else ("", value)
    return mark + _LATER.sub(r"\1'", rest)


def from_text(cell: str) -> str:
    """Return what a cell said before `as_text`, of a table that comes back."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA_STARTS) else cell
