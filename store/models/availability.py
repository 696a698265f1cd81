"""When a product can be bought: what its trader states on the page, else what the stock says."""

from datetime import datetime, time
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, HelpPanel

from home.page_cache import reads
from store.models.baskets import MAX_QUANTITY


class Availability(models.TextChoices):
    STOCK = "stock", _("As the stock says")
    LATER = "later", _("Not in stock yet")
    COMING = "coming", _("Coming on a date")
    TO_ORDER = "to_order", _("Made to order")
    ENDED = "ended", _("Discontinued")


class StatedAvailability(models.Model):
    """The part of a product that says when it can be bought."""

    availability = models.CharField(
        _("availability"), max_length=8, choices=Availability.choices, default=Availability.STOCK
    )
    available_on = models.DateField(
        _("coming on"),
        null=True,
        blank=True,
        help_text=_("From this day on, the stock decides."),
    )
    made_in_days = models.PositiveSmallIntegerField(
        _("made in working days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("Before it is sent. What is made to order is sold whatever is in stock."),
    )

    # The classes name the choice with which a field is shown: static/css/admin/forms.css.
    availability_panels: ClassVar[list] = [
        FieldPanel("availability"),
        HelpPanel(_("Shoppers cannot order this now."), classname="when-later"),
        HelpPanel(
            _("Shoppers cannot order this. It is not in the shop’s list; its page stays."),
            classname="when-ended",
        ),
        FieldPanel("available_on", classname="when-coming"),
        FieldPanel("made_in_days", classname="when-made-to-order"),
    ]

    class Meta:
        abstract = True

    def clean(self) -> None:
        """Refuse a date or a time to make it that is missing."""
        super().clean()
        match self.availability:
            case Availability.COMING if self.available_on is None:
                raise ValidationError({"available_on": _("Enter the day.")})
            case Availability.TO_ORDER if not self.made_in_days:
                raise ValidationError({"made_in_days": _("Enter the days that it takes to make it.")})

    @property
    def availability_now(self) -> Availability:
        """What holds today: from the day on which it was to come, the stock decides."""
        stated = Availability(self.availability)
        if stated != Availability.COMING or not self.available_on:
            return stated
        if self.available_on <= timezone.localdate():
            return Availability.STOCK
        reads.changes_at(timezone.make_aware(datetime.combine(self.available_on, time.min)))
        return stated

    @property
    def days_to_make(self) -> int:
        """How many working days pass before it can be sent; it takes nothing from the stock then."""
        return self.made_in_days or 0 if self.availability_now == Availability.TO_ORDER else 0

    def sellable(self, free: int) -> int:
        """Return how many can be bought now, of which so many are free in the stock."""
        match self.availability_now:
            case Availability.STOCK:
                return free
            case Availability.TO_ORDER:
                return MAX_QUANTITY
        return 0

    @property
    def availability_in_words(self) -> str:
        """What the shopper reads of it; empty where the stock decides."""
        match self.availability_now:
            case Availability.LATER:
                return gettext("Not in stock yet")
            case Availability.COMING if self.available_on:
                return gettext("Coming on %(day)s") % {"day": date_format(self.available_on)}
            case Availability.TO_ORDER:
                return gettext("Made to order in %(days)s") % {"days": working_days(self.days_to_make)}
            case Availability.ENDED:
                return gettext("Discontinued")
        return ""


def working_days(days: int) -> str:
    """Return so many working days in words."""
    return ngettext("%(days)s working day", "%(days)s working days", days) % {"days": days}
