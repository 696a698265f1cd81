"""VAT: the classes of products that have a rate of their own, and the rates by country, class and day.

Which of them holds for an order is found in `store.vat.rates`; the order keeps what was found.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import register_form_field_override

from store.payments import stripe_amounts
from store.vat.percent import PercentField, shown


def validate_country(code: str) -> None:
    """Refuse a code that is no country of ISO 3166 to which Stripe lets goods be sent, such as UK and EL."""
    if code not in stripe_amounts.countries():
        words = _(
            "Stripe knows no country “%(code)s”. Codes are two capital letters of ISO 3166, such as GB (not UK) or DE."
        )
        raise ValidationError(words, params={"code": code})


class VatScheme(models.TextChoices):
    """How the trader accounts for VAT."""

    NOT_REGISTERED = "none", _("Not registered for VAT")
    RATES = "rates", _("Registered: rates by country and class of product")
    STRIPE_TAX = "stripe", _("Registered: Stripe Tax works it out")


class VatClass(models.Model):
    """Products with another rate than the standard one, such as books."""

    name = models.CharField(_("name"), max_length=60, unique=True, help_text=_("“Books”, “Food”"))
    stripe_tax_code = models.CharField(
        _("tax code"),
        max_length=20,
        blank=True,
        validators=[RegexValidator(r"^txcd_[0-9]{8}$", _("Stripe’s tax codes look like txcd_99999999."))],
        help_text=_("Only for Stripe Tax, which has a list of them."),
    )

    class Meta:
        verbose_name = _("VAT class")
        verbose_name_plural = _("VAT classes")
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


# What no class means, wherever one is chosen.
register_form_field_override(models.ForeignKey, to=VatClass, override={"empty_label": _("Standard rate")})


class VatRateQuerySet(models.QuerySet["VatRate"]):
    def in_force(self, country: str, on: date) -> Mapping[int | None, Decimal]:
        """Return the rates of a country on a day: key of the class (None: all others) → percent."""
        known = self.filter(country=country, valid_from__lte=on).order_by("valid_from")
        return dict(known.values_list("vat_class", "percent"))

    def check_standard_rate(self, country: str) -> None:
        """Refuse a country whose standard rate of today is not entered."""
        if None not in self.in_force(country, timezone.localdate()):
            raise ValidationError(
                _("First enter the standard rate of this country under Settings → VAT rates.")
            )


class VatRate(models.Model):
    """The rate of a country from a day on, of one class of products or of all others (the standard rate)."""

    country = models.CharField(
        _("country code"), max_length=2, validators=[validate_country], help_text=_("GB, IE, DE")
    )
    vat_class = models.ForeignKey(
        VatClass,
        verbose_name=_("VAT class"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="rates",
        help_text=_("The standard rate is for everything without a rate of its own in this country."),
    )
    percent = PercentField(
        _("percent"), max_digits=6, decimal_places=3, validators=[MinValueValidator(0), MaxValueValidator(99)]
    )
    valid_from = models.DateField(_("from"), help_text=_("Orders placed from this day on have this rate."))

    objects = VatRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("VAT rate")
        verbose_name_plural = _("VAT rates")
        ordering: ClassVar[list[str]] = ["country", "vat_class__name", "-valid_from"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["country", "vat_class", "valid_from"],
                name="vat_rate_unique",
                violation_error_message=_("There is a rate for this country, class and day already."),
            ),
            models.UniqueConstraint(
                fields=["country", "valid_from"],
                condition=Q(vat_class=None),
                name="vat_standard_rate_unique",
                violation_error_message=_("There is a standard rate for this country and day already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} {shown(self.percent)}%"
