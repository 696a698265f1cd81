"""The front page: its picture is the editor's, and a drawing where none was chosen."""

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from home.models import SiteImage
from tests.factories import home_page

pytestmark = pytest.mark.django_db

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 44"><path d="M0 0h48v44z"/></svg>'


def test_it_shows_the_picture_that_was_chosen(client: Client) -> None:
    picture = SiteImage.objects.create(
        title="Window", description="Our window", file=ContentFile(SVG, "window.svg")
    )
    page = home_page()
    page.hero_image = picture
    page.save_revision().publish()

    html = client.get("/").content.decode()

    assert 'alt="Our window"' in html
    assert "shelves.svg" not in html


def test_without_one_it_shows_the_drawing(client: Client) -> None:
    assert "img/shelves.svg" in client.get("/").content.decode()
