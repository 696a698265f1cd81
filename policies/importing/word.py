"""Turns a Word file (.docx) into what a policy holds: title and canonical markup. Whole, or not at all.

Mammoth reads the file, and sees nothing but XML that was checked before: how far the file unpacks, how large and how
deep its XML is, no entities, no macros. Afterwards the words of the file are counted against those of the result.
Pictures, comments, page heads and feet, and text marked as deleted stay outside; a picture's description enters. It
reads nothing but the bytes it is given.
"""

import zlib
from io import BytesIO
from typing import NamedTuple
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

import mammoth
from django.utils.translation import gettext as _
from lxml import etree

from policies.importing import word_limits, word_xml
from policies.text import markup, normalization, parsing
from policies.text.limits import TextRefusedError, refuse_characters
from policies.text.lost_words import count_words, refuse_losses, words_of_markup

_ZIP = b"PK\x03\x04"
# What Word wrote until 2003, and what it puts around encrypted files.
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TITLE = "document-title"
_STYLES = f"""
p[style-name='Title'] => h1.{_TITLE}:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
"""
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
# What damaged files raise when they are unpacked and parsed, and in a reader that trusts them to be well made.
_DAMAGED = (BadZipFile, EOFError, OSError, RuntimeError, zlib.error, expat.ExpatError, etree.LxmlError)
_TRUSTED = (AttributeError, LookupError, TypeError, ValueError)


class WordDocument(NamedTuple):
    """A converted file. `title` may be empty; `body` leaves it out."""

    title: str
    body: markup.Body


def convert(content: bytes) -> WordDocument:
    """Read a Word file."""
    _refuse_other_formats(content)
    try:
        parts = _checked_parts(content)
        word_limits.refuse_repetition(parts)
        word_limits.refuse_hidden_text(parts)
        shown = word_xml.words_of(parts)
        result = mammoth.convert_to_html(
            _packed(word_xml.simplified(parts)),
            style_map=_STYLES,
            convert_image=lambda image: [mammoth.html.text(image.alt_text or "")],
        )
    except (*_DAMAGED, *_TRUSTED) as error:
        raise TextRefusedError(_("it is damaged (%(what)s)"), what=type(error).__name__) from error
    if any("w:sym" in message.message for message in result.messages):
        raise TextRefusedError(_("it holds a letter of a symbol font that cannot be read"))
    words_of_markup(result.value)  # refuses what cannot be cleaned
    document = _document(parsing.parse_untrusted(result.value))
    if not document.body.text:
        raise TextRefusedError(_("it holds no text"))
    text = f"{document.title}\n{document.body.text}"
    refuse_characters(text)
    refuse_losses(shown, count_words(text))
    return document


# --- The file ------------------------------------------------------------------------------------------------------


def _refuse_other_formats(content: bytes) -> None:
    if content.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise TextRefusedError(_("it is protected by a password; save it without one"))
        raise TextRefusedError(_("it is an old Word file (.doc); save it as .docx"))
    if not content.startswith(_ZIP):
        raise TextRefusedError(_("it is not a Word file (.docx)"))


def _checked_parts(content: bytes) -> word_xml.Parts:
    """Unpack the XML of the file, if it is within the limits, and nothing else: no instructions for the reader."""
    with ZipFile(BytesIO(content)) as archive:
        entries = archive.infolist()
        word_limits.refuse_bombs(entries)
        parts = {entry.filename: archive.read(entry) for entry in entries if word_xml.is_xml(entry.filename)}
    word_limits.refuse_elements(parts.values())
    content_types = parts.get("[Content_Types].xml", b"")
    has_program = any(entry.filename.endswith("vbaProject.bin") for entry in entries)
    if has_program or b"macroEnabled" in content_types:
        raise TextRefusedError(_("it holds macros; save it as .docx without them"))
    if b"wordprocessingml" not in content_types:
        raise TextRefusedError(_("it is not a Word file (.docx)"))
    return parts


def _packed(parts: word_xml.Parts) -> BytesIO:
    file = BytesIO()
    with ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file


# --- The text ------------------------------------------------------------------------------------------------------


def _document(root: etree._Element) -> WordDocument:
    title = _take_title(root)
    _plain_headings(root)
    targets = _take_bookmarks(root)
    body = markup.canonical_body(parsing.inner_html(root))
    return WordDocument(title, _with_links_to_headings(body, targets) if targets else body)


def _take_title(root: etree._Element) -> str:
    """Take the title out, and move headings down a level where the highest stands for sections."""
    highest = root.findall(".//h1")
    titles = [heading for heading in highest if heading.get("class") == _TITLE]
    sections = [heading for heading in highest if heading not in titles]
    title = titles[0] if titles else sections.pop() if len(sections) == 1 else None
    for heading in [*root.iter(*_HEADINGS)]:
        level = int(heading.tag[1]) + (1 if sections else 0)
        heading.tag = f"h{min(max(level, 2), 6)}"
    if title is None:
        return ""
    words = " ".join(title.text_content().split())
    title.drop_tree()
    return words


def _plain_headings(root: etree._Element) -> None:
    """Take bold and italics from headings: they look like headings anyway."""
    for heading in root.iter(*_HEADINGS):
        normalization.drop_tags(heading.iter("strong", "em"))


def _take_bookmarks(root: etree._Element) -> dict[int, list[str]]:
    """Drop marks that no link leads to, and those in headings; return the latter by the place of their heading."""
    wanted = {link.get("href")[1:] for link in root.iter("a") if (link.get("href") or "").startswith("#")}
    places = {heading: place for place, heading in enumerate(root.iter(*_HEADINGS))}
    found: dict[int, list[str]] = {}
    dropped = []
    for mark in [link for link in root.iter("a") if link.keys() == ["id"]]:
        heading = next((outer for outer in mark.iterancestors(*_HEADINGS)), None)
        if mark.get("id") in wanted and heading is not None:
            found.setdefault(places[heading], []).append(mark.get("id"))
        if mark.get("id") not in wanted or heading is not None:
            dropped.append(mark)
    normalization.drop_tags(dropped)
    return found


def _with_links_to_headings(body: markup.Body, targets: dict[int, list[str]]) -> markup.Body:
    """Let links that led to a mark in a heading lead to the heading's own anchor."""
    root = parsing.parse(body.html)
    headings = list(root.iter(*_HEADINGS))
    anchors = {mark: headings[place].get("id") for place, marks in targets.items() for mark in marks}
    for link in root.iter("a"):
        if (link.get("href") or "")[1:] in anchors and link.get("href").startswith("#"):
            link.set("href", f"#{anchors[link.get('href')[1:]]}")
    return markup.canonical_body(parsing.inner_html(root))
