"""The pictures that are made of a brand: its icon, and what shows beside a link that somebody shares."""

from io import BytesIO
from pathlib import Path
from textwrap import wrap
from urllib.parse import quote

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from PIL import Image, ImageDraw, ImageFont

from home.brand.palette import WHITE, Palette

FONTS = Path(__file__).parents[1] / "fonts"
BOLD = FONTS / "NotoSans-Bold.ttf"
SHARE = (1200, 630)
LOGO = "max-720x300|format-png"  # on that
ROOM = (1040, 440)  # pixels for the name
SIZES = range(150, 20, -10)
PLATE = 40  # around a logo


def in_page(drawing: bytes) -> SafeString:
    """Return an SVG as the URL of an attribute in double quotes: it is no request more."""
    return mark_safe("data:image/svg+xml," + quote(drawing, safe="='/:;,()-"))  # noqa: S308 - quoted


def letter(name: str, colours: Palette) -> bytes:
    """Return the first letter of a name as an icon (SVG)."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="5" fill="{colours["header"].light}"/>'
        f'<text x="16" y="23.5" fill="{WHITE}" font-family="Arial,sans-serif" font-size="22" font-weight="700" '
        f'text-anchor="middle">{escape(name.strip()[:1].upper())}</text></svg>'
    ).encode()


def share(name: str, colours: Palette, logo: bytes) -> bytes:
    """Return a PNG with the logo on a white plate, else with the name."""
    picture = Image.new("RGB", SHARE, colours["header"].light)
    draw = ImageDraw.Draw(picture)
    width, height = SHARE
    draw.rectangle((0, height - 24, width, height), fill=colours["ticket"].light)
    if logo:
        mark = Image.open(BytesIO(logo)).convert("RGBA")
        left, top = (width - mark.width) // 2, (height - mark.height) // 2
        plate = (left - PLATE, top - PLATE, left + mark.width + PLATE, top + mark.height + PLATE)
        draw.rounded_rectangle(plate, radius=PLATE // 2, fill=WHITE)
        picture.paste(mark, (left, top), mark)
    elif _has_letters(name):
        words = "\n".join(wrap(name, 22))
        font = next((font for font in map(_bold, SIZES) if _fits(draw, words, font)), _bold(SIZES[-1]))
        middle = (width / 2, height / 2 - 12)
        draw.multiline_text(middle, words, fill=WHITE, font=font, anchor="mm", align="center")
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _bold(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(BOLD, size)


def _fits(draw: ImageDraw.ImageDraw, words: str, font: ImageFont.FreeTypeFont) -> bool:
    left, top, right, bottom = draw.multiline_textbbox((0, 0), words, font=font)
    return right - left <= ROOM[0] and bottom - top <= ROOM[1]


def _has_letters(name: str) -> bool:
    """Return whether our typeface has all of them; boxes instead would be worse than none."""
    font = _bold(SIZES[-1])
    box = bytes(font.getmask("\uffff"))
    return all(bytes(font.getmask(c)) != box for c in name if not c.isspace())
