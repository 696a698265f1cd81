"""Refuses Word files that unpack, or would be written out, as far more than they are, or as other than they show.

XML is measured before it is unpacked, and while it is read for the first time. Then what its reader writes wherever it
is used is counted: the note at each of its marks, the URL at each of its links, the name of a style at each of its
paragraphs.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from io import BytesIO
from zipfile import ZipInfo

from django.utils.translation import gettext as _
from lxml import etree

from policies.importing import word_xml
from policies.text.limits import MAX_DEPTH, TextRefusedError, refuse_length

MAX_ENTRIES = 2_000
MAX_UNPACKED = 50 * 1024 * 1024
MAX_RATIO = 300  # zip bombs reach about 1000, the XML of real files some 20
SMALL_ENTRY = 1024 * 1024  # may shrink by more
MAX_XML_BYTES = 20 * 1024 * 1024
MAX_ELEMENTS = 200_000

_IS_ENCRYPTED = 0x1
_MARKS = frozenset({"footnoteReference", "endnoteReference"})
_STYLES = frozenset({"pStyle", "rStyle", "tblStyle"})
_FIELD_OF_A_LINK = "HYPERLINK"


def refuse_bombs(entries: list[ZipInfo]) -> None:
    """Refuse an archive that unpacks to too much, before it is unpacked."""
    if len(entries) > MAX_ENTRIES:
        raise TextRefusedError(_("it holds more than %(most)d files"), most=MAX_ENTRIES)
    is_bomb = any(entry.file_size > max(SMALL_ENTRY, MAX_RATIO * entry.compress_size) for entry in entries)
    if is_bomb or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise TextRefusedError(_("it unpacks to far more than a text needs"))
    if any(entry.flag_bits & _IS_ENCRYPTED for entry in entries):
        raise TextRefusedError(_("it is protected by a password; save it without one"))
    if sum(entry.file_size for entry in entries if word_xml.is_xml(entry.filename)) > MAX_XML_BYTES:
        words = _("its text and styles unpack to more than %(most)d MB")
        raise TextRefusedError(words, most=MAX_XML_BYTES // 1024**2)


def refuse_elements(parts: Iterable[bytes]) -> None:
    """Read XML for the first time, and stop at what no text has."""
    elements = 0
    for content in parts:
        depth = 0
        for event, element in etree.iterparse(BytesIO(content), ("start", "end"), **word_xml.AS_IT_IS):
            depth += 1 if event == "start" else -1
            elements += event == "start"
            if event == "start" and depth == 1 and element.getroottree().docinfo.internalDTD is not None:
                raise TextRefusedError(_("its XML declares entities, which Word never does"))
            if elements > MAX_ELEMENTS:
                raise TextRefusedError(_("it has more than %(most)d elements"), most=MAX_ELEMENTS)
            if depth > MAX_DEPTH:
                raise TextRefusedError(_("it is nested too deeply"))


def _styles(parts: word_xml.Parts) -> Iterator[etree._Element]:
    for content in parts.values():
        if b"styleId" in content:
            yield from word_xml.tree(content).iter("{*}style")


# --- What Word does not show -----------------------------------------------------------------------------------------


def refuse_hidden_text(parts: word_xml.Parts) -> None:
    """Refuse text that Word hides, by itself or by its style: the reader would show it."""
    hiding = {word_xml.attribute(s, "styleId") for s in _styles(parts) if [*s.iter("{*}vanish")]}
    for name in word_xml.body_parts(parts):
        for mark in word_xml.tree(parts[name]).iter("{*}vanish", "{*}rStyle", "{*}pStyle"):
            values = {"", "1", "on", "true"} if word_xml.local_name(mark) == "vanish" else hiding
            text = "".join(mark.getparent().getparent().itertext("{*}t")).strip()[:80]
            if text and word_xml.attribute(mark, "val") in values:
                raise TextRefusedError(_("it holds hidden text, “%(text)s”; show or delete it"), text=text)


# --- What is written again wherever it is used ------------------------------------------------------------------------


def refuse_repetition(parts: word_xml.Parts) -> None:
    """Refuse a file whose notes, links and styles would be written out as far more than it holds."""
    document, *notes = word_xml.body_parts(parts)
    styles = _lengths_of_styles(parts)
    text = _Repetition(_lengths_of_targets(parts, document), styles)
    text.add(word_xml.tree(parts[document]))
    for name in notes:
        inside = _Repetition(_lengths_of_targets(parts, name), styles)
        for note in word_xml.tree(parts[name]):
            before = inside.length
            inside.add(note)
            length = len(etree.tostring(note)) + inside.length - before
            mark = f"{word_xml.local_name(note)}Reference", word_xml.attribute(note, "id")
            text.length += length * max(text.marks[mark] - 1, 0)
            refuse_length(text.length + inside.length)


def _lengths_of_targets(parts: word_xml.Parts, name: str) -> dict[str, int]:
    relations = word_xml.relations(parts, name)
    return {relation.get("Id", ""): len(relation.get("Target", "")) for relation in relations}


def _lengths_of_styles(parts: word_xml.Parts) -> Counter[str]:
    """Measure the names of styles: the reader notes each use of one that it does not know."""
    lengths: Counter[str] = Counter()
    for style in _styles(parts):
        name = word_xml.attribute(style, "styleId")
        lengths[name] += sum(len(word_xml.attribute(named, "val")) for named in style.iter("{*}name"))
    return lengths


class _Repetition:
    """Adds up what the reader writes where a text only names it. It goes through the text in the reader's order."""

    def __init__(self, targets: dict[str, int], styles: Counter[str]) -> None:
        self.targets, self.styles = targets, styles
        self.length = 0
        self.marks: Counter[tuple[str, str]] = Counter()  # how often which note is referred to
        self._fields: list[int] = []  # for each open field: the length of its URL, if it is a link
        self._instruction: list[str] = []

    def add(self, root: etree._Element) -> None:
        """Count one more piece of the text."""
        for element in root.iter(etree.Element):
            name = word_xml.local_name(element)
            if name == "hyperlink":
                self.length += self.targets.get(word_xml.attribute(element, "id"), 0)
            elif name in _STYLES:
                self.length += self.styles[word_xml.attribute(element, "val")]
            elif name in _MARKS:
                self.marks[name, word_xml.attribute(element, "id")] += 1
            elif name == "r":
                self.length += next((length for length in reversed(self._fields) if length), 0)
            elif name == "instrText":
                self._instruction += element.itertext()
            elif name in {"altChunk", "subDoc"}:
                raise TextRefusedError(_("it shows another file; paste the words of that file"))
            elif name == "fldChar":
                self._field(word_xml.attribute(element, "fldCharType"))
            refuse_length(self.length)

    def _field(self, kind: str) -> None:
        if kind == "begin":
            self._fields.append(0)
            self._instruction = []
        elif kind in {"separate", "end"} and self._fields:
            self._fields.pop()
            instruction = "".join(self._instruction)
            self.length += len(instruction)  # the reader looks at it anew each time
            if kind == "separate":
                self._fields.append(len(instruction) if _FIELD_OF_A_LINK in instruction else 0)
