"""Carriers, and the parcels that left with them: what a shopper needs to follow each."""

from typing import ClassVar
from urllib.parse import quote, urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from store.models.orders import Order

PLACE = "{number}"
_is_https = URLValidator(schemes=["https"])
validate_tracking_number = RegexValidator(
    r"\A[A-Za-z0-9][A-Za-z0-9 -]*\Z", _("Enter letters (A to Z), digits, spaces and dashes.")
)


def validate_tracking_url(template: str) -> None:
    """Refuse what is no https URL with one place for the number, or lets the number choose the site."""
    without = template.replace(PLACE, "")
    wrong = template.count(PLACE) != 1 or "{" in without or "}" in without or "\\" in without
    if not wrong:
        try:
            _is_https(template.replace(PLACE, "1"))
            wrong = PLACE in urlsplit(template).netloc or "@" in urlsplit(template).netloc
        except (ValidationError, ValueError):
            wrong = True
    if wrong:
        raise ValidationError(
            _("Enter a link that begins with https:// and has {number} once, where the number belongs.")
        )


# What a column of a carrier's file can have, of an order (`store.orders.exports` fills it).
FIELDS = (
    *("name", "point", "line1", "line2", "postal_code", "city", "state", "country", "country_name"),
    *("email", "phone", "number", "items", "weight_g", "weight_kg"),
)
MOST_COLUMNS, LONGEST_HEADING = 40, 60


def read_columns(text: str) -> list[tuple[str, str]]:
    """Return the heading and the field of each column, one in a line: “Recipient = name”. Raises ValidationError."""
    columns = []
    for line in filter(str.strip, text.splitlines()):
        heading, _equals, field = (part.strip() for part in line.rpartition("="))
        if not heading or len(heading) > LONGEST_HEADING or not heading.isprintable() or field not in FIELDS:
            words = gettext("“%(line)s” is not “heading = field” with one of these fields: %(fields)s.")
            raise ValidationError(words % {"line": line[:80], "fields": ", ".join(FIELDS)})
        columns.append((heading, field))
    if len(columns) > MOST_COLUMNS:
        raise ValidationError(gettext("Enter at most %s columns.") % MOST_COLUMNS)
    return columns


def validate_columns(text: str) -> None:
    """Refuse what names no columns."""
    read_columns(text)


class Carrier(models.Model):
    """Who carries parcels to shoppers, and where they are followed."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    tracking_url = models.CharField(
        _("tracking link"),
        max_length=300,
        blank=True,
        default="",
        validators=[validate_tracking_url],
        help_text=format_lazy(
            _("Where shoppers follow a parcel, with {place} for its number: {example}"),
            place=PLACE,
            example="https://carrier.example/track?number={number}",
        ),
    )
    columns = models.TextField(
        _("columns of the carrier’s file"),
        max_length=4000,
        blank=True,
        default="",
        validators=[validate_columns],
        help_text=format_lazy(
            _(
                "What the carrier’s own program takes in, one column in a line, as heading = field: {example}. "
                "The fields are {fields}."
            ),
            example="Recipient = name",
            fields=", ".join(FIELDS),
        ),
    )

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def column_list(self) -> list[tuple[str, str]]:
        """Heading and field of each column of its file."""
        return read_columns(self.columns)

    def url_of(self, number: str) -> str:
        """Return where a parcel is followed; empty without a link or a number."""
        return self.tracking_url.replace(PLACE, quote(number, safe="")) if number else ""


class Parcel(models.Model):
    """A parcel of an order. Name and link are copies, which outlive changes of the carrier."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="parcels")
    carrier = models.ForeignKey(
        Carrier, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("carrier")
    )
    carrier_name = models.CharField(max_length=60, blank=True, default="", editable=False)
    number = models.CharField(
        _("tracking number"), max_length=40, blank=True, default="", validators=[validate_tracking_number]
    )
    url = models.CharField(max_length=500, blank=True, default="", editable=False)
    sent_at = models.DateTimeField(_("sent"), editable=False)
    by = models.CharField(_("by"), max_length=80, editable=False)

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        number = gettext("Tracking number: %(number)s") % {"number": self.number} if self.number else ""
        return ". ".join(filter(None, (self.carrier_name, number)))
