"""The demo's pictures: each is saved once, by its title."""

from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile

from demo import texts
from home.models import SiteImage, User

FOLDER = texts.FOLDER.parent
PICTURES = FOLDER / "pictures"
PHOTOGRAPHS = FOLDER / "photographs"  # the same as pixels, so that pages weigh what a trader's do


def file_of(name: str) -> Path:
    """Return the photograph or the drawing of a product, as the settings say."""
    return PHOTOGRAPHS / f"{name}.webp" if settings.DEMO_PHOTOGRAPHS else PICTURES / f"{name}.svg"


def drawings() -> dict[str, dict[str, str]]:
    """Return the title and description of each drawn picture, by its file's name."""
    return {entry["name"]: entry for entry in texts.records("pictures.txt")}


def drawn(name: str, editor: User | None = None) -> SiteImage:
    """Return a drawn picture, saved first if there is none."""
    drawing = drawings()[name]
    return image(drawing["title"], file_of(name), drawing["description"], editor)


def image(title: str, path: Path, description: str, editor: User | None = None) -> SiteImage:
    """Return the picture with this title; save it first if there is none."""
    found = SiteImage.objects.filter(title=title).first()
    if found is not None:
        return found
    file = ContentFile(path.read_bytes(), name=path.name)
    picture = SiteImage(title=title, description=description, file=file, uploaded_by_user=editor)
    picture.save()
    return picture
