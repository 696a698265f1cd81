"""Files that visitors send with a form: checked by their content, stored where no URL leads.

What a file is says its content, never its name or what the browser claims; its name gets the extension of what it is.
Pictures are written anew, without the place where they were taken; a PDF is stored as it is. Files wait in memory or,
from 2.5 MB, in a temporary file that ends with the request.
"""

import unicodedata
from functools import partial
from typing import Any

import filetype
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from forms.models.messages import Attachment, Submission

LONGEST_NAME = 120  # characters
MEGABYTE = 1024 * 1024
MOST_MEGABYTES = 20  # of all files of a form; less than LARGEST_UPLOAD of home/request_validation.py
_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
_PDF = frozenset({"application/pdf"})
# By the choice of the editor (`FormField.Files`): what is accepted, and how it is called.
_ACCEPTED = {
    "pictures": (_PICTURES, _("JPEG, PNG or WebP")),
    "pdf": (_PDF, _("PDF")),
    "both": (_PICTURES | _PDF, _("JPEG, PNG, WebP or PDF")),
}


class MessageFileField(forms.FileField):
    """A file with a form; its cleaned value is an `UploadedFile` whose content is what `content_type` says."""

    def __init__(self, *, accepts: str, megabytes: int, help_text: str = "", **options: Any) -> None:
        self.types, self.kinds = _ACCEPTED[accepts]
        self.megabytes = megabytes
        widget = forms.FileInput(attrs={"accept": ",".join(sorted(self.types))})
        limits = gettext("%(kinds)s, at most %(most)s MB") % {"kinds": self.kinds, "most": megabytes}
        super().__init__(widget=widget, help_text=f"{help_text} {limits}".strip(), **options)

    def to_python(self, data: Any) -> UploadedFile | None:
        """Return the file as it will be stored; raise ValidationError for another kind, too large or damaged."""
        file = super().to_python(data)
        if not isinstance(file, UploadedFile):
            return None
        if (file.size or 0) > self.megabytes * MEGABYTE:
            too_large = _("This file is too large: it can have %(most)s MB. Choose a smaller one.")
            raise ValidationError(too_large, params={"most": self.megabytes})
        file.seek(0)
        kind = filetype.guess(file.read(262))  # what it looks at
        file.seek(0)
        if kind is None or kind.mime not in self.types:
            raise ValidationError(_("Choose another file: %(kinds)s."), params={"kinds": self.kinds})
        content = _written_anew(file) if kind.mime in _PICTURES else file
        content.content_type, content.name = kind.mime, plain_name(file.name or "", kind.extension)
        return content


def _written_anew(picture: UploadedFile) -> UploadedFile:
    from home import photographs  # noqa: PLC0415 - decoders are large, and it needs the models loaded

    most_pixels = settings.WAGTAILIMAGES_MAX_IMAGE_PIXELS
    written = photographs.rewritten(picture, most_pixels=most_pixels)
    if written is None:
        raise ValidationError(_("This picture is damaged. Choose another one."))
    return SimpleUploadedFile("picture", written)


def plain_name(name: str, extension: str) -> str:
    """Return a file's name with the extension of what it is, without folders and what would mislead its readers."""
    visible = "".join(
        c
        for c in name.replace("\\", "/").rpartition("/")[2]
        if unicodedata.category(c)[0] not in "CZ" or c == " "
    )
    stem = (visible.rpartition(".")[0] or visible)[: LONGEST_NAME - len(extension) - 1]
    return f"{stem.strip(' .') or 'file'}.{extension}"


def store(submission: Submission, files: dict[str, UploadedFile]) -> None:
    """Store the files that came with a message: form field → file. If one cannot be stored, none is."""
    stored: list[Attachment] = []
    try:
        for field, file in files.items():
            stored.append(
                Attachment.objects.create(
                    submission=submission,
                    field=field,
                    name=file.name or "file",
                    content_type=file.content_type or "",
                    size=file.size or 0,
                    file=file,
                )
            )
    except Exception:
        for attachment in stored:
            attachment.file.delete(save=False)
        raise


def delete_file(instance: Attachment, **_kwargs: object) -> None:
    """Delete the file of a row that is gone, whatever it went with: its message, or the page of that."""
    transaction.on_commit(partial(instance.file.delete, save=False))
