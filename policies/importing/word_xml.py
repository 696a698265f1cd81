"""Reads the XML inside a Word file: what is in bounds, which words it shows, and what its reader needs simplified.

Deleted and moved-away text is no word of the file; inserted text is. It knows nothing of policies.
"""

from collections import Counter
from collections.abc import Iterator
from posixpath import basename, dirname, join, normpath
from xml.parsers import expat

from django.utils.translation import gettext as _
from lxml import etree

from policies.importing.limits import RefusedError, refuse_nesting
from policies.importing.losses import count_words

Parts = dict[str, bytes]

MAX_BYTES = 20 * 1024 * 1024
MAX_ELEMENTS = 200_000
_NOT_SHOWN = frozenset({"del", "moveFrom", "delText", "instrText", "pPr", "rPr", "sectPr"})
# Mammoth leaves out what stands inside of these: fields, and runs of another direction.
_WRAPPERS = ("{*}fldSimple", "{*}dir", "{*}bdo")
_WRITTEN = {"tab": " ", "br": " ", "cr": " ", "ptab": " ", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}


class Bounds:
    """Counts what XML holds while it is read for the first time, and stops at what is too much."""

    def __init__(self) -> None:
        self.bytes = self.elements = self.depth = 0

    def check(self, content: bytes) -> None:
        """Read one more part."""
        self.bytes += len(content)
        if self.bytes > MAX_BYTES:
            raise RefusedError(_("its text and styles unpack to more than 20 MB"))
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.Parse(content, True)  # noqa: FBT003 - expat's way to say that this is all

    def _doctype(self, *_declaration: object) -> None:
        raise RefusedError(_("its XML declares entities, which Word never does"))

    def _start(self, *_element: object) -> None:
        self.elements += 1
        self.depth += 1
        if self.elements > MAX_ELEMENTS:
            raise RefusedError(_("it has more than %(most)d elements") % {"most": MAX_ELEMENTS})
        refuse_nesting(self.depth)

    def _end(self, _name: str) -> None:
        self.depth -= 1


def body_parts(parts: Parts) -> list[str]:
    """Name the parts that hold text: the document, then its notes."""
    document = _target(parts, "_rels/.rels", "officeDocument", "word/document.xml")
    relations = join(dirname(document), "_rels", f"{basename(document)}.rels")
    notes = [_target(parts, relations, f"{kind}s", f"word/{kind}s.xml") for kind in ("footnote", "endnote")]
    return [name for name in (document, *notes) if name in parts]


def _target(parts: Parts, relations: str, kind: str, usual: str) -> str:
    folder = dirname(dirname(relations))
    for relation in _tree(parts[relations]) if relations in parts else ():
        name = normpath(join(folder, relation.get("Target", ""))).lstrip("/")
        if relation.get("Type", "").endswith(f"/{kind}") and name in parts:
            return name
    return usual


def _tree(content: bytes) -> etree._Element:
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))


# --- Words -------------------------------------------------------------------------------------------------------


def words_of(parts: Parts) -> Counter[str]:
    """Count the words that the file shows in its text and in the notes that the text refers to."""
    document, *notes = (_tree(parts[name]) for name in body_parts(parts))
    found = count_words("\n".join(_paragraphs(document)))
    referred = {
        (etree.QName(mark).localname.removesuffix("Reference"), _attribute(mark, "id"))
        for mark in document.iter("{*}footnoteReference", "{*}endnoteReference")
        if not any(etree.QName(outer).localname in _NOT_SHOWN for outer in mark.iterancestors())
    }
    for note in (note for root in notes for note in root):
        if (etree.QName(note).localname, _attribute(note, "id")) in referred:
            found.update(count_words("\n".join(_paragraphs(note))))
    return found


def _attribute(element: etree._Element, name: str) -> str:
    return next((value for key, value in element.items() if etree.QName(key).localname == name), "")


def _paragraphs(root: etree._Element) -> Iterator[str]:
    open_paragraphs: list[list[str]] = []
    carried = ""  # a paragraph whose end is deleted goes on in the next one
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        name = etree.QName(element).localname if isinstance(element.tag, str) else ""
        if event == "start" and _is_hidden(element, name):
            walk.skip_subtree()
        elif name == "p" and event == "start":
            open_paragraphs.append([carried])
            carried = ""
        elif name == "p":
            text = "".join(open_paragraphs.pop())
            if element.find("{*}pPr/{*}rPr/{*}del") is not None:
                carried = text
            else:
                yield text
        elif event == "start" and open_paragraphs:
            open_paragraphs[-1].append((element.text or "") if name == "t" else _WRITTEN.get(name, ""))
    yield carried


def _is_hidden(element: etree._Element, name: str) -> bool:
    if name == "tr":
        return element.find("{*}trPr/{*}del") is not None
    if name == "Fallback":  # the same once more, for older readers
        return element.getparent().find("{*}Choice") is not None
    return name in _NOT_SHOWN


# --- Simplifying -----------------------------------------------------------------------------------------------


def simplified(parts: Parts) -> Parts:
    """Return the parts with the text unwrapped that the reader would not look for."""
    return {**parts, **{name: _unwrapped(parts[name]) for name in body_parts(parts)}}


def _unwrapped(content: bytes) -> bytes:
    root = _tree(content)
    for wrapper in list(root.iter(*_WRAPPERS)):
        parent = wrapper.getparent()
        place = parent.index(wrapper)
        parent[place : place + 1] = list(wrapper)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
