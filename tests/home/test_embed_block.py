"""Videos and maps: which URLs are understood, what the editor is told, and what stands in the page."""

from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cookie_consent.models import CookieGroup
from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from wagtail.blocks import StructBlockValidationError

from home import embeds
from home.blocks import EmbedBlock
from home.models import SiteImage
from home.page_cache import tokens
from tests import factories
from tests.embeds import MAP, VIDEO, page_with_embeds
from tests.factories import cookie_policy, declare_cookies

YOUTUBE = "https://www.youtube-nocookie.com/embed/"


# --- Addresses ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("url", "frame"),
    [
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", f"{YOUTUBE}dQw4w9WgXcQ"),
        ("http://m.youtube.com/watch?feature=x&v=dQw4w9WgXcQ&t=1m30s", f"{YOUTUBE}dQw4w9WgXcQ?start=90"),
        ("https://youtu.be/dQw4w9WgXcQ?si=abc&t=42", f"{YOUTUBE}dQw4w9WgXcQ?start=42"),
        ("https://youtube.com/shorts/a-b_c1d2e3f", f"{YOUTUBE}a-b_c1d2e3f"),
        ("https://www.youtube.com/live/dQw4w9WgXcQ?feature=share", f"{YOUTUBE}dQw4w9WgXcQ"),
        ("https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ", f"{YOUTUBE}dQw4w9WgXcQ"),
        ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=soon", f"{YOUTUBE}dQw4w9WgXcQ"),
        ("https://vimeo.com/123456789", "https://player.vimeo.com/video/123456789?dnt=1"),
        ("https://vimeo.com/channels/staffpicks/123456789", "https://player.vimeo.com/video/123456789?dnt=1"),
        (
            "https://vimeo.com/123456789/0a1b2c3d4e",
            "https://player.vimeo.com/video/123456789?dnt=1&h=0a1b2c3d4e",
        ),
        (
            "https://player.vimeo.com/video/123456789?h=0a1b2c3d4e",
            "https://player.vimeo.com/video/123456789?dnt=1&h=0a1b2c3d4e",
        ),
        (
            "https://www.openstreetmap.org/export/embed.html?bbox=-0.2%2C51.4%2C0.1%2C51.6&layer=mapnik&marker=51.5%2C-0.1",
            "https://www.openstreetmap.org/export/embed.html?bbox=-0.2,51.4,0.1,51.6&layer=mapnik&marker=51.5,-0.1",
        ),
    ],
)
def test_a_url_becomes_the_one_for_a_frame(url: str, frame: str) -> None:
    embed = embeds.recognise(url)
    assert embed is not None
    assert embed.frame_url == frame
    assert embed.frame_url.startswith(f"{embed.service.origin}/")


def test_a_place_on_the_map_becomes_a_box_around_it_with_its_marker() -> None:
    embed = embeds.recognise(
        "https://www.openstreetmap.org/?mlat=51.5&mlon=-0.12#map=15/51.5074/-0.1278&layers=N"
    )
    assert embed is not None
    query = parse_qs(urlsplit(embed.frame_url).query)
    west, south, east, north = map(float, query["bbox"][0].split(","))
    assert (west + east) / 2 == pytest.approx(-0.1278, abs=1e-4)
    assert (south + north) / 2 == pytest.approx(51.5074, abs=1e-4)
    assert east - west == pytest.approx(360 * 832 / (256 * 2**15), abs=1e-4)
    assert 0 < north - south < east - west
    assert query["marker"] == ["51.5,-0.12"]


@given(
    zoom=st.integers(0, 19),
    latitude=st.floats(-85, 85).map(lambda value: round(value, 5)),
    longitude=st.floats(-180, 180).map(lambda value: round(value, 5)),
)
def test_every_place_has_a_box_on_the_map(zoom: int, latitude: float, longitude: float) -> None:
    embed = embeds.recognise(f"https://www.openstreetmap.org/#map={zoom}/{latitude:.5f}/{longitude:.5f}")
    assert embed is not None
    query = parse_qs(urlsplit(embed.frame_url).query)
    west, south, east, north = map(float, query["bbox"][0].split(","))
    assert -180 <= west <= longitude + 1e-4
    assert longitude - 1e-4 <= east <= 180
    assert -90 <= south <= latitude + 1e-4
    assert latitude - 1e-4 <= north <= 90


@given(st.text(max_size=80) | st.text(max_size=60).map(lambda end: f"https://www.openstreetmap.org/{end}"))
def test_no_url_is_too_odd(url: str) -> None:
    embed = embeds.recognise(url)
    assert embed is None or embed.frame_url == "" or embed.frame_url.startswith(embed.service.origin)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/",
        "https://www.youtube.com/@channel",
        "https://www.youtube.com/playlist?list=PL123",
        "https://www.youtube.com/watch?v=short",
        'https://youtu.be/dQw4w9WgXc"',
        "https://vimeo.com/about",
        "https://vimeo.com/123456789?h=<script>",
        "https://www.openstreetmap.org/",
        "https://www.openstreetmap.org/node/1",
        "https://www.openstreetmap.org/#map=15/north/1",
        "https://www.openstreetmap.org/#map=99/51/1",
        "https://www.openstreetmap.org/#map=5/91/1",
        "https://www.openstreetmap.org/export/embed.html?bbox=1,2,3",
        "https://www.openstreetmap.org/export/embed.html?bbox=1,2,3,4&marker=here",
        "https://www.openstreetmap.org/export/embed.html?bbox=1,2,3,4&layer=../x",
        "https://www.openstreetmap.org/#map=٣/51/1",
    ],
)
def test_another_page_of_a_known_service_is_none(url: str) -> None:
    embed = embeds.recognise(url)
    assert embed is not None
    assert embed.frame_url == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://www.dailymotion.com/video/x1",
        "https://evil.example/?u=https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
        "https://www.youtube.com@evil.example/watch?v=dQw4w9WgXcQ",
        "javascript:https://youtu.be/dQw4w9WgXcQ",
        "ftp://youtu.be/dQw4w9WgXcQ",
        "https://[youtu.be",
        "youtu.be/dQw4w9WgXcQ",
        "",
    ],
)
def test_anything_else_is_no_service_of_ours(url: str) -> None:
    assert embeds.recognise(url) is None


# --- The editor --------------------------------------------------------------------------------------------
def _set_up(**fields: Any) -> None:
    category = CookieGroup.objects.filter(varname="media").first() or declare_cookies("media")
    factories.outside_services(embeds_category=category, **fields)


def problem(url: str) -> str:
    """Return what the editor reads at the field of the URL."""
    block = EmbedBlock()
    try:
        block.clean(block.to_python({"address": url, "title": "Where we are"}))
    except StructBlockValidationError as error:
        return "; ".join(
            message
            for field in error.block_errors.values()
            for message in (field.messages if isinstance(field, ValidationError) else [str(field)])
        )
    return ""


@pytest.mark.django_db
def test_the_editor_is_told_what_to_do() -> None:
    _set_up(allow_openstreetmap=True)
    assert problem(MAP) == ""
    assert "may come from: YouTube, Vimeo, OpenStreetMap" in problem("https://www.dailymotion.com/video/x1")
    assert "YouTube is switched off" in problem(VIDEO)
    assert "Settings → Outside services" in problem(VIDEO)
    assert "it holds “#map=”" in problem("https://www.openstreetmap.org/node/1")
    assert problem("not a URL")
    assert problem("")


@pytest.mark.django_db
def test_a_draft_may_wait_for_its_url() -> None:
    block = EmbedBlock()
    value = block.to_python({"address": "", "title": "Where we are"})
    block.defer_required_validation()  # as saving a draft does
    assert block.clean(value)["title"] == "Where we are"
    assert "href" not in block.render(value)


@pytest.mark.django_db
def test_the_editor_needs_no_settings_to_be_answered() -> None:
    assert "is switched off" in problem(MAP)


# --- The page ----------------------------------------------------------------------------------------------
class _Fetched(HTMLParser):
    """Collects the URLs that a browser fetches by itself; what a template element holds is not among them."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.inside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside += tag == "template"
        is_link = tag == "a" or ("rel", "canonical") in attrs
        if not self.inside and not is_link:
            self.urls += [
                value for name, value in attrs if name in {"src", "href", "srcset", "poster"} and value
            ]

    def handle_endtag(self, tag: str) -> None:
        self.inside -= tag == "template"


def page(client: Client, path: str = "/about/") -> str:
    """Return a page as it is now."""
    tokens.reset()
    return client.get(path).content.decode()


@pytest.mark.django_db
def test_the_page_shows_who_it_comes_from_and_fetches_nothing_there(client: Client) -> None:
    _set_up(allow_openstreetmap=True, allow_youtube=True)
    cookie_policy()
    page_with_embeds(MAP, VIDEO, caption="Near the river")
    html = page(client)
    for words in (
        "This map comes from OpenStreetMap.",
        "This video comes from YouTube.",
        "https://policies.google.com/privacy",
        f'<a href="{MAP}"',
        "Load once",
        "Always allow",
        "it switches on “Media”",
        "Near the river",
    ):
        assert words in html, words
    fetched = _Fetched()
    fetched.feed(html)
    assert fetched.urls
    assert [url for url in fetched.urls if not url.startswith(("/", "data:"))] == []


@pytest.mark.django_db
def test_the_frame_gets_the_least_rights(client: Client) -> None:
    _set_up(allow_openstreetmap=True)
    page_with_embeds(MAP)
    html = page(client)
    frame = html[html.index("<template><iframe") : html.index("</iframe>")]
    assert 'loading="lazy"' in frame
    assert 'referrerpolicy="strict-origin"' in frame
    assert 'sandbox="allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox"' in frame
    assert 'allow=""' in frame
    assert 'title="Where we are 1"' in frame


@pytest.mark.django_db
def test_always_is_offered_only_where_the_notice_in_force_asks_about_it(client: Client) -> None:
    _set_up(allow_openstreetmap=True)
    page_with_embeds(MAP)
    assert "Load once" in page(client)
    assert "Always allow" not in page(client)
    cookie_policy()
    assert "Always allow" in page(client)


@pytest.mark.django_db
def test_of_a_service_that_was_switched_off_a_link_is_left(client: Client) -> None:
    _set_up(allow_openstreetmap=True)
    page_with_embeds(MAP)
    assert "data-embed" in page(client)
    _set_up(allow_openstreetmap=False)
    html = page(client)
    assert "data-embed" not in html
    assert "<iframe" not in html
    assert f'<a href="{MAP}" rel="noreferrer">Where we are 1</a>' in html


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9" width="16" height="9"><path d="M0 0h9"/></svg>'


@pytest.fixture(params=["window.png", "window.svg"])
def picture(db: None, request: pytest.FixtureRequest) -> SiteImage:
    """Put a picture into the library, a photograph or a drawing."""
    file = BytesIO()
    Image.new("RGB", (64, 36)).save(file, "PNG")
    content = SVG if request.param.endswith("svg") else file.getvalue()
    return SiteImage.objects.create(title="Window", file=ContentFile(content, request.param))


@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
def test_the_editors_own_picture_stands_in_for_the_drawing(client: Client, picture: SiteImage) -> None:
    _set_up(allow_openstreetmap=True)
    page_with_embeds(MAP)
    page_with_embeds(MAP, slug="shown", picture=picture)
    assert "embed__drawing" in page(client)
    html = page(client, "/shown/")
    assert "embed__drawing" not in html
    assert 'class="embed__picture"' in html


@pytest.mark.django_db
def test_a_page_with_a_video_or_map_loads_what_those_need(client: Client) -> None:
    _set_up(allow_openstreetmap=True)
    page_with_embeds(MAP)
    for name, means in (("pages.css", ".embed__box {"), ("pages.js", "class Embed {")):
        assert f'"/static/bundles/{name}"' in page(client)
        assert means in Path(str(finders.find(f"bundles/{name}"))).read_text(encoding="utf-8")


@pytest.mark.django_db
def test_markup_typed_by_the_editor_is_escaped(client: Client) -> None:
    _set_up(allow_openstreetmap=True)
    page_with_embeds(MAP + '"><script>alert(1)</script>', title='"><script>alert(1)</script>', caption="<b>")
    assert "<script>alert" not in page(client)
