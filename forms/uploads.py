"""Files that visitors send with a form: checked by their content, stored where no URL leads.

What a file is says its content, never its name or what the browser claims; its name gets the extension of what it is.
Pictures are written anew, without the place where they were taken, once all else about the form is right: it takes
seconds. A PDF is stored as it is. Files wait in memory or, from 2.5 MB, in a temporary file that ends with the request.
"""

import unicodedata
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import filetype
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from forms.models.messages import MESSAGES, Attachment, Submission
from home.storage import private_storage

LONGEST_NAME = 120  # characters
MEGABYTE = 1024 * 1024
MOST_PIXELS = 24_000_000  # of a picture: as many as telephones take
MOST_MEGABYTES = 20  # of all files of a form; less than LARGEST_UPLOAD of home/request_validation.py
_UNNAMED = timedelta(days=2)  # that a file may wait for its row
_PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
_PDF = frozenset({"application/pdf"})
# By the choice of the editor (`FormField.Files`): what is accepted, and how it is called.
_ACCEPTED = {
    "pictures": (_PICTURES, _("JPEG, PNG or WebP")),
    "pdf": (_PDF, _("PDF")),
    "both": (_PICTURES | _PDF, _("JPEG, PNG, WebP or PDF")),
}


class MessageFileField(forms.FileField):
    """A file with a form; its cleaned value is an `UploadedFile` that begins as what its `content_type` says."""

    def __init__(self, *, accepts: str, megabytes: int, help_text: str = "", **options: Any) -> None:
        self.types, self.kinds = _ACCEPTED[accepts]
        self.megabytes = megabytes
        widget = forms.FileInput(attrs={"accept": ",".join(sorted(self.types))})
        limits = gettext("%(kinds)s, at most %(most)s MB") % {"kinds": self.kinds, "most": megabytes}
        super().__init__(widget=widget, help_text=f"{help_text} {limits}".strip(), **options)

    def to_python(self, data: Any) -> UploadedFile | None:
        """Return the file with its kind and its name; raise ValidationError for another kind, or one too large."""
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
        file.content_type, file.name = kind.mime, plain_name(file.name or "", kind.extension)
        return file


def as_stored(file: UploadedFile) -> UploadedFile:
    """Return a file as it will be stored: a picture written anew. Raises ValidationError for one that cannot be."""
    from home import photographs  # noqa: PLC0415 - decoders are large, and it needs the models loaded

    if file.content_type not in _PICTURES:
        return file
    written = photographs.rewritten(file, most_pixels=MOST_PIXELS)
    if written is None:
        raise ValidationError(_("This picture is damaged. Choose another one."))
    return SimpleUploadedFile(file.name or "picture", written, file.content_type)


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
            named = {"field": field, "name": file.name or "file", "content_type": file.content_type or ""}
            attachment = Attachment(submission=submission, size=file.size or 0, **named)
            stored.append(attachment)
            attachment.file.save("file", file, save=False)
            attachment.save()
    except Exception:
        for attachment in stored:
            attachment.file.delete(save=False)
        raise


def is_same(attachment: Attachment, file: UploadedFile) -> bool:
    """Return whether a file is the one that was stored: telephones call every photograph alike."""
    with attachment.file.open() as stored:
        file.seek(0)
        return stored.read() == file.read()


def sweep(now: datetime) -> int:
    """Delete the files that no row names: of a message whose transaction failed. Return how many."""
    storage = private_storage()
    try:
        months, _files = storage.listdir(MESSAGES)
    except FileNotFoundError:
        return 0
    names = {
        f"{MESSAGES}/{month}/{name}" for month in months for name in storage.listdir(f"{MESSAGES}/{month}")[1]
    }
    lost = names - {*Attachment.objects.values_list("file", flat=True)}
    old = [name for name in lost if storage.get_modified_time(name) < now - _UNNAMED]
    for name in old:
        storage.delete(name)
    return len(old)


def delete_file(instance: Attachment, **_kwargs: object) -> None:
    """Delete the file of a row that is gone, whatever it went with: its message, or the page of that."""
    transaction.on_commit(partial(instance.file.delete, save=False))
