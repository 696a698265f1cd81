"""Pictures in the library: an SVG that could act is refused, and what is handed out runs nothing."""

import re
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image, ImageFilter
from pytest_django import Settings
from wagtail.models import UploadedFile

from home import svg
from home.models import SiteImage, User
from tests.factories import home_page

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.also_without_shop,
    # Wagtail leaves the temporary file open in which it makes the small copy of an SVG.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'
    ' width="9" height="9"'
)


def drawing(inside: str = '<path d="M0 0h9"/>', *, before: str = "", attributes: str = "") -> bytes:
    """Make an SVG."""
    return f"{before}{HEAD} {attributes}>{inside}</svg>".encode()


ACTIVE = {
    "script": drawing("<script>alert(1)</script>"),
    "script in other letters": drawing("<SCRIPT>alert(1)</SCRIPT>"),
    "script with a prefix": drawing(
        '<s:script xmlns:s="http://www.w3.org/2000/svg" href="#a">alert(1)</s:script>'
    ),
    "event": drawing(attributes='onload="alert(1)"'),
    "event inside": drawing('<path OnClick="alert(1)"/>'),
    "foreign object": drawing("<foreignObject/>"),
    "page": drawing('<x:img xmlns:x="http://www.w3.org/1999/xhtml" alt=""/>'),
    "javascript": drawing('<a xlink:href="javascript:alert(1)"><path/></a>'),
    "javascript with a tab": drawing('<a href="java&#9;script:alert(1)"><path/></a>'),
    "data": drawing('<use href="data:image/svg+xml;base64,AAAA#a"/>'),
    "outside picture": drawing('<image href="https://example.com/pixel.png"/>'),
    "outside picture without a scheme": drawing('<image href="//example.com/pixel.png"/>'),
    "our own URL": drawing('<use href="/media/other.svg#a"/>'),
    "outside style": drawing("<style>@import 'https://example.com/a.css';</style>"),
    "outside URL in a style": drawing("<path style=\"fill: url( 'https://example.com/a#b')\"/>"),
    "disguised style": drawing(r"<style>path { fill: u\72l(https://example.com) }</style>"),
    "style in parts": drawing("<style>@im<![CDATA[port 'https://example.com/a.css';]]></style>"),
    "outside URL in an attribute": drawing('<path fill="url(https://example.com/a#b)"/>'),
    "animated link": drawing('<a><animate attributeName="xlink:href" values="javascript:alert(1)"/></a>'),
    "animated event": drawing('<set attributeName="onclick" to="alert(1)"/>'),
    "base": drawing(attributes='xml:base="https://example.com/"'),
    "style sheet": drawing(before='<?xml-stylesheet type="text/xsl" href="#a"?>'),
    "default attributes": drawing(before='<!DOCTYPE svg [<!ATTLIST svg onload CDATA "alert(1)">]>'),
    "entities": drawing("&a;", before='<!DOCTYPE svg [<!ENTITY a "aaaa">]>'),
    "other encoding": drawing("<script>alert(1)</script>").decode().encode("utf-16"),
    "broken": b"<svg",
}
HARMLESS = {
    "plain": drawing(),
    "declaration": drawing(before='<?xml version="1.0" encoding="UTF-8"?>'),
    "document type": drawing(
        before='<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    ),
    "gradient": drawing('<g id="a"/><use xlink:href="#a"/><path fill="url(#a)" style="stroke:url(\'#a\')"/>'),
    "style": drawing("<style>.a { fill: url(#a); color: red }</style>"),
    "editor's notes": drawing('<metadata><n:n xmlns:n="http://example.com/n">made by hand</n:n></metadata>'),
    "animation": drawing('<path><animate attributeName="opacity" values="0;1" dur="1s"/></path>'),
    "groups in groups": drawing("<g>" * 90 + "</g>" * 90),
}


def sized(attributes: str) -> bytes:
    """Make an SVG of this size."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}><path d="M0 0h9"/></svg>'.encode()


ODD_SIZES = (
    *('width="0" height="9"', 'width="9" height="-5"', 'width="abc" height="9"', 'width="nan" height="9"'),
    *(
        'width="inf" height="9"',
        'width="1e999" height="9"',
        'width="20001" height="1"',
        'width="0.5" height="0.5"',
    ),
    *('width="0.1mm" height="9"', 'width="9" height="9" viewBox="a b c d"', 'viewBox="0 0 100 0"'),
    *(
        'viewBox="0 0 0 0"',
        'width="9" height="9" viewBox="0 0 0 0"',
        'width="9" height="9" viewBox="0 0 nan 9"',
    ),
    *('width="9" height="9" viewBox="0 0 1e999 9"', 'width="9" height="9" viewBox="0 -1e999 9 9"'),
    'width="9" height="9" viewBox="0 0 9 9" preserveAspectRatio="evil"',
)
SIZES = (
    "",
    'width="100%" height="100%"',
    'width="9in"',
    'viewBox="-1 -1 24 24"',
    'width="9" viewBox="0 0 .1 .1"',
)


@pytest.mark.parametrize("name", ACTIVE)
def test_a_drawing_that_could_act_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        svg.refuse_unsafe(BytesIO(ACTIVE[name]))


@pytest.mark.parametrize("name", HARMLESS)
def test_a_drawing_that_only_draws_is_taken(name: str) -> None:
    svg.refuse_unsafe(BytesIO(HARMLESS[name]))


@pytest.mark.parametrize("attributes", ODD_SIZES)
def test_a_drawing_that_cannot_be_measured_or_made_smaller_is_refused(attributes: str) -> None:
    with pytest.raises(ValidationError, match="has a size that cannot be shown"):
        svg.refuse_unsafe(BytesIO(sized(attributes)))


@pytest.mark.parametrize("attributes", SIZES)
def test_the_size_of_a_drawing_may_be_left_to_the_page(attributes: str) -> None:
    svg.refuse_unsafe(BytesIO(sized(attributes)))


def test_a_drawing_whose_groups_have_no_end_is_refused() -> None:
    with pytest.raises(ValidationError, match="groups in groups"):
        svg.refuse_unsafe(BytesIO(drawing("<g>" * 20_000 + "</g>" * 20_000)))


@pytest.fixture
def staff(client: Client, db: None) -> Client:
    """Sign in as an administrator."""
    client.force_login(User.objects.create_superuser("owner@example.com", "a-long-password"))
    return client


def upload(client: Client, content: bytes, url: str = "/admin/images/add/") -> str:
    """Send a picture through one of the ways that the admin offers, and return the answer."""
    file = SimpleUploadedFile("logo.svg", content, content_type="image/svg+xml")
    names = {"title": "Logo", "description": "A line", "file": file, "collection": "1"}
    if "multiple" in url:
        names = {"title": "Logo", "files[]": file}
    if "chooser" in url:
        names = {f"image-chooser-upload-{name}": value for name, value in names.items()}
    return client.post(url, names).content.decode()


@pytest.mark.parametrize(
    "url", ["/admin/images/add/", "/admin/images/multiple/add/", "/admin/images/chooser/create/"]
)
def test_every_way_to_upload_refuses_a_drawing_that_could_act(staff: Client, url: str) -> None:
    assert "This SVG holds" in upload(staff, ACTIVE["script"], url)
    assert "This SVG has a size" in upload(staff, sized('width="0" height="9"'), url)
    assert not SiteImage.objects.exists()
    upload(staff, HARMLESS["plain"], url)  # of several at once, none is a picture before it is described
    assert SiteImage.objects.count() + UploadedFile.objects.count() == 1


def test_a_picture_cannot_be_replaced_by_a_drawing_that_could_act(staff: Client) -> None:
    upload(staff, HARMLESS["plain"])
    image = SiteImage.objects.get()
    assert "This SVG holds" in upload(staff, ACTIVE["event"], f"/admin/images/{image.pk}/")
    image.refresh_from_db()
    with image.file.open() as file:
        assert file.read() == HARMLESS["plain"]


def test_a_served_drawing_has_headers_that_let_no_code_run(staff: Client, settings: Settings) -> None:
    upload(staff, HARMLESS["plain"])
    response = Client().get(SiteImage.objects.get().file.url)
    assert response.status_code == 200
    policy = response.headers["Content-Security-Policy"]
    assert policy == "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert b"<path" in b"".join(response.streaming_content)


@pytest.mark.django_db
def test_a_drawing_in_a_picture_block_is_shown_as_it_is(client: Client) -> None:
    picture = SiteImage.objects.create(
        title="A line", file=SimpleUploadedFile("line.svg", drawing(), content_type="image/svg+xml")
    )
    home = home_page()
    home.body = [("image", {"image": picture, "caption": ""})]
    home.save_revision().publish()
    answer = client.get("/")
    assert answer.status_code == 200
    assert ".svg" in answer.content.decode().partition("block-image")[2]


@pytest.mark.parametrize("content", [sized('viewBox="0 0 100 0"'), drawing("<g>" * 2000 + "</g>" * 2000)])
def test_the_library_lists_what_was_uploaded_before_it_was_refused(staff: Client, content: bytes) -> None:
    picture = SiteImage.objects.create(title="Odd", file=ContentFile(content, "odd.svg"))
    for url in ("/admin/images/", f"/admin/images/{picture.pk}/", "/admin/images/chooser/"):
        assert staff.get(url).status_code == 200


@pytest.mark.django_db
def test_a_page_whose_picture_for_sharing_is_a_drawing_shares_that_of_the_brand(client: Client) -> None:
    home = home_page()
    home.share_image = SiteImage.objects.create(title="A line", file=ContentFile(drawing(), "line.svg"))
    home.save_revision().publish()
    assert re.search(r'"og:image" content="[^"]+/brand/share.png', client.get("/").content.decode())


@pytest.mark.django_db
def test_a_photograph_is_sent_in_the_smallest_format_that_a_browser_takes() -> None:
    layers = [
        Image.effect_noise((1000, 750), 90).filter(ImageFilter.GaussianBlur(blur)) for blur in (1, 2, 3)
    ]
    file = BytesIO()
    Image.merge("RGB", layers).save(file, "JPEG")
    photograph = SiteImage.objects.create(title="Mug", file=ContentFile(file.getvalue(), "mug.jpg"))
    sizes = [
        photograph.get_rendition(f"width-720|format-{kind}").file.size for kind in ("avif", "webp", "jpeg")
    ]
    assert sizes == sorted(sizes)
