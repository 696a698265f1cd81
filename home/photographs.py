"""Takes uploaded pictures in: writes them anew, upright and without what the camera noted, such as the place.

Every form of the admin that takes a picture is made of `SiteImageForm`. Drawings (SVG) are checked by `home.svg`.
"""

from io import BytesIO
from threading import Lock
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from PIL import (
    AvifImagePlugin,
    GifImagePlugin,
    Image,
    ImageOps,
    ImageSequence,
    JpegImagePlugin,
    PngImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm

from home import svg

# Imported, so that each format is registered.
_PLUGINS = (AvifImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin)
# A JPEG with a preview of itself, as telephones make them, is read as one and then called MPO.
_FORMATS = ("AVIF", "GIF", "JPEG", "PNG", "WEBP")
_KEPT = frozenset({"icc_profile", "transparency", "gamma"})  # without them it looks different
_LEAST_FRAME = 256 * 256  # pixels: what each frame costs beside its own
_QUALITY = 90  # where the file does not say its own
_MOST_SCANS = 100  # of a JPEG, which each go over the whole picture; cameras and editors write about ten
_SCAN = b"\xff\xda"  # where one begins; within a scan these two bytes never follow each other
_PATIENCE = 20.0  # seconds
_one_at_a_time = Lock()  # in a process: decoded pictures are large
_TOO_LARGE = _("This picture has too many pixels. It can have %(most)s million.")
_BROKEN = _("This picture is damaged or not complete. Save it anew and upload that file.")
_BUSY = _("Other pictures are being read at this moment. Try again in a minute.")


def rewritten(file: Any, *, most_pixels: int) -> bytes | None:
    """Return the picture, upright and without metadata; None for what is no picture of these formats.

    Raises ValidationError for one that is too large or damaged.
    """
    file.seek(0)
    try:
        image = Image.open(file, formats=_FORMATS)  # reads its head only
        pixels, frames = image.width * image.height, getattr(image, "n_frames", 1)
        pixels = max(pixels, _LEAST_FRAME) * frames if frames > 1 else pixels
    except UnidentifiedImageError:
        return None
    except Image.DecompressionBombError:
        pixels = most_pixels + 1
    except Exception as error:  # each decoder raises its own
        raise ValidationError(_BROKEN) from error
    if pixels > most_pixels:
        raise ValidationError(_TOO_LARGE, params={"most": most_pixels // 1_000_000})
    if _scans(file, image) > _MOST_SCANS:
        raise ValidationError(_BROKEN)
    if not _one_at_a_time.acquire(timeout=_PATIENCE):
        raise ValidationError(_BUSY)
    try:
        return _written_anew(image)
    except Exception as error:
        raise ValidationError(_BROKEN) from error
    finally:
        _one_at_a_time.release()


def _scans(file: Any, image: Any) -> int:
    if image.format not in ("JPEG", "MPO"):
        return 0
    place = file.tell()
    file.seek(0)
    count = file.read().count(_SCAN)
    file.seek(place)
    return count


def _written_anew(image: Any) -> bytes:
    options: dict[str, Any] = {"quality": _QUALITY, "speed": 9}  # AVIF alone knows a speed
    if image.format in ("JPEG", "MPO"):
        options = {"qtables": image.quantization, "subsampling": JpegImagePlugin.get_sampling(image)}
    kind = "JPEG" if image.format == "MPO" else image.format
    if kind != "JPEG" and getattr(image, "is_animated", False):
        options["loop"] = image.info.get("loop", 1 if kind == "GIF" else 0)
        frames, durations = [], []
        for frame in ImageSequence.Iterator(image):
            frames.append(_upright(frame.copy()))
            durations.append(frame.info.get("duration", 100))
        options |= {"save_all": True, "append_images": frames[1:], "duration": durations}
        image = frames[0]
    else:
        image = _upright(image)
    written = BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def _upright(image: Any) -> Any:
    image = ImageOps.exif_transpose(image)
    image.info = {key: value for key, value in image.info.items() if key in _KEPT}
    return image


class PictureField(WagtailImageField):
    def to_python(self, data: Any) -> Any:
        """Return the file, with the picture written anew in it: before Wagtail, which decodes it whatever its size."""
        if data and data.size and data.size <= self.max_upload_size:
            if data.name.lower().endswith(".svg"):
                svg.refuse_unsafe(data)
            clean = rewritten(data, most_pixels=self.max_image_pixels)
            data.seek(0)
            if clean is not None:
                data.truncate()
                data.write(clean)
                data.flush()
                data.seek(0)
                data.size = len(clean)
        try:
            return super().to_python(data)
        except OSError as error:  # it looks like a picture in its first bytes only
            raise ValidationError(_BROKEN) from error


class SiteImageForm(BaseImageForm):
    """The form of a picture: it needs a description, for those who do not see it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if file := self.fields.get("file"):
            self.fields["file"] = PictureField(label=file.label, widget=file.widget)
        if description := self.fields.get("description"):
            description.required = True
            description.help_text = _("What is seen, for those who do not see it.")
