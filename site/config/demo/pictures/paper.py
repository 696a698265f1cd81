"""What every picture of the demo range is drawn with: the colours, a few shapes, light, and the shelf things stand on.

Things are drawn around the point where they stand (0, 0), upwards; `scene` sets them on the shelf. The result is
plain SVG: shapes, gradients and one shadow, no script, no style sheet, nothing from elsewhere.
"""

from collections.abc import Iterable

SIZE = 1200
SHELF = 962  # where things stand

# The colours of static/img/shelves.svg, and the tints of its walls.
FOREST, PINE, LEAF, MINT, SAGE = "#0f4a3a", "#0a3629", "#4f9c80", "#8fc7b0", "#c9ded4"
SUN, HONEY, BRICK, CREAM, CHALK = "#f7c331", "#c99512", "#d9573b", "#f2efe4", "#fbfaf4"
OAK, KRAFT, WALNUT, STEEL, SLATE = "#d8b27a", "#e3c596", "#8a5a34", "#b9c6c4", "#5d6f6b"
WALL_MINT, WALL_SAND, WALL_BLUSH, WALL_SUN, WALL_SKY = "#dce9e1", "#efe7d6", "#f2d9cd", "#f8e6ae", "#d5e4e6"

# Light comes from the upper left: these are laid over a shape's own colour.
_LIGHT = """
<linearGradient id="round"><stop offset="0" stop-color="#000" stop-opacity=".10"/>
<stop offset=".2" stop-color="#fff" stop-opacity=".26"/><stop offset=".5" stop-color="#fff" stop-opacity="0"/>
<stop offset="1" stop-color="#000" stop-opacity=".24"/></linearGradient>
<linearGradient id="flat" x2="1" y2="1"><stop offset="0" stop-color="#fff" stop-opacity=".16"/>
<stop offset=".5" stop-color="#fff" stop-opacity="0"/>
<stop offset="1" stop-color="#000" stop-opacity=".12"/></linearGradient>
<linearGradient id="down" x2="0" y2="1"><stop offset="0" stop-color="#fff" stop-opacity=".18"/>
<stop offset="1" stop-color="#000" stop-opacity=".16"/></linearGradient>
<radialGradient id="ball" cx=".34" cy=".28" r=".85"><stop offset="0" stop-color="#fff" stop-opacity=".34"/>
<stop offset=".45" stop-color="#fff" stop-opacity="0"/>
<stop offset="1" stop-color="#000" stop-opacity=".34"/></radialGradient>
<radialGradient id="wall" cx=".3" cy=".2" r="1"><stop offset="0" stop-color="#fff" stop-opacity=".34"/>
<stop offset=".55" stop-color="#fff" stop-opacity="0"/>
<stop offset="1" stop-color="#000" stop-opacity=".12"/></radialGradient>
<radialGradient id="contact"><stop offset="0" stop-color="#3a2608" stop-opacity=".55"/>
<stop offset=".6" stop-color="#3a2608" stop-opacity=".28"/>
<stop offset="1" stop-color="#3a2608" stop-opacity="0"/></radialGradient>
<linearGradient id="under" x2="0" y2="1"><stop offset="0" stop-color="#000" stop-opacity=".26"/>
<stop offset="1" stop-color="#000" stop-opacity="0"/></linearGradient>
<filter id="cast" x="-20%" y="-20%" width="150%" height="150%">
<feDropShadow dx="34" dy="16" stdDeviation="20" flood-color="#10201a" flood-opacity=".26"/></filter>
"""


def path(d: str, fill: str, light: str = "", opacity: float = 1) -> str:
    """Draw an outline, with light laid over it."""
    see_through = f' opacity="{opacity}"' if opacity != 1 else ""
    over = f'<path d="{d}" fill="url(#{light})"/>' if light else ""
    return f'<path d="{d}" fill="{fill}"{see_through}/>{over}'


def line(d: str, colour: str, width: float, opacity: float = 1) -> str:
    """Draw a line with round ends."""
    see_through = f' opacity="{opacity}"' if opacity != 1 else ""
    return (
        f'<path d="{d}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round"'
        f' stroke-linejoin="round"{see_through}/>'
    )


def box(
    x: float, y: float, width: float, height: float, fill: str, *, radius: float = 0, light: str = ""
) -> str:
    """Draw a rectangle."""
    shape = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" fill='
    return f'{shape}"{fill}"/>' + (f'{shape}"url(#{light})"/>' if light else "")


def oval(x: float, y: float, rx: float, ry: float, fill: str, *, light: str = "", opacity: float = 1) -> str:
    """Draw an ellipse around a point."""
    see_through = f' opacity="{opacity}"' if opacity != 1 else ""
    shape = f'<ellipse cx="{x}" cy="{y}" rx="{rx}" ry="{ry}" fill='
    return f'{shape}"{fill}"{see_through}/>' + (f'{shape}"url(#{light})"/>' if light else "")


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
        f"<defs>{_LIGHT}</defs>{back}{shelf}{drawn}</svg>\n"
    )
