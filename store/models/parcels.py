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

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name

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
