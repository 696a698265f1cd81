"""What a trader says in e-mails to shoppers in place of our words (`store.orders.wording`)."""

import re
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.settings.models import register_setting

from home import placeholders
from home.models import DefaultSiteSetting
from policies.text import limits

PLACE = re.compile(r"\{(?:number|name)\}")
SUBJECT_LENGTH, OPENING_LENGTH, CLOSING_LENGTH = 120, 1000, 500


def validate_places(text: str) -> None:
    """Refuse braces around anything but what can be filled in."""
    placeholders.validate_places(text, "number", "name")


@register_setting(icon="mail", order=16)
class MailWording(DefaultSiteSetting):
    """Own subjects and openings of each kind of e-mail about an order, and the closing of all of them."""

    edit_handler: ClassVar[Any]  # `store.orders.wording_form` sets it, which knows the kinds
    words = models.JSONField(default=dict, blank=True)  # by the names of that form's fields
    closing = models.TextField(
        _("closing"),
        max_length=CLOSING_LENGTH,
        blank=True,
        default="",
        validators=[limits.validate_characters, validate_places],
        help_text=_("“Kind regards, Maria”, for example: below each e-mail about an order."),
    )

    class Meta:
        verbose_name = _("e-mails to shoppers")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
