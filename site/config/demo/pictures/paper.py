"""What every picture of the demo range is drawn with: the colours, a few shapes, light, and the shelf things stand on.

Things are drawn around the point where they stand (0, 0), upwards; `scene` sets them on the shelf. The result is
plain SVG: shapes, gradients and one shadow, no script, no style sheet, nothing from elsewhere.
"""

from collections.abc import Iterable

SIZE = 1200
SHELF = 962  # where things stand
# Pages may show the middle part in 4:3, so nothing that matters lies above 190 or below 1050.

# The colours of static/img/shelves.svg, and the tints of its walls.
FOREST, PINE, LEAF, MINT = "#0f4a3a", "#0a3629", "#4f9c80", "#8fc7b0"
SUN, HONEY, BRICK, CREAM, CHALK = "#f7c331", "#c99512", "#d9573b", "#f2efe4", "#fbfaf4"
OAK, KRAFT, WALNUT, STEEL, SLATE = "#d8b27a", "#e3c596", "#8a5a34", "#b9c6c4", "#5d6f6b"
WALL_MINT, WALL_SAND, WALL_BLUSH, WALL_SUN, WALL_SKY = "#dce9e1", "#efe7d6", "#f2d9cd", "#f8e6ae", "#d5e4e6"

# Light comes from the upper left: these are laid over a shape's own colour. A stop: where, colour, how dense.
_WHITE, _BLACK, _BROWN = "#fff", "#000", "#3a2608"
_BALL, _WALL = 'cx=".34" cy=".28" r=".85"', 'cx=".3" cy=".2" r="1"'
_LINEAR = {
    "round": ("", ((0, _BLACK, 0.1), (0.2, _WHITE, 0.26), (0.5, _WHITE, 0), (1, _BLACK, 0.24))),
    "flat": ('x2="1" y2="1"', ((0, _WHITE, 0.16), (0.5, _WHITE, 0), (1, _BLACK, 0.12))),
    "down": ('x2="0" y2="1"', ((0, _WHITE, 0.18), (1, _BLACK, 0.16))),
    "under": ('x2="0" y2="1"', ((0, _BLACK, 0.26), (1, _BLACK, 0))),
}
_RADIAL = {
    "ball": (_BALL, ((0, _WHITE, 0.34), (0.45, _WHITE, 0), (1, _BLACK, 0.34))),
    "wall": (_WALL, ((0, _WHITE, 0.34), (0.55, _WHITE, 0), (1, _BLACK, 0.12))),
    "contact": ("", ((0, _BROWN, 0.55), (0.6, _BROWN, 0.28), (1, _BROWN, 0))),
}
_CAST = (
    '<filter id="cast" x="-20%" y="-20%" width="150%" height="150%">'
    '<feDropShadow dx="34" dy="16" stdDeviation="20" flood-color="#10201a" flood-opacity=".26"/></filter>'
)


def _gradient(kind: str, name: str, place: str, stops: Iterable[tuple[float, str, float]]) -> str:
    drawn = "".join(
        f'<stop offset="{offset}" stop-color="{colour}" stop-opacity="{density}"/>'
        for offset, colour, density in stops
    )
    return f'<{kind}Gradient id="{name}" {place}>{drawn}</{kind}Gradient>'


def _light() -> str:
    linear = [_gradient("linear", name, *how) for name, how in _LINEAR.items()]
    return "".join([*linear, *(_gradient("radial", name, *how) for name, how in _RADIAL.items()), _CAST])


def _see_through(opacity: float) -> str:
    return f' opacity="{opacity}"' if opacity != 1 else ""


def path(d: str, fill: str, light: str = "", opacity: float = 1) -> str:
    """Draw an outline, with light laid over it."""
    over = f'<path d="{d}" fill="url(#{light})"/>' if light else ""
    return f'<path d="{d}" fill="{fill}"{_see_through(opacity)}/>{over}'


def line(d: str, colour: str, width: float, opacity: float = 1) -> str:
    """Draw a line with round ends."""
    return (
        f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round"'
        f' stroke-linejoin="round"{_see_through(opacity)}/>'
    )


def box(
    x: float,
    y: float,
    width: float,
    height: float,
    fill: str,
    *,
    radius: float = 0,
    light: str = "",
    opacity: float = 1,
) -> str:
    """Draw a rectangle."""
    shape = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" fill='
    return f'{shape}"{fill}"{_see_through(opacity)}/>' + (f'{shape}"url(#{light})"/>' if light else "")


def oval(x: float, y: float, rx: float, ry: float, fill: str, *, light: str = "", opacity: float = 1) -> str:
    """Draw an ellipse around a point."""
    shape = f'<ellipse cx="{x}" cy="{y}" rx="{rx}" ry="{ry}" fill='
    return f'{shape}"{fill}"{_see_through(opacity)}/>' + (f'{shape}"url(#{light})"/>' if light else "")


def at(x: float, y: float, thing: str, *, scale: float = 1, turn: float = 0) -> str:
    """Move, turn and resize what was drawn."""
    resized = f" scale({scale})" if scale != 1 else ""
    turned = f" rotate({turn})" if turn else ""
    return f'<g transform="translate({x} {y}){turned}{resized}">{thing}</g>'


def clipped(name: str, outline: str, inside: str) -> str:
    """Draw something within an outline; the name must be used once in a picture."""
    return f'<clipPath id="{name}"><path d="{outline}"/></clipPath><g clip-path="url(#{name})">{inside}</g>'


def standing(x: float, width: float, thing: str, *, scale: float = 1, depth: float = 0) -> str:
    """Set a thing on the shelf with the shadow where it touches; `depth` moves it towards the viewer."""
    y = SHELF + depth
    touch = oval(x + width * 0.05, y + 4, width * 0.6, 17, "url(#contact)")
    return touch + f'<g filter="url(#cast)">{at(x, y, thing, scale=scale)}</g>'


def hanging(x: float, y: float, thing: str, *, scale: float = 1, turn: float = 0) -> str:
    """Hang a thing on the wall."""
    return f'<g filter="url(#cast)">{at(x, y, thing, scale=scale, turn=turn)}</g>'


def nail(x: float, y: float) -> str:
    """Draw what things hang on."""
    return oval(x, y, 13, 13, HONEY, light="ball")


def scene(wall: str, things: Iterable[str]) -> str:
    """Put everything on a shelf in front of a wall and return the whole picture."""
    back = box(0, 0, SIZE, SIZE, wall) + box(0, 0, SIZE, SIZE, "url(#wall)")
    shelf = (
        box(0, 926, SIZE, 66, "#e2bf86")
        + box(0, 926, SIZE, 5, "#f0d6a6")
        + box(0, 992, SIZE, 56, "#c39450", light="down")
        + line("M0 1012 C300 1004 500 1024 760 1014 S1100 1008 1200 1016", "#9c7133", 3, 0.35)
        + line("M0 1032 C240 1036 520 1026 820 1034 S1100 1030 1200 1032", "#9c7133", 3, 0.3)
        + box(0, 1048, SIZE, 130, "url(#under)")
    )
    drawn = "".join(things)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" width="{SIZE}" height="{SIZE}">'
        f"<defs>{_light()}</defs>{back}{shelf}{drawn}</svg>\n"
    )
