"""Refuses uploaded SVG files that do more than draw: that run code, embed documents or load files.

A browser treats an SVG that is opened by itself as a document of our site. A file is refused with the reason, and
never rewritten.
"""

import re
from typing import IO
from xml.parsers import expat

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_SEPARATOR = " "
_XHTML = "http://www.w3.org/1999/xhtml"
_FORBIDDEN_ELEMENTS = frozenset(
    {"script", "foreignobject", "iframe", "embed", "object", "audio", "video", "handler", "listener"}
)
# Whatever a link or an event could be animated to cannot be checked.
_FORBIDDEN_TARGETS = re.compile(r"(.*:)?href$|on", re.IGNORECASE)
_OUTSIDE = re.compile(r"""@import|\\|javascript:|expression\(|url\(\s*["']?\s*(?!\s|["'#])""", re.IGNORECASE)


def refuse_active(file: IO[bytes]) -> None:
    """Raise ValidationError if the SVG does more than draw."""
    texts: list[str] = []
    file.seek(0)
    try:
        _reader(texts).Parse(file.read(), True)  # noqa: FBT003 - expat's signature
    except expat.ExpatError as error:
        raise ValidationError(_("This SVG cannot be read.")) from error
    finally:
        file.seek(0)
    # Styles come in parts, so they are checked together; a caption that looks like one is refused too.
    _refuse_outside("".join(texts))


def _reader(texts: list[str]) -> expat.XMLParserType:
    reader = expat.ParserCreate(namespace_separator=_SEPARATOR)
    reader.StartElementHandler = _element
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
