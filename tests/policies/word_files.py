"""Writes Word files for tests, by hand: a file is made of the XML that a test names and what every file has."""

import zipfile
from io import BytesIO

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_NAMES = (
    f"{W} "
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
    f'<Override PartName="/word/document.xml" ContentType="{_TYPE}.document.main+xml"/></Types>'
)
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ROOT = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="word/document.xml"/></Relationships>'
)
_LINKS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONS}/hyperlink" Target="https://example.com/" TargetMode="External"/>'
    f'<Relationship Id="rId2" Type="{_RELATIONS}/image" Target="media/image1.png"/></Relationships>'
)
_STYLE = '<w:style w:type="paragraph" w:styleId="{0}"><w:name w:val="{1}"/></w:style>'
_STYLES = (
    f"<w:styles {W}>"
    + _STYLE.format("Titel", "Title")
    + "".join(_STYLE.format(f"berschrift{level}", f"heading {level}") for level in range(1, 7))
    + "</w:styles>"
)
_LEVEL = '<w:lvl w:ilvl="{0}"><w:numFmt w:val="{1}"/></w:lvl>'
_NUMBERING = (
    f"<w:numbering {W}>"
    + "".join(
        f'<w:abstractNum w:abstractNumId="{number}">'
        + "".join(_LEVEL.format(level, kind) for level in range(3))
        + "</w:abstractNum>"
        for number, kind in ((1, "bullet"), (2, "decimal"))
    )
    + "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in (1, 2))
    + "</w:numbering>"
)


def word_file(body: str = "<w:p><w:r><w:t>Be kind.</w:t></w:r></w:p>", **parts: str | bytes) -> bytes:
    """Write a file with this body; further parts by their names with `__` for `/`, `_` before the ending."""
    named = {name.replace("__", "/").replace("_xml", ".xml"): content for name, content in parts.items()}
    return packed(
        {
            "[Content_Types].xml": TYPES,
            "_rels/.rels": _ROOT,
            "word/document.xml": document(body),
            "word/_rels/document.xml.rels": _LINKS,
            "word/styles.xml": _STYLES,
            "word/numbering.xml": _NUMBERING,
            "word/media/image1.png": b"\x89PNG not really",
            **named,
        }
    )


def document(body: str, tag: str = "w:document") -> str:
    """Write a whole XML part."""
    inside = f"<w:body>{body}</w:body>" if tag == "w:document" else body
    return f'<?xml version="1.0" encoding="UTF-8"?><{tag} {_NAMES}>{inside}</{tag}>'


def packed(parts: dict[str, str | bytes]) -> bytes:
    """Pack named parts."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def p(*runs: str, style: str = "", properties: str = "") -> str:
    """Write a paragraph of runs."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{named}{properties}</w:pPr>{''.join(runs)}</w:p>"


def r(text: str, properties: str = "") -> str:
    """Write a run of text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def item(text: str, *, level: int = 0, numbering: int = 1) -> str:
    """Write a list item."""
    numbers = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{numbering}"/></w:numPr>'
    return p(r(text), properties=numbers)
