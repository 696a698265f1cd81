"""Template tags that print the text of policies. What is frozen is never changed, only how the page carries it."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from policies.text import markup

register = template.Library()

# As `cleaning` leaves it in a frozen text: nothing but the class.
_FROZEN_BOX = '<div class="table-scroll">'


@register.filter
def policy_text(html: str) -> SafeString:
    """Print frozen markup; every table is in a box that can be reached, named and scrolled by keyboard."""
    box = format_html('<div class="table-scroll" role="group" tabindex="0" aria-label="{}">', _("Table"))
    boxed = markup.with_table_boxes(html) if "<table" in html else html
    return mark_safe(boxed.replace(_FROZEN_BOX, box))  # noqa: S308 - cleaned before it was frozen
