"""Reads the XML inside a Word file: which words it shows, and what its reader needs simplified.

Deleted and moved-away text is no word of the file; inserted text is. It knows nothing of policies.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from posixpath import basename, dirname, join, normpath

from lxml import etree

from policies.text.lost_words import count_words

Parts = dict[str, bytes]
AS_IT_IS: dict[str, bool] = {"resolve_entities": False, "no_network": True}

_NOT_SHOWN = frozenset({"del", "moveFrom", "delText", "instrText", "pPr", "rPr", "sectPr"})
# Mammoth leaves out what stands inside of these: fields, and runs of another direction.
_WRAPPERS = ("{*}fldSimple", "{*}dir", "{*}bdo")
_WRITTEN = {"tab": " ", "br": " ", "cr": " ", "ptab": " ", "noBreakHyphen": "\u2011", "softHyphen": "\u00ad"}


def body_parts(parts: Parts) -> list[str]:
    """Return the names of the parts that hold text: the document, then its notes."""
    document = _target(parts, "", "officeDocument", "word/document.xml")
    notes = [_target(parts, document, f"{kind}s", f"word/{kind}s.xml") for kind in ("footnote", "endnote")]
    return [name for name in (document, *notes) if name in parts]


def _target(parts: Parts, source: str, kind: str, usual: str) -> str:
    for relation in relations(parts, source):
        name = normpath(join(dirname(source), relation.get("Target", ""))).lstrip("/")
        if relation.get("Type", "").endswith(f"/{kind}") and name in parts:
            return name
    return usual


def relations(parts: Parts, source: str) -> Iterable[etree._Element]:
    """Return what a part refers to; without a name, what the whole file does."""
    name = join(dirname(source), "_rels", f"{basename(source)}.rels")
    return tree(parts[name]) if name in parts else ()


def is_xml(name: str) -> bool:
    return name.endswith((".xml", ".rels"))


def tree(content: bytes) -> etree._Element:
    """Read XML that was found within the limits."""
    return etree.fromstring(content, etree.XMLParser(**AS_IT_IS))


def attribute(element: etree._Element, name: str) -> str:
    """Return an attribute by its name without its namespace: files of the strict kind have another."""
    return next((value for key, value in element.items() if _local(key) == name), "")


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace; none for comments."""
    return _local(element.tag) if isinstance(element.tag, str) else ""


def _local(name: str) -> str:
    return name.rpartition("}")[2]


# --- Words -------------------------------------------------------------------------------------------------------


def words_of(parts: Parts) -> Counter[str]:
    """Count the words that the file shows in its text and in the notes that the text refers to."""
    document, *notes = (tree(parts[name]) for name in body_parts(parts))
    found = count_words("\n".join(_paragraphs(document)))
    referred = {
        (local_name(mark).removesuffix("Reference"), attribute(mark, "id"))
        for mark in document.iter("{*}footnoteReference", "{*}endnoteReference")
        if not any(local_name(outer) in _NOT_SHOWN for outer in mark.iterancestors())
    }
    for note in (note for root in notes for note in root):
        if (local_name(note), attribute(note, "id")) in referred:
            found.update(count_words("\n".join(_paragraphs(note))))
    return found


def _paragraphs(root: etree._Element) -> Iterator[str]:
    with_choice = {choice.getparent() for choice in root.iter("{*}Choice")}
    open_paragraphs: list[list[str]] = []
    carried: list[str] = []  # a paragraph whose end is deleted goes on in the next one
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        name = local_name(element)
        if event == "start" and _is_hidden(element, name, with_choice):
            walk.skip_subtree()
        elif name == "p" and event == "start":
            open_paragraphs.append(carried)
            carried = []
        elif name == "p":
            pieces = open_paragraphs.pop()
            if element.find("{*}pPr/{*}rPr/{*}del") is not None:
                carried = pieces
            else:
                yield "".join(pieces)
        elif event == "start" and open_paragraphs:
            open_paragraphs[-1].append((element.text or "") if name == "t" else _WRITTEN.get(name, ""))
    yield "".join(carried)


def _is_hidden(element: etree._Element, name: str, with_choice: set[etree._Element]) -> bool:
    if name == "tr":
        return element.find("{*}trPr/{*}del") is not None
    if name == "Fallback":  # the same once more, for older readers
        return element.getparent() in with_choice
    return name in _NOT_SHOWN


# --- Simplifying -----------------------------------------------------------------------------------------------


def simplified(parts: Parts) -> Parts:
    """Return the parts with the text unwrapped that the reader would not look for."""
    return {**parts, **{name: _unwrapped(parts[name]) for name in body_parts(parts)}}


def _unwrapped(content: bytes) -> bytes:
    root = tree(content)
    etree.strip_tags(root, *_WRAPPERS)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
