"""What tests of a trader's brand share: values that are set as an editor does, logos and colours."""

from io import BytesIO
from typing import Any

from django.core.files.base import ContentFile
from PIL import Image
from wagtail.models import Site

from home.models import BrandSettings, SiteImage
from home.page_cache import tokens

DARK_RED, PALE_BLUE, YELLOW = "#7a1020", "#b8d4f0", "#ffd500"
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="9" height="9"><path d="M0 0h9v9z"/></svg>'


def brand(**values: Any) -> BrandSettings:
    """Change the brand as an editor does, and end the pause of that change."""
    found = BrandSettings.for_site(Site.objects.get(is_default_site=True))
    for name, value in values.items():
        setattr(found, name, value)
    found.full_clean()
    found.save()
    tokens.reset()
    return found


def logo(content: bytes, name: str) -> SiteImage:
    return SiteImage.objects.create(title="Logo", file=ContentFile(content, name))


def png(width: int, height: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "PNG")
    return file.getvalue()


def brand_logo(*, pixels: int) -> BrandSettings:
    """Set a picture with so many pixels a side as the brand's logo, not yet converted to what pages show."""
    data = BytesIO()
    Image.effect_noise((pixels, pixels), 80).convert("RGB").save(data, "JPEG")
    logo = SiteImage.objects.create(title="Logo", file=ContentFile(data.getvalue(), "logo.jpg"))
    brand = BrandSettings.for_site(Site.objects.get(is_default_site=True))
    brand.logo = logo
    brand.save()
    return brand
