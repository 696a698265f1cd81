"""When the recipients of a form were last told how many suspected messages it got."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SpamDigest(models.Model):
    """One row for each form page; `forms.inbox.spam_digest` writes it."""

    page = models.OneToOneField("forms.FormPage", on_delete=models.CASCADE, related_name="+")
    sent_at = models.DateTimeField(_("time"), null=True)

    class Meta:
        verbose_name = _("digest of suspected messages")
        verbose_name_plural = _("digests of suspected messages")

    def __str__(self) -> str:
        return f"{self.page_id}: {self.sent_at}"
