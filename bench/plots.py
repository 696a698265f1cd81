"""Draws what was measured as SVG, below var/bench: bars with their bounds, one picture a measurement."""

from dataclasses import dataclass
from html import escape

from bench.sites import ROOT

FOLDER = ROOT / "var/bench"
WIDTH, LABEL, ROW, BAR, FOOT = 760, 220, 30, 16, 34
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #222 }
.bar { fill: #4a7ab5 } .over { fill: #c2632d } .must { stroke: #222; stroke-width: 2 }
.aim { stroke: #2d7d46; stroke-width: 2; stroke-dasharray: 3 2 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .must { stroke: #ddd } }
"""


@dataclass(frozen=True)
class Bar:
    """One thing that was measured, and what is asked of it (nothing: it is there to compare)."""

    label: str
    value: float
    must: float | None = None
    aim: float | None = None


def bars(name: str, title: str, rows: list[Bar]) -> None:
    """Draw bars as var/bench/NAME.svg."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    most = max(max(row.value, row.must or 0) for row in rows) * 1.12
    scale = (WIDTH - LABEL - 20) / most
    height = FOOT * 2 + ROW * len(rows)
    drawn = "".join(_row(row, FOOT + ROW * number, scale) for number, row in enumerate(rows))
    foot = "black line: at most; green, dashed: the aim" if any(row.must for row in rows) else ""
    (FOLDER / f"{name}.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
        f'<title>{escape(title)}</title><style>{STYLE}</style><text x="8" y="20">{escape(title)}</text>'
        f'{drawn}<text x="{LABEL}" y="{height - 10}">{foot}</text></svg>\n',
        encoding="utf-8",
    )


def _row(row: Bar, top: float, scale: float) -> str:
    is_over = row.must is not None and row.value > row.must
    end = LABEL + row.value * scale
    marks = "".join(
        f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + BAR + 8}"/>'
        for kind, bound in (("must", row.must), ("aim", row.aim))
        if bound and (x := LABEL + bound * scale)
    )
    return (
        f'<text x="{LABEL - 8}" y="{top + BAR}" text-anchor="end">{escape(row.label)}</text>'
        f'<rect class="{"over" if is_over else "bar"}" x="{LABEL}" y="{top + 4}" '
        f'width="{row.value * scale:.1f}" height="{BAR}"/>{marks}'
        f'<text x="{end + 6:.1f}" y="{top + BAR}">{row.value:.3g}</text>'
    )
