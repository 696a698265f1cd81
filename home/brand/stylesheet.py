"""The style sheet of a brand that is not ours: what it says instead of static/css/tokens.css.

Its URL says all that is in it, so it is right for ever, and also for a brand that nobody has saved yet.
"""

from hashlib import sha256

from django.db import models
from django.utils.translation import gettext_lazy as _

from home.brand.palette import ours, palette


class Typeface(models.TextChoices):
    """The families of letters, each from what the systems of visitors have: nothing is loaded."""

    GROTESQUE = "grotesque", _("Plain, as Helvetica and Arial")
    HUMANIST = "humanist", _("Friendly, as Gill Sans and Calibri")
    GEOMETRIC = "geometric", _("Geometric, as Avenir and Century Gothic")
    ROUNDED = "rounded", _("Rounded, as Arial Rounded")
    SERIF = "serif", _("Book, as Charter and Cambria")
    SLAB = "slab", _("Sturdy, as Rockwell")


STACKS = {
    Typeface.GROTESQUE: '"Helvetica Neue", Roboto, "Segoe UI", "Liberation Sans", Arial, sans-serif',
    Typeface.HUMANIST: 'Seravek, "Gill Sans Nova", "Gill Sans", Ubuntu, Calibri, "DejaVu Sans", sans-serif',
    Typeface.GEOMETRIC: 'Avenir, "Avenir Next", Montserrat, "Century Gothic", "URW Gothic", sans-serif',
    Typeface.ROUNDED: 'ui-rounded, "Hiragino Maru Gothic ProN", Quicksand, "Arial Rounded MT Bold", Nunito, '
    "Calibri, sans-serif",
    Typeface.SERIF: 'Charter, "Bitstream Charter", "Sitka Text", Cambria, "Noto Serif", "Liberation Serif", serif',
    Typeface.SLAB: 'Rockwell, "Rockwell Nova", "Roboto Slab", "DejaVu Serif", "Sitka Small", serif',
}


def css(primary: str, accent: str, typeface: str) -> str:
    """Return the style sheet; "" for our own brand."""
    lines = [
        f"--{name.replace('_', '-')}:light-dark({pair.light},{pair.dark})"
        for name, pair in palette(primary, accent).items()
        if pair != ours()[name]
    ]
    if typeface != Typeface.GROTESQUE:
        lines.append(f"--font:{STACKS[Typeface(typeface)]}")
    return f":root{{{';'.join(lines)}}}" if lines else ""


def version(sheet: str) -> str:
    """Return what its URL ends with: another one when a new release makes another sheet of the same colours."""
    return sha256(sheet.encode()).hexdigest()[:8]
