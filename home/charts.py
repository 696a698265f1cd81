"""The geometry of charts, which templates/components/stacked_bars.html draws as SVG on the server.

It knows numbers and labels only; a table with the same numbers belongs beside every chart.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

WIDTH, HEIGHT = 720, 220  # of the drawing, in units of its own; it scales to the page
_LEFT, _BOTTOM, _TOP = 36, 24, 10
_GAP = 0.25  # of a bar's place
_MOST_LABELS = 8
_FEW = 5  # up to which the scale has each number
_WIDEST = 110  # place of a bar


@dataclass(frozen=True)
class Segment:
    """A piece of a bar: its series (0, 1, …), its place and its number."""

    series: int
    y: float
    height: float
    number: float


@dataclass(frozen=True)
class Bar:
    """One bar with all its pieces; `label` is empty where there is no space for it."""

    x: float
    width: float
    middle: float
    label: str
    title: str
    segments: list[Segment]


@dataclass(frozen=True)
class Line:
    """A line of the grid."""

    y: float
    value: str


@dataclass(frozen=True)
class StackedBars:
    """A finished chart."""

    bars: list[Bar]
    grid: list[Line]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT


def stacked_bars(
    rows: Sequence[tuple[str, str, Sequence[float]]],
    *,
    width: int = WIDTH,
    left: int = _LEFT,
    top: int = 0,
    words: Callable[[int], str] = str,
) -> StackedBars:
    """Place bars side by side. A row is (label, title, one number of each series, from the bottom up).

    `words` write the numbers of the scale, for which `left` has space. It ends at `top`, or above the highest bar.
    """
    top = top or _round_up(max((sum(numbers) for _label, _title, numbers in rows), default=0))
    place = min((width - left) / max(len(rows), 1), _WIDEST)
    every = -(-len(rows) // _MOST_LABELS) or 1
    bars = [
        Bar(
            x=left + place * (index + _GAP / 2),
            width=place * (1 - _GAP),
            middle=left + place * (index + 0.5),
            label=label if index % every == 0 else "",
            title=title,
            segments=list(_segments(numbers, top)),
        )
        for index, (label, title, numbers) in enumerate(rows)
    ]
    values = range(top + 1) if top <= _FEW else (0, top // 2, top)
    grid = [Line(_y(value, top), words(value)) for value in values]
    return StackedBars(bars, grid, width=width, left=left)


def _segments(numbers: Sequence[float], top: int) -> Iterable[Segment]:
    below = 0.0
    for series, number in enumerate(numbers):
        if number:
            upper = _y(below + number, top)
            yield Segment(series, upper, _y(below, top) - upper, number)
        below += number


def _y(value: float, top: int) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * value / top, 2)


def _round_up(most: float) -> int:
    """Return the number at the top of the scale, one with a half: 2, 4, 6, 8, 10, 20, 30, 40, 50, 60, 80, 100."""
    steps = (factor * 10**power for power in count() for factor in (1, 2, 3, 4, 5, 6, 8))
    return next(step for step in steps if step >= most and not step % 2)
