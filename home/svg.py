"""Refuses uploaded SVG files that do more than draw (run code, embed documents, load files), or cannot be shown.

A browser treats an SVG that is opened by itself as a document of our site. A file is refused with the reason, and
never rewritten.
"""

import re
from math import inf
from typing import IO
from xml.parsers import expat

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from willow.svg import SvgWrapper

LONGEST = 20_000  # pixels of a side
_DEEPEST = 100  # elements within each other: what writes a file of them anew recurses
_SEPARATOR = " "
_XHTML = "http://www.w3.org/1999/xhtml"
_FORBIDDEN_ELEMENTS = frozenset(
    {"script", "foreignobject", "iframe", "embed", "object", "audio", "video", "handler", "listener"}
)
# Whatever a link or an event could be animated to cannot be checked.
_FORBIDDEN_TARGETS = re.compile(r"(.*:)?href$|on", re.IGNORECASE)
_OUTSIDE = re.compile(r"""@import|\\|javascript:|expression\(|url\(\s*["']?\s*(?!\s|["'#])""", re.IGNORECASE)


def refuse_unsafe(file: IO[bytes]) -> None:
    """Raise ValidationError if the SVG does more than draw, or if it cannot be measured or made smaller."""
    texts: list[str] = []
    file.seek(0)
    try:
        _reader(texts).Parse(file.read(), True)  # noqa: FBT003 - expat's signature
        _refuse_odd_size(file)
    except expat.ExpatError as error:
        raise ValidationError(_("This SVG cannot be read.")) from error
    finally:
        file.seek(0)
    # Styles come in parts, so they are checked together; a caption that looks like one is refused too.
    _refuse_outside("".join(texts))


def _refuse_odd_size(file: IO[bytes]) -> None:
    try:
        drawing = SvgWrapper.from_file(file)
    except Exception:  # noqa: BLE001 - what is no number has many errors
        is_odd = True
    else:
        left, top, *drawn = drawing.view_box
        sides = drawing.width, drawing.height
        is_odd = not (
            all(1 <= side <= LONGEST for side in sides)
            and all(0 < side < inf for side in drawn)
            and abs(left) + abs(top) < inf
        )
    if is_odd:
        message = _(
            "This SVG has a size that cannot be shown. Save it with a width and a height from 1 to %(most)s pixels, "
            "and with a page (“viewBox”) that is not empty."
        )
        raise ValidationError(message, params={"most": LONGEST})


def _reader(texts: list[str]) -> expat.XMLParserType:
    reader = expat.ParserCreate(namespace_separator=_SEPARATOR)
    around: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        around.append(name)
        if len(around) > _DEEPEST:
            raise ValidationError(
                _("This SVG has groups in groups, too many of them. Please save it simplified.")
            )
        _element(name, attributes)

    reader.StartElementHandler = begin
    reader.EndElementHandler = lambda _name: around.pop()
    reader.CharacterDataHandler = texts.append
    reader.ProcessingInstructionHandler = lambda *_args: _refuse(_("a style sheet or another instruction"))
    # A document type of its own can add attributes to every element, and text that grows without end.
    reader.StartDoctypeDeclHandler = lambda _name, _system, _public, has_own: (
        _refuse(_("declarations of its own")) if has_own else None
    )
    return reader


def _refuse(what: object) -> None:
    message = _(
        "This SVG holds %(what)s, which could act in a visitor’s browser. Please save it as a plain drawing."
    )
    raise ValidationError(message, params={"what": what})


def _element(name: str, attributes: dict[str, str]) -> None:
    namespace, _sep, local = name.rpartition(_SEPARATOR)
    tag = local.lower()
    if namespace == _XHTML or tag in _FORBIDDEN_ELEMENTS:
        _refuse(f"<{local}>")
    for full_name, value in attributes.items():
        attribute = full_name.rpartition(_SEPARATOR)[2].lower()
        if attribute.startswith("on") or attribute == "base":
            _refuse(f"{attribute}=")
        if attribute == "attributename" and _FORBIDDEN_TARGETS.match(value.strip()):
            _refuse(f"{attribute}=")
        if attribute in {"href", "src"} and not (value.strip() or "#").startswith("#"):
            _refuse(_("a link to something outside of it"))
        _refuse_outside(value)


def _refuse_outside(text: str) -> None:
    if _OUTSIDE.search(text):
        _refuse(_("a link to something outside of it"))
