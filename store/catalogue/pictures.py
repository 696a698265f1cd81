"""Pictures of products as pages print them, and small ones of the staff's lists; renditions are found for all at once.

The markup of those of pages is made once a snapshot. A list has many pictures, each in several formats and widths; to
work them out anew costs more than all else on it.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from django.db.models import prefetch_related_objects
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from wagtail.images.models import AbstractRendition
from wagtail.images.shortcuts import get_rendition_or_not_found

from home.models import SiteImage
from home.snapshot import current

K = TypeVar("K")
MOST_KEPT = 4000  # of about 1 kB
PHOTO = "width-1080|format-jpeg"  # what `url` in store/product_picture.html makes
THUMBNAIL = 48  # pixels


def rendered(pictures: Sequence[tuple[SiteImage, str]], *, size: str, eager: int = 0) -> list[SafeString]:
    """Return the markup of pictures, given with their alternative texts; the first `eager` of them load at once.

    `size` is one of those in `store/product_picture.html`.
    """
    kept: dict[tuple[int, str, str, bool], SafeString] = current().value("pictures", dict)
    keys = [(image.pk, alt, size, place < eager) for place, (image, alt) in enumerate(pictures)]
    missing = {key: image for key, (image, _alt) in zip(keys, pictures, strict=True) if key not in kept}
    prefetch_related_objects([image for image in missing.values() if not image.is_svg()], "renditions")
    made = {key: _render(image, key) for key, image in missing.items()}
    if len(kept) < MOST_KEPT:
        kept.update(made)
    return [made[key] if key in made else kept[key] for key in keys]


def photo_urls(images: Mapping[str, SiteImage]) -> dict[str, str]:
    """Return where the photographs among these are, in one query; none is made, which whoever orders would wait for."""
    renditions = SiteImage.get_rendition_model().objects
    found = renditions.filter(image__in=images.values(), filter_spec=PHOTO)
    urls = {one.image_id: one.full_url for one in found}
    return {key: urls[image.pk] for key, image in images.items() if image.pk in urls}


def thumbnails(images: Mapping[K, SiteImage]) -> dict[K, SafeString]:
    """Return the markup of pictures, small, in one query."""
    prefetch_related_objects([*images.values()], "renditions")
    return {key: _small(get_rendition_or_not_found(image, "max-165x165")) for key, image in images.items()}


def _small(picture: AbstractRendition) -> SafeString:
    longest = max(picture.width, picture.height) or THUMBNAIL
    width, height = (str(round(side * THUMBNAIL / longest)) for side in (picture.width, picture.height))
    return picture.img_tag({"width": width, "height": height, "alt": "", "loading": "lazy"})


def _render(image: SiteImage, key: tuple[int, str, str, bool]) -> SafeString:
    _pk, alt, size, is_eager = key
    values = {"image": image, "alt": alt, "size": size, "eager": is_eager}
    return render_to_string("store/product_picture.html", values)
