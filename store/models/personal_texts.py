"""A text that the shopper writes for a product, to be engraved or printed: what is asked for, and what may be it.

It is personal data, so it stands on lines of baskets and orders only, in no name, history or paper.
"""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel

from policies.text import limits
from store.catalogue.fields import PriceField

MOST_CHARACTERS = 200
LABEL_LENGTH = 60


class PersonalText(models.Model):
    """The part of a product that asks for a text."""

    text_label = models.CharField(
        _("what the shopper writes"),
        max_length=LABEL_LENGTH,
        blank=True,
        help_text=_("“Name on the mug”. Empty: there is nothing to write."),
    )
    text_length = models.PositiveSmallIntegerField(
        _("characters at most"),
        default=40,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_CHARACTERS)],
    )
    text_price = PriceField(
        _("price of the text"),
        may_be_free=True,
        default=0,
        help_text=_("Added to the price of each item with one."),
    )
    text_is_required = models.BooleanField(_("nobody can buy it without"), default=False)

    text_panel: ClassVar = MultiFieldPanel(
        [
            FieldPanel("text_label"),
            FieldRowPanel([FieldPanel("text_length"), FieldPanel("text_price")]),
            FieldPanel("text_is_required"),
        ],
        heading=_("A text by the shopper"),
        classname="collapsed",
    )

    class Meta:
        abstract = True

    def text_problem(self, text: str) -> str:
        """Return why it cannot be sold with this text, or without one; empty when it can."""
        if not self.text_label:
            return gettext("Nothing can be written on this any more.") if text else ""
        if not text:
            return (
                gettext("Write this: %(label)s.") % {"label": self.text_label}
                if self.text_is_required
                else ""
            )
        if len(text) > self.text_length:
            words = ngettext(
                "%(label)s: write at most %(most)s character.",
                "%(label)s: write at most %(most)s characters.",
                self.text_length,
            )
            return words % {"label": self.text_label, "most": self.text_length}
        reason = limits.misleading(text) or ("" if text.strip() else gettext("nothing of it can be seen"))
        if len(text.splitlines()) > 1:
            reason = gettext("it has more than one line")
        words = gettext("%(label)s: this cannot be written: %(reason)s.")
        return words % {"label": self.text_label, "reason": reason} if reason else ""


def written(label: str, text: str) -> str:
    """Return a text with what it is; empty when there is none."""
    return gettext("%(label)s: %(text)s") % {"label": label, "text": text} if text else ""
