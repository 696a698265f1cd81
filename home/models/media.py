"""Pictures and documents. Models of our own, although thin, since it is hard to replace them later."""

from typing import Any, ClassVar

from django.core.files import File
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.documents.models import AbstractDocument, Document
from wagtail.images.exceptions import InvalidFilterSpecError
from wagtail.images.models import AbstractImage, AbstractRendition, Filter, Image, SourceImageIOError

from home.storage import private_storage


class SiteImage(AbstractImage):
    """A picture in the library; `description` is its text for those who do not see it."""

    admin_form_fields = Image.admin_form_fields

    class Meta(AbstractImage.Meta):
        verbose_name = _("image")
        verbose_name_plural = _("images")

    def generate_rendition_file(self, filter: Filter, *, source: Any = None) -> File:  # noqa: A002 - Wagtail's
        """Make a rendition; pages show a picture that cannot be converted like one whose file is gone."""
        try:
            return super().generate_rendition_file(filter, source=source)
        except InvalidFilterSpecError:  # a mistake of the template's
            raise
        except Exception as error:  # what reads pictures raises its own, and many
            raise SourceImageIOError(str(error)) from error

    def content(self, rendition: str) -> bytes:
        """Return the drawing, or a rendition of the photograph; nothing where there is none to be read."""
        try:
            source = self if self.is_svg() else self.get_rendition(rendition)
            with source.file.open() as file:
                return file.read()
        except Exception:  # noqa: BLE001 - each storage raises its own, and so does what reads pictures
            return b""


def optional_picture(label: Any, help_text: Any = "") -> models.ForeignKey:
    """Return a field for a picture of the library; it becomes empty when the picture is deleted."""
    return models.ForeignKey(
        SiteImage,
        verbose_name=label,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=help_text,
    )


class SiteRendition(AbstractRendition):
    """One size and format of a picture."""

    image = models.ForeignKey(SiteImage, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="site_rendition_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.file.name or ""


class SiteDocument(AbstractDocument):
    """A file to download. It has no URL of its own: Wagtail's view checks who may have it."""

    file = models.FileField(_("file"), upload_to="documents", storage=private_storage)

    admin_form_fields = Document.admin_form_fields

    class Meta(AbstractDocument.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")
