"""The home page: its picture is the editor's, and a drawing where none was chosen; what search engines are told."""

import re
from io import BytesIO

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image
from wagtail.models import get_page_models

from home.models import BrandSettings, ContentPage, HomePage, SiteImage
from home.models.pages import BasePage
from tests.factories import home_page

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


def test_children_name_it_as_their_parent() -> None:
    types = {"ContentPage", "PolicyPage", "CookiePolicyPage", "FormPage"}
    shop = {"ShopPage"} if apps.is_installed("store") else set()
    assert {model.__name__ for model in HomePage.creatable_subpage_models()} == types | shop


def picture_of_a_window() -> SiteImage:
    file = BytesIO()
    Image.new("RGB", (48, 44)).save(file, "PNG")
    return SiteImage.objects.create(
        title="Window", description="Our window", file=ContentFile(file.getvalue(), "window.png")
    )


# Wagtail leaves the temporary file open in which it makes the small copy.
@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
def test_the_home_page_shows_the_chosen_picture(client: Client) -> None:
    page = home_page()
    page.hero_image = picture_of_a_window()
    page.save_revision().publish()

    html = client.get("/").content.decode()

    assert 'alt="Our window"' in html
    assert 'type="image/avif"' in html
    assert "shelves.svg" not in html


@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
def test_a_picture_that_a_page_begins_with_stands_once_beside_its_title(client: Client) -> None:
    body = [
        ("image", {"image": picture_of_a_window(), "caption": ""}),
        ("heading", {"text": "Then", "level": "2"}),
    ]
    home_page().add_child(instance=ContentPage(title="Us", slug="us", body=body))
    head, _, rest = client.get("/us/").content.decode().partition('</header>\n      <div class="prose')
    assert (head.count('alt="Our window"'), rest.count('alt="Our window"')) == (1, 0)
    assert "<h2>Then</h2>" in rest


@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
def test_the_header_shows_the_shops_own_logo_in_a_modern_format(client: Client) -> None:
    assert "<img" not in client.get("/").content.decode().partition("</header>")[0]
    brand = BrandSettings.for_site(home_page().get_site())
    brand.logo = picture_of_a_window()
    brand.save()

    header = client.get("/").content.decode().partition("</header>")[0]

    logo = re.findall(r"<img [^>]*brand__logo[^>]*>", header)
    assert len(logo) == 1
    assert ".webp" in logo[0]


def test_without_one_it_shows_the_drawing(client: Client) -> None:
    assert "img/shelves.svg" in client.get("/").content.decode()


def described(client: Client) -> str:
    html = client.get("/").content.decode()
    return html.partition('<meta name="description" content="')[2].partition('">')[0]


def test_search_engines_are_told_what_the_page_opens_with_unless_the_editor_says_otherwise(
    client: Client,
) -> None:
    page = home_page()
    page.hero_text = "Brushes & notebooks."
    page.save_revision().publish()
    assert described(client) == "Brushes &amp; notebooks."
    page.search_description = "A shop in one sentence."
    page.save_revision().publish()
    assert described(client) == "A shop in one sentence."


def test_each_type_of_page_opens_with_a_field_that_it_has() -> None:
    models = [model for model in get_page_models() if issubclass(model, BasePage) and model.intro_field]
    assert len(models) >= 2
    for model in models:
        assert model._meta.get_field(model.intro_field), model
