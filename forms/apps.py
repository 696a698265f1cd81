"""Configuration of the forms app."""

from django.apps import AppConfig
from django.db.models.signals import post_delete, pre_delete
from django.utils.translation import gettext_lazy as _


class FormsConfig(AppConfig):
    """Form pages and what is written in them."""

    name = "forms"
    verbose_name = _("Forms")

    def ready(self) -> None:
        """Enter each message that goes before its time into the ledger, and let its files go with it."""
        from forms import personal_data, uploads  # noqa: PLC0415 - models are loaded only now

        pre_delete.connect(personal_data.enter_removal, sender="forms.Submission")
        post_delete.connect(uploads.delete_file, sender="forms.Attachment")
