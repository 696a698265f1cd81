"""Files with a form: what they are says their content; they are stored where no URL leads, and only with a message."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from PIL import Image
from post_office.models import Email

from forms import uploads
from forms.models import Attachment, FormField, FormPage, Submission, form_pages
from forms.uploads import plain_name
from tests.forms.building import add_field, form_page, stamp_of
from tests.forms.conftest import Send

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]

PDF = b"%PDF-1.7\n" + b"x" * 1000
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(kind: str = "JPEG", **options: Any) -> bytes:
    """Return a small picture that says where it was taken."""
    exif = Image.Exif()
    exif[0x010E] = "A secret place"
    data = BytesIO()
    Image.new("RGB", (64, 48), "teal").save(data, kind, exif=exif, **options)
    return data.getvalue()


def content(stored: Attachment) -> bytes:
    with stored.file.open() as there:
        return there.read()


def file(content: bytes, name: str = "file.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.fixture
def photo(contact_page: FormPage) -> str:
    """Have the contact form ask for a file of one megabyte."""
    return add_field(contact_page, "Photo", "file", largest_file=1, required=False)


def errors_of(response: HttpResponse) -> dict[str, list[str]]:
    assert response.status_code == 422
    return response.context["form"].errors


@pytest.mark.both_databases
def test_files_are_stored_with_the_message_where_no_url_leads(
    send: Send, client: Client, contact_page: FormPage, photo: str
) -> None:
    bill = add_field(contact_page, "Bill", "file", files="pdf")
    page = client.get("/contact/").content.decode()
    assert 'enctype="multipart/form-data"' in page
    assert "JPEG, PNG, WebP or PDF, at most 1 MB" in page
    sent = {photo: file(picture(), "C:\\me\\..\\cat\u202e.html"), bill: file(PDF, "../bill.html")}
    assert send(**sent).status_code == 303
    stored = {one.field: one for one in Attachment.objects.all()}
    assert {name: (one.name, one.content_type) for name, one in stored.items()} == {
        photo: ("cat.jpg", "image/jpeg"),
        bill: ("bill.pdf", "application/pdf"),
    }
    assert content(stored[bill]) == PDF
    assert stored[bill].size == len(PDF)
    assert b"A secret place" not in content(stored[photo])
    assert Path(stored[bill].file.path).is_relative_to(storages["private"].location)
    assert not Path(stored[bill].file.path).suffix
    assert Submission.objects.get().form_data[bill] == "bill.pdf"
    assert "bill.pdf" in Email.objects.get().message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cat.jpg", SVG),
        ("cat.jpg", b"<!doctype html><script>alert(1)</script>"),
        ("cat.jpg", picture()[:200]),
        ("cat.jpg", picture("GIF")),
        ("bill.pdf", b"PK\x03\x04" + b"x" * 600),
        ("bill.pdf", b" " * 300 + PDF),
        ("cat.jpg", b""),
    ],
    ids=["svg", "html", "damaged", "gif", "zip", "late", "empty"],
)
def test_a_file_of_another_kind_than_asked_for_is_refused(
    send: Send, photo: str, name: str, content: bytes
) -> None:
    assert list(errors_of(send(**{photo: file(content, name)}))) == [photo]
    assert not Submission.objects.exists()


def test_a_picture_that_would_fill_the_memory_is_refused(
    send: Send, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_PIXELS", 1000)
    assert "too many pixels" in errors_of(send(**{photo: file(picture("PNG"))}))[photo][0]


def test_a_picture_that_would_be_drawn_a_hundred_times_is_refused(send: Send, photo: str) -> None:
    scans = picture(progressive=True)
    assert scans.count(b"\xff\xda") == 10
    assert "damaged" in errors_of(send(**{photo: file(scans + b"\xff\xda" * 91)}))[photo][0]
    assert send(**{photo: file(scans)}).status_code == 303


def test_no_picture_is_read_while_anything_else_is_wrong(send: Send, photo: str) -> None:
    damaged = file(picture()[:200])
    for wrong in ({"message": ""}, {"stamp": "forged"}):
        errors = errors_of(send(**{photo: damaged, **wrong}))
        assert "damaged" not in str(errors.get(photo))


def test_tries_with_files_are_counted_before_they_are_read(
    send: Send, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_pages, "UPLOADS", replace(form_pages.UPLOADS, most=2))
    assert [send(message="", **{photo: file(PDF)}).status_code for _ in range(2)] == [422, 422]
    refused = send(**{photo: file(PDF)})
    assert refused.status_code == 429
    assert "Do you sell kettles?" in refused.content.decode()
    assert send().status_code == 303, "without a file"


def test_a_file_that_is_too_large_is_an_error_beside_the_field(send: Send, photo: str) -> None:
    response = send(**{photo: file(PDF + b"x" * 1024 * 1024)})
    assert errors_of(response) == {photo: ["This file is too large: it can have 1 MB. Choose a smaller one."]}
    assert "Do you sell kettles?" in response.content.decode()


def test_only_a_form_that_asks_for_files_takes_more_than_a_form_needs(
    send: Send, client: Client, photo: str, contact_page: FormPage
) -> None:
    large = b"x" * 600_000
    assert client.post("/contact/", {photo: file(large)}).status_code == 422
    assert client.post("/contact/thanks/", {photo: file(large)}).status_code == 413
    assert client.post("/contact/", {photo: file(b"x" * 22 * 1024 * 1024)}).status_code == 413
    FormField.objects.filter(page=contact_page, field_type="file").delete()
    contact_page.save()  # as publishing does
    assert client.post("/contact/", {photo: file(large)}).status_code == 413


def test_after_an_error_the_form_says_that_the_file_must_be_chosen_again(send: Send, photo: str) -> None:
    errors = errors_of(send(message="", **{photo: file(PDF)}))
    assert list(errors) == ["message", photo]
    assert errors[photo] == ["Choose “file.pdf” again: it was not kept, since something else was wrong."]


def test_two_files_in_one_field_are_refused(send: Send, photo: str) -> None:
    assert list(errors_of(send(**{photo: [file(PDF), file(PDF)]}))) == [photo]


def test_no_temporary_file_stays(send: Send, contact_page: FormPage, settings: Any, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    name = add_field(contact_page, "Bill", "file")
    content = PDF + b"x" * 3_000_000  # more than is kept in memory
    errors_of(send(message="", **{name: file(content)}))
    assert send(**{name: file(content)}).status_code == 303
    assert Attachment.objects.get().size == len(content)
    assert not [*tmp_path.iterdir()]


def test_a_file_sent_twice_is_stored_once(send: Send, contact_page: FormPage, photo: str) -> None:
    stamp = stamp_of(contact_page)
    for _ in range(2):
        assert send(stamp=stamp, **{photo: file(PDF)}).status_code == 303
    assert Attachment.objects.count() == 1


def test_another_file_of_the_same_name_is_another_message(
    send: Send, contact_page: FormPage, photo: str
) -> None:
    stamp = stamp_of(contact_page)
    for color in ("teal", "navy"):
        data = BytesIO()
        Image.new("RGB", (64, 48), color).save(data, "JPEG")
        assert send(stamp=stamp, **{photo: file(data.getvalue(), "image.jpg")}).status_code == 303
    assert Attachment.objects.count() == Submission.objects.count() == 2


def test_a_form_with_a_name_in_other_letters_takes_files(client: Client, photo: str) -> None:
    page = form_page("Grüße", slug="grüße")
    add_field(page, "Photo", "file")
    page.save_revision().publish()
    assert client.post("/grüße/", {"photo": file(b"x" * 600_000)}).status_code == 422


def test_files_that_no_row_names_go_after_two_days(send: Send, photo: str) -> None:
    send(**{photo: file(PDF)})
    storage, kept = storages["private"], Attachment.objects.get().file.name
    lost = storage.save("messages/2026-01/lost", BytesIO(b"x"))
    uploads.sweep(timezone.now() + timedelta(days=1))
    assert storage.exists(lost)
    uploads.sweep(timezone.now() + timedelta(days=3))
    assert (storage.exists(lost), storage.exists(kept)) == (False, True)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("...", "file.pdf"),
        ("a\u202egpj.exe", "agpj.pdf"),
        ("bill.2026.pdf", "bill.2026.pdf"),
        ("x" * 300 + "." + "y" * 200, "x" * 116 + ".pdf"),
    ],
)
def test_a_name_misleads_nobody(name: str, plain: str) -> None:
    assert plain_name(name, "pdf") == plain
