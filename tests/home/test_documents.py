"""Documents that staff upload are what their names say."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from wagtail.models import Collection

from home.documents import is_what_its_name_says
from home.models import SiteDocument

HTML = b"<!DOCTYPE html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def zipped(*names: str) -> bytes:
    data = BytesIO()
    with ZipFile(data, "w") as file:
        for name in names:
            file.writestr(name, "<xml/>")
    return data.getvalue()


DOCX = zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml")
XLSX = zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml")


@pytest.mark.parametrize(
    ("extension", "head", "is_right"),
    [
        ("pdf", b"%PDF-1.7", True),
        ("pdf", HTML, False),
        ("pdf", b"", False),
        ("rtf", b"{\\rtf1 Hello}", True),
        ("rtf", SVG, False),
        ("docx", DOCX, True),
        ("docx", zipped("odd.xml", "word/document.xml"), True),
        ("docx", XLSX, False),
        ("xlsx", XLSX, True),
        ("zip", zipped("a.txt"), True),
        ("zip", b"%PDF-1.7", False),
        ("csv", b"BMW;12,50\nsize < 3;1", True),
        ("csv", "\ufeffé;1".encode("utf-16"), True),
        ("txt", "Größe".encode("latin-1"), True),
        ("txt", HTML, False),
        ("txt", b"Hello <SCRIPT >x", False),
        ("csv", SVG, False),
        ("txt", b"\xff\xd8\xff\xe0\x00\x10JFIF", False),
    ],
)
def test_the_content_decides(extension: str, head: bytes, is_right: bool) -> None:
    assert is_what_its_name_says(head, extension) == is_right


@pytest.mark.django_db
@pytest.mark.also_without_shop
@pytest.mark.parametrize(("path", "field"), [("add/", "file"), ("multiple/add/", "files[]")])
def test_a_page_named_like_a_pdf_is_refused_with_a_reason(owner: Client, path: str, field: str) -> None:
    file = SimpleUploadedFile("Prices.PDF", HTML, "application/pdf")
    data = {"title": "Prices", field: file, "collection": Collection.get_first_root_node().pk}
    answer = owner.post(f"/admin/documents/{path}", data)
    assert "not what its name says (.pdf)" in answer.content.decode()
    assert not SiteDocument.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("content", [HTML, SVG], ids=["html", "svg"])
def test_a_page_or_drawing_named_like_a_photograph_is_refused(owner: Client, content: bytes) -> None:
    file = SimpleUploadedFile("cat.jpg", content, "image/jpeg")
    data = {"title": "Cat", "description": "A cat", "file": file}
    answer = owner.post("/admin/images/add/", {**data, "collection": Collection.get_first_root_node().pk})
    assert answer.status_code == 200
    assert answer.context["form"].errors["file"]
