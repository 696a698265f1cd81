"""Uploaded photographs: turned upright, without what the camera noted, never without a description."""

import json
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client
from PIL import Image
from wagtail.models import UploadedFile

from home.models import SiteImage, User
from home.photographs import PictureField

# Wagtail leaves the file open of which it takes the size.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
CAMERA = b"Acme"


def photograph(kind: str = "JPEG", size: tuple[int, int] = (60, 40)) -> bytes:
    """Return a picture that lies on its side and says by which camera and where it was taken."""
    notes = Image.Exif()
    notes[0x0112], notes[0x010F] = 6, CAMERA.decode()
    notes[0x8825] = {1: "N", 2: (51.0, 30.0, 0.0)}
    file, picture = BytesIO(), Image.new("RGB", size, "teal")
    picture.save(file, kind, **({"comment": CAMERA} if kind == "GIF" else {"exif": notes, "xmp": CAMERA}))
    assert CAMERA in file.getvalue()
    return file.getvalue()


def uploaded(data: bytes, name: str = "mug.jpg") -> bytes:
    """Return what is stored of an upload."""
    return PictureField().clean(SimpleUploadedFile(name, data)).read()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_a_photograph_is_stored_upright_and_without_the_camera_s_notes(kind: str) -> None:
    stored = uploaded(photograph(kind), f"mug.{kind.lower()}")
    assert CAMERA not in stored
    with Image.open(BytesIO(stored)) as picture:
        assert picture.format == kind
        assert picture.size == ((60, 40) if kind == "GIF" else (40, 60))
        assert not picture.getexif()


def test_a_large_upload_is_written_anew_where_django_keeps_it() -> None:
    with TemporaryUploadedFile("mug.jpg", "image/jpeg", 0, None) as file:
        file.write(photograph(size=(600, 400)))
        file.size = file.tell()
        PictureField().clean(file)
        with Path(file.temporary_file_path()).open("rb") as stored, Image.open(stored) as picture:
            assert picture.size == (400, 600)
            assert stored.seek(0, 2) == file.size


@pytest.mark.parametrize("kind", ["WEBP", "GIF"])
def test_what_moves_goes_on_moving(kind: str) -> None:
    file = BytesIO()
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "green", "blue")]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=[100, 200, 300])
    with Image.open(BytesIO(uploaded(file.getvalue(), f"a.{kind.lower()}"))) as picture:
        assert picture.n_frames == 3
        picture.seek(1)
        picture.load()
        assert picture.info["duration"] == 200


def png(*, width: int, frames: int = 1) -> bytes:
    """Return a PNG of a few bytes that claims to be large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, width, 8, 2, 0, 0, 0)
    animation = chunk(b"acTL", struct.pack(">II", frames, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + animation + chunk(b"IDAT", zlib.compress(bytes(1000)))
    )


# A GIF of a few bytes a frame, each of which costs the shop some thousand.
FRAME = b"\x2c" + bytes(4) + b"\x01\0\x01\0\0" + b"\x02\x02\x44\x01\0"
TINY = b"GIF89a\x01\0\x01\0\x80\0\0" + bytes(6) + FRAME * 1000 + b";"

HOSTILE = {
    "cut off": (photograph(size=(600, 400))[:900], "damaged"),
    "many pixels": (png(width=30_000), "64 million"),
    "many frames": (png(width=3000, frames=1_000_000), "64 million"),
    "many small frames": (TINY, "64 million"),
    "only its first bytes": (b"\xff\xd8\xff\xe0" + bytes(40), "damaged"),
    "text": (b"hello", "not an image"),
    "empty": (b"", "empty"),
    "another kind": (photograph("PNG"), "does not match"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_broken_or_huge_file_is_refused_with_the_reason(name: str) -> None:
    data, words = HOSTILE[name]
    with pytest.raises(ValidationError, match=words):
        uploaded(data)


# --- The forms of the admin -------------------------------------------------------------------------------
@pytest.fixture
def staff(client: Client, db: None) -> Client:
    """Sign in as an administrator."""
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    return client


def test_several_pictures_at_once_are_stored_once_each_is_described(staff: Client) -> None:
    file = SimpleUploadedFile("mug.jpg", photograph(), content_type="image/jpeg")
    answer = json.loads(staff.post("/admin/images/multiple/add/", {"title": "Mug", "files[]": file}).content)
    assert answer["success"]
    assert not SiteImage.objects.exists()
    with UploadedFile.objects.get().file.open() as waiting:
        assert CAMERA not in waiting.read()
    number = answer["uploaded_file_id"]
    url, values = f"/admin/images/multiple/create_from_uploaded_image/{number}/", {"title": "Mug"}
    for words, success in (("", False), ("A teal mug", True)):
        fields = {**values, "description": words}
        sent = {f"uploaded-image-{number}-{name}": value for name, value in fields.items()}
        assert json.loads(staff.post(url, sent).content)["success"] == success
    image = SiteImage.objects.get()
    assert (image.description, image.width, image.height) == ("A teal mug", 40, 60)


def test_a_picture_from_before_is_asked_for_a_description_when_it_is_saved_next(staff: Client) -> None:
    image = SiteImage.objects.create(title="Mug", file=SimpleUploadedFile("mug.jpg", photograph()))
    url = f"/admin/images/{image.pk}/"
    assert "description" in staff.post(url, {"title": "Cup"}).context["form"].errors
    assert staff.post(url, {"title": "Cup", "description": "A cup"}).status_code == 302
