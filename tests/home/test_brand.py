"""The brand on public pages: colours, typeface, icon and picture for sharing; bad values are refused with a reason."""

import re
from html import unescape
from io import BytesIO
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from PIL import Image

from config.wsgi import application
from home import snapshot
from home.brand.palette import palette
from home.models import BrandSettings
from home.page_cache import tokens
from tests import queries
from tests.branding import DARK_RED, DRAWING, PALE_BLUE, YELLOW, brand, logo, png
from tests.home.page_cache.asking import get

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


def head(client: Client) -> str:
    return client.get("/").content.decode().partition("</head>")[0]


def icon(client: Client) -> str:
    return unquote(unescape(re.findall(r'<link rel="icon" href="([^"]+)"', head(client))[0]))


def test_our_own_brand_needs_no_further_style_sheet(client: Client) -> None:
    assert head(client).count('rel="stylesheet"') == 1


def test_a_brand_has_a_style_sheet_that_browsers_keep(client: Client) -> None:
    found = brand(primary_colour=DARK_RED, accent_colour=PALE_BLUE, typeface="serif")
    html = head(client)
    assert html.index("bundles/pages.css") < html.index(found.sheet_url)
    assert f'<meta name="theme-color" content="{DARK_RED}">' in html
    response = client.get(found.sheet_url)
    assert response.headers["Content-Type"] == "text/css"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    css = response.content.decode()
    assert f"--brand:light-dark({DARK_RED},{palette(DARK_RED, PALE_BLUE)['brand'].dark});" in css
    assert f"--ticket:light-dark({PALE_BLUE},{PALE_BLUE});" in css
    assert "--font:Charter" in css


def test_another_brand_has_another_style_sheet_at_the_next_request(client: Client) -> None:
    before = brand(primary_colour=DARK_RED).sheet_url
    assert before in get("/").body.decode()
    hits = application.hits
    assert before in get("/").body.decode()
    assert application.hits == hits + 1
    after = brand(primary_colour="#000000").sheet_url
    html = get("/").body.decode()
    assert before not in html
    assert after in html
    assert client.get(before).status_code == 200  # a page that somebody still has open


def test_nobody_keeps_what_is_at_a_url_that_no_page_names(client: Client) -> None:
    found = brand(primary_colour=DARK_RED)
    for url in (found.sheet_url, found.share_url.removeprefix(settings.SITE_URL)):
        assert client.get(url).headers["Cache-Control"] == "public, max-age=31536000, immutable"
        for other in (url.partition("?")[0], f"{url}1"):
            assert client.get(other).headers["Cache-Control"] == "no-cache"


def test_browsers_keep_the_style_sheet_and_the_page_cache_does_not(client: Client) -> None:
    hits = application.hits
    url = brand(primary_colour=DARK_RED).sheet_url
    assert all("immutable" in get(url).headers["Cache-Control"] for _time in range(2))
    assert application.hits == hits


@pytest.mark.parametrize(
    "name",
    ["7a1020-b8d4f0-gothic", "red-blue-serif", "7a1020-serif", "7a1020--", "%00--serif", f"{'a' * 99}-"],
)
def test_a_style_sheet_of_no_brand_is_not_found(client: Client, name: str) -> None:
    assert client.get(f"/brand/{name}.css").status_code == 404


def test_a_page_costs_no_further_query(client: Client) -> None:
    brand(primary_colour=DARK_RED, logo=logo(DRAWING, "logo.svg"))
    client.get("/")
    assert queries.warm(client, "/") == 1


# --- Colours that are refused --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "colour",
    [
        "red",
        "#abc",
        "f5240",
        "#0f524",
        "#0f5240 ",
        "#0f52 40",
        "#0f5240\n",
        "#0f5240;}",
        "#\u0660f5240",
        "#gggggg",
    ],
)
@pytest.mark.parametrize("field", ["primary_colour", "accent_colour"])
def test_what_is_no_colour_is_refused(field: str, colour: str) -> None:
    with pytest.raises(ValidationError) as error:
        brand(**{field: colour})
    assert error.value.message_dict.keys() == {field}


def test_a_main_colour_that_is_too_light_is_refused_and_the_nearest_is_named() -> None:
    with pytest.raises(ValidationError) as error:
        brand(primary_colour=YELLOW)
    (words,) = error.value.message_dict["primary_colour"]
    nearest = re.findall(r"#[0-9a-f]{6}", words)[-1]
    assert brand(primary_colour=nearest).primary_colour == nearest


def test_a_second_colour_that_cannot_be_seen_on_the_main_one_is_refused() -> None:
    with pytest.raises(ValidationError) as error:
        brand(primary_colour=DARK_RED, accent_colour="#8a2030")
    (words,) = error.value.message_dict["accent_colour"]
    assert "contrast is 1." in words
    assert brand(accent_colour=words[-8:-1], primary_colour=DARK_RED)


@pytest.mark.parametrize("typed", [DARK_RED.upper(), DARK_RED.removeprefix("#")])
def test_colours_in_capitals_or_without_their_sign_are_the_same_colours(typed: str) -> None:
    assert brand(primary_colour=typed).primary_colour == DARK_RED


# --- Icon ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "line"),
    [
        *(("EX1 1EX", "Exampleton EX1 1EX"), ("D02 AF30", "Exampleton D02 AF30"), ("", "Exampleton")),
        *(("12345", "12345 Exampleton"), ("1234 AB", "1234 AB Exampleton")),
    ],
)
def test_the_postal_code_stands_where_its_country_writes_it(code: str, line: str) -> None:
    assert BrandSettings(postal_code=code, city="Exampleton").address_lines[1] == line


def test_without_a_logo_the_icon_is_the_first_letter(client: Client) -> None:
    brand(name="<ärger & Co", primary_colour=DARK_RED)
    assert f'fill="{DARK_RED}"' in icon(client)
    assert ">&lt;</text>" in icon(client)
    response = client.get("/favicon.ico")
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert response.content.decode() == icon(client).partition(",")[2]


def test_a_small_drawing_is_part_of_the_page_as_logo_and_as_icon(client: Client) -> None:
    brand(logo=logo(DRAWING, "logo.svg"))
    assert icon(client) == f"data:image/svg+xml,{DRAWING.decode()}"
    assert client.get("/").content.decode().count("data:image/svg+xml,%3Csvg") == 2


# Wagtail leaves the temporary file open in which it makes the small copy.
@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
def test_a_square_photograph_is_the_icon_and_a_wide_one_is_not(client: Client) -> None:
    brand(logo=logo(png(90, 80), "logo.png"))
    assert ".max-64x64.format-png" in icon(client)
    brand(logo=logo(png(300, 80), "wide.png"))
    assert icon(client).startswith("data:image/svg+xml,<svg")


def test_a_logo_whose_file_is_gone_leaves_the_page(client: Client) -> None:
    found = brand(logo=logo(DRAWING, "logo.svg"))
    found.logo.file.storage.delete(found.logo.file.name)
    tokens.reset()
    assert client.get("/").status_code == 200
    assert client.get("/brand/share.png").status_code == 200


@pytest.mark.parametrize("size", ['width="0.5" height="0.5"', 'viewBox="0 0 100 0"', 'viewBox="0 0 0 0"'])
def test_a_large_drawing_that_cannot_be_made_smaller_leaves_the_name(client: Client, size: str) -> None:
    content = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"<path/>" * 1000}</svg>'
    brand(name="Hop & Malt", logo=logo(content.encode(), "odd.svg"))
    for url in ("/", "/admin/login/"):
        html = client.get(url).content.decode()
        assert "Hop &amp; Malt" in html
        assert not re.search(r"<img [^>]*__logo", html)
    assert icon(client).startswith("data:image/svg+xml,<svg")


# --- Picture for sharing ---------------------------------------------------------------------------------------
def shared(client: Client) -> Image.Image:
    url = re.findall(r'<meta property="og:image" content="http://[^/"]+([^"]+)"', head(client))[0]
    response = client.get(url)
    assert response.headers["Content-Type"] == "image/png"
    assert len(response.content) < 100_000
    return Image.open(BytesIO(response.content))


def test_a_page_without_a_picture_shares_that_of_the_brand(client: Client) -> None:
    brand(name="Ōtaki & Söhne " * 4, primary_colour=DARK_RED)
    picture = shared(client)
    assert picture.size == (1200, 630)
    assert picture.getpixel((10, 10)) == (0x7A, 0x10, 0x20)
    assert (255, 255, 255) in {colour for _count, colour in picture.getcolors(9999) or []}  # the name


@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
def test_it_shows_the_logo_and_another_one_at_once(client: Client) -> None:
    brand(logo=logo(png(900, 300), "logo.png"))
    assert shared(client).getpixel((600, 315)) == (0, 128, 128)
    brand(logo=None, name="北京")  # letters that our typeface lacks
    assert len(shared(client).getcolors(9999) or []) == 2


# --- Pages that ask no database --------------------------------------------------------------------------------
def test_the_page_of_an_error_has_the_brand_that_was_last_known(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    brand(name="Hop & Malt", primary_colour=DARK_RED)
    client.get("/")

    def broken(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("wagtail.views.serve", broken)
    monkeypatch.setattr(BrandSettings, "current", broken)
    monkeypatch.setattr("home.models.pages.HomePage.route", broken)
    response = client.get("/")
    assert response.status_code == 500
    html = response.content.decode()
    assert "Hop &amp; Malt" in html
    assert "brand/7a1020--grotesque.css" in html
    monkeypatch.setattr(snapshot, "_kept", None)
    assert "Home page" in client.get("/").content.decode()
