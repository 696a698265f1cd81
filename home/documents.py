"""Takes uploaded documents in: a file is what its content says, and its name must say the same.

Else a page (HTML) or a drawing with a script (SVG) could lie on the site under the name of a price list.
"""

import re
from typing import Any

import filetype
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from wagtail.documents.forms import BaseDocumentForm

_LOOKED_AT = 8192  # bytes: where filetype finds what a ZIP holds, and more than a browser looks at
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIP = "application/zip"  # what an office file is taken for whose parts stand in an odd order
# Extension → what the content may be; of the others in WAGTAILDOCS_EXTENSIONS, plain text.
_ACCEPTED = {
    "pdf": {"application/pdf"},
    "rtf": {"application/rtf"},
    "zip": {_ZIP},
    "docx": {f"{_OFFICE}wordprocessingml.document", _ZIP},
    "xlsx": {f"{_OFFICE}spreadsheetml.sheet", _ZIP},
    "odt": {"application/vnd.oasis.opendocument.text", _ZIP},
}
_MARKUP = re.compile(r"<(!doctype|\?xml|html|head|body|script|style|iframe|svg|math|meta)\b", re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def is_what_its_name_says(head: bytes, extension: str) -> bool:
    """Return whether a file that begins so may have this extension."""
    if extension in _ACCEPTED:
        return filetype.guess_mime(head) in _ACCEPTED[extension]
    text = head.decode("utf-16" if head[:2] in _UTF_16 else "latin-1", errors="ignore")
    return "\0" not in text and not _MARKUP.search(text)


class SiteDocumentForm(BaseDocumentForm):
    """The form of a document, wherever the admin takes one."""

    def clean_file(self) -> Any:
        """Refuse a file that is another kind than its name says; other extensions are refused by the model."""
        file = self.cleaned_data["file"]
        if isinstance(file, UploadedFile):
            file.seek(0)
            head, extension = file.read(_LOOKED_AT), (file.name or "").lower().rpartition(".")[2]
            file.seek(0)
            if not is_what_its_name_says(head, extension):
                message = _(
                    "What is in this file is not what its name says (.%(extension)s)."
                    " Save it again with the program that made it, and upload that file."
                )
                raise ValidationError(message, params={"extension": extension})
        return file
