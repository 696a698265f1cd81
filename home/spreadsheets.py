"""A guard for exported tables: no spreadsheet may take a cell for a formula."""

# A cell that begins so is run as a formula by Excel, LibreOffice or Google Sheets; in East Asia also by the wide ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def as_text(value: str) -> str:
    """Return a cell, marked as text if a spreadsheet would take it for a formula."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


def from_text(cell: str) -> str:
    """Return what a cell said before `as_text`, of a table that comes back."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA_STARTS) else cell
