"""The colours of a brand: from the two that the trader chooses, each custom property of static/css/tokens.css.

Contrast is WCAG 2.2's (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio), which knows colours by their relative
luminance alone. So what is not chosen gets its hue from the brand and its luminance from tokens.css: what can be read
there can be read in any brand.
"""

import colorsys
import re
from bisect import bisect_left, bisect_right
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

TEXT = 4.5  # least contrast of text: success criterion 1.4.3
SHAPE = 3.0  # and of a mark that must be seen: 1.4.11
WHITE, BLACK = "#ffffff", "#000000"
LINEAR = 0.04045  # a channel of sRGB, at most
STEPS = range(511)  # of lightness, two for each of a channel
SOFT = 0.6  # saturation, at most, of a brand that is light on dark paper
# Greys with a breath of the brand's hue.
TINTED = ("paper", "paper_2", "paper_3", "ink", "ink_2", "line", "line_strong", "awning", "header_2")
_TOKENS = Path(__file__).resolve().parents[2] / "static/css/tokens.css"
_COLOUR = r"#[0-9a-f]{3}(?:[0-9a-f]{3})?"
_TOKEN = re.compile(rf"^\s*--([\w-]+): (?:light-dark\(({_COLOUR}), ({_COLOUR})\)|({_COLOUR}));", re.MULTILINE)


class Pair(NamedTuple):
    """A colour in light and in dark."""

    light: str
    dark: str


Palette = dict[str, Pair]  # by the name of the property, with _ for -


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour: 0 for black, 1 for white."""
    linear = (c / 12.92 if c <= LINEAR else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour))
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    darker, lighter = sorted(luminance(colour) for colour in (one, other))
    return (lighter + 0.05) / (darker + 0.05)


def nearest_passing(colour: str, against: str, least: float) -> str:
    """Return the colour itself, or the shade of it that differs least and has that contrast."""
    if contrast(colour, against) >= least:
        return colour
    level = luminance(against) + 0.05
    darker, lighter = level / least - 0.05, level * least - 0.05
    found = [_darkened(colour, darker)] if darker >= 0 else []
    found += [_lightened(colour, lighter)] if lighter <= 1 else []
    return min(found, key=lambda shade: contrast(shade, colour))


def nearest_pair(primary: str, accent: str) -> tuple[str, str]:
    """Return the two colours, or the nearest two that a brand can have.

    The primary colour is that of links, behind white words, and of the header, on which the accent has to be seen.
    """
    primary = nearest_passing(primary, ours()["paper_3"].light, TEXT)
    return primary, nearest_passing(accent, primary, SHAPE)


@lru_cache(maxsize=1)
def ours() -> Palette:
    """Return the colours of tokens.css."""
    found = _TOKEN.findall(_TOKENS.read_text(encoding="utf-8"))
    return {
        name.replace("-", "_"): Pair(_long(light or both), _long(dark or both))
        for name, light, dark, both in found
    }


@lru_cache(maxsize=64)
def palette(primary: str = "", accent: str = "") -> Palette:
    """Return the colours of a brand; an empty colour is ours. Chosen ones are as `nearest_pair` leaves them."""
    base = ours()
    if not primary and not accent:
        return base
    primary, accent = primary or base["brand"].light, accent or base["ticket"].light
    found = {name: Pair(*(_tinted(colour, primary) for colour in base[name])) for name in TINTED}
    level = luminance(primary)
    # A button that is pointed at is darker, or lighter where that could not be seen.
    strong = _darkened(primary, level / 2) if level > 0.02 else _lightened(primary, level + 0.05)  # noqa: PLR2004
    strong_dark = _lightened(primary, luminance(base["brand_strong"].dark), SOFT)
    # Darker in the dark, unless the accent is darker still.
    is_dark = luminance(accent) < level
    dark_header = primary if is_dark else _darkened(primary, luminance(base["header"].dark))
    second = _lightened(found["header_2"].light, TEXT * (level + 0.05) - 0.05)
    on_ticket = next(c for c in (found["ink"].light, WHITE, BLACK) if contrast(c, accent) >= TEXT)
    return {
        **base,
        **found,
        "brand": Pair(primary, _lightened(primary, luminance(base["brand"].dark), SOFT)),
        "brand_strong": Pair(strong, strong_dark),
        "on_brand": Pair(WHITE, _tinted(base["on_brand"].dark, primary)),
        "header": Pair(primary, dark_header),
        "header_2": Pair(second, second),
        "ticket": Pair(accent, accent),
        "on_ticket": Pair(on_ticket, on_ticket),
        "focus": Pair(strong, strong_dark),
    }


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _long(colour: str) -> str:
    return colour if len(colour) == len(WHITE) else "#" + "".join(2 * digit for digit in colour[1:])


def _shade(colour: str, step: int, most: float = 1) -> str:
    """Return a colour with another lightness: from black to white, each step as light as the one before or lighter."""
    hue, _lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    shade = colorsys.hls_to_rgb(hue, step / STEPS[-1], min(saturation, most))
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in shade)


def _darkened(colour: str, level: float) -> str:
    """Return the lightest shade with at most this luminance; the colour itself if that is darker."""
    if luminance(colour) <= level:
        return colour
    return _shade(colour, bisect_right(STEPS, level, key=lambda step: luminance(_shade(colour, step))) - 1)


def _lightened(colour: str, level: float, most: float = 1) -> str:
    """Return the darkest shade with at least this luminance; the colour itself if that is lighter."""
    if luminance(colour) >= level:
        return colour
    return _shade(colour, _step_of(level, colour, most), most)


def _step_of(level: float, colour: str, most: float) -> int:
    return min(bisect_left(STEPS, level, key=lambda step: luminance(_shade(colour, step, most))), STEPS[-1])


def _tinted(colour: str, brand: str) -> str:
    """Return a grey of the brand's hue, as light as that of ours and no stronger."""
    most = colorsys.rgb_to_hls(*_channels(colour))[2]
    return _shade(brand, _step_of(luminance(colour), brand, most), most)
