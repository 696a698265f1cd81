"""What the editor of a served site does while a disk is full, and what is found on it afterwards."""

from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.test import Client
from PIL import Image

from home.models import SiteImage, User
from store.models import Basket, ProductImage
from tests import factories


def sign_in() -> str:
    """Return the session of somebody who may do everything."""
    user = User.objects.create_superuser(f"owner{User.objects.count()}@example.com", password="x" * 20)
    client = Client()
    client.force_login(user)
    return client.session.session_key


def pictures(title: str) -> list[bool]:
    """Return, for each picture of a title, whether its file is one."""
    return [is_picture(image.file.url) for image in SiteImage.objects.filter(title=title)]


def is_picture(url: str) -> bool:
    try:
        with Image.open(Path(settings.MEDIA_ROOT, url.partition(settings.MEDIA_URL)[2])) as image:
            image.load()
    except OSError:
        return False
    return True


def picture_page() -> None:
    """Publish a product whose picture nobody has seen yet."""
    data = BytesIO()
    Image.new("RGB", (400, 300), "red").save(data, "JPEG")
    image = SiteImage.objects.create(title="Jug", file=ContentFile(data.getvalue(), "jug.jpg"))
    page = factories.product("Jug", sku="JUG").page
    page.images.add(ProductImage(image=image))
    page.save_revision().publish()


def new_basket() -> str:
    return Basket.objects.create().token


def in_basket(token: str) -> int:
    return sum(line.quantity for line in Basket.objects.get(token=token).lines.all())
