"""The countries to which the shop delivers, zones of them, and the shipping options of each."""

from collections.abc import Callable, Iterable
from typing import ClassVar, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from store.catalogue.fields import PriceField, PriceFormField
from store.models.availability import working_days
from store.models.vat import VatRate, validate_country
from store.models.withdrawal import EEA_AND_UK


class DeliveryCountryQuerySet(models.QuerySet):
    def deliverable(self) -> "DeliveryCountryQuerySet":
        """Return the countries with at least one shipping option, of their own or of their zone."""
        return self.filter(models.Q(options__isnull=False) | models.Q(zone__options__isnull=False)).distinct()


class DeliveryZone(models.Model):
    """Countries that share shipping options."""

    name = models.CharField(_("name"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("delivery zone")
        verbose_name_plural = _("delivery zones")
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class DeliveryCountry(models.Model):
    class Vat(models.TextChoices):
        HERE = "here", _("VAT at the rates of the country of the business")
        THERE = "there", _("VAT at the rates of this country")
        NONE = "none", _("No VAT: goods leave its area")

    code = models.CharField(
        _("country code"),
        max_length=2,
        unique=True,
        validators=[validate_country],
        help_text=_("ISO 3166: GB, IE, DE"),
    )
    name = models.CharField(_("name"), max_length=80)
    ordering = models.PositiveSmallIntegerField(_("order"), default=0)
    zone = models.ForeignKey(
        DeliveryZone,
        verbose_name=_("zone"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="countries",
        help_text=_("Its shipping options are offered beside those of the country itself."),
    )

    vat = models.CharField(
        _("VAT"),
        max_length=5,
        choices=Vat.choices,
        default=Vat.HERE,
        help_text=_("Only if you are registered and enter the rates yourself."),
    )
    vat_note = models.CharField(
        _("sentence on invoices without VAT"),
        max_length=300,
        blank=True,
        default="",
        help_text=_("Why no VAT is charged, as the law of your country wants it to be said."),
    )
    withdrawal = models.CharField(
        _("right of withdrawal by law"),
        max_length=3,
        choices=[("yes", _("yes")), ("no", _("no"))],
        blank=True,
        default="",
        help_text=_("Empty: yes in the European Economic Area and the United Kingdom, not stated elsewhere."),
    )

    objects = DeliveryCountryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery country")
        verbose_name_plural = _("delivery countries")
        ordering: ClassVar[list[str]] = ["ordering", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def has_withdrawal(self) -> bool | None:
        """Whether the law there gives consumers a right of withdrawal; None: not stated."""
        if self.withdrawal:
            return self.withdrawal == "yes"
        return True if self.code in EEA_AND_UK else None

    def clean(self) -> None:
        """Refuse what leaves an order without the words or the rate that its invoice needs."""
        super().clean()
        if self.vat == self.Vat.NONE and not self.vat_note.strip():
            raise ValidationError({"vat_note": _("Enter the sentence that invoices need.")})
        if self.vat == self.Vat.THERE:
            VatRate.objects.check_standard_rate(self.code)


MOST_DIGITS = 9  # of grams


def read_weight_prices(text: str) -> list[tuple[int, int]]:
    """Return grams and price of each line, “1000 = 4.50”, the lightest first. Raises ValidationError."""
    rows = []
    field = PriceFormField(may_be_free=True)
    for line in filter(str.strip, text.splitlines()):
        grams, _equals, price = (part.strip() for part in line.partition("="))
        if not (grams.isascii() and grams.isdecimal() and len(grams) < MOST_DIGITS and int(grams)):
            words = gettext("“%(line)s” is not “grams = price”, as in “1000 = 4.50”.")
            raise ValidationError(words % {"line": line[:80]})
        rows.append((int(grams), field.clean(price) or 0))
    return sorted(rows)


def validate_weight_prices(text: str) -> None:
    """Refuse what is no list of weights and prices."""
    read_weight_prices(text)


class ShippingOptionQuerySet(models.QuerySet["ShippingOption"]):
    def offered_in(self, country: DeliveryCountry) -> "ShippingOptionQuerySet":
        """Return the options of a country and of its zone."""
        of_zone = models.Q(zone__isnull=False, zone=country.zone_id)
        return self.filter(models.Q(country=country) | of_zone)

    def to(self, country: DeliveryCountry) -> list["ShippingOption"]:
        """Return the options of a country and of its zone, each as one of that country."""
        found = list(self.offered_in(country))
        for one in found:
            one.country = country
        return found


def offered_first(
    options: Iterable["ShippingOption"], price_of: Callable[["ShippingOption"], int]
) -> "ShippingOption | None":
    """Return the cheapest of these options; nobody collects who has not chosen it."""
    return min(
        options, key=lambda one: (one.kind == ShippingOption.Kind.COLLECTION, price_of(one)), default=None
    )


class Consignment(NamedTuple):
    """Goods that are delivered together, as far as their delivery's price depends on them."""

    goods: int  # what they cost, minor units
    grams: int


class ShippingOption(models.Model):
    """One way to deliver to one country or zone, with its price (tax included)."""

    class Kind(models.TextChoices):
        ADDRESS = "address", _("sent to the shopper’s address")
        POINT = "point", _("sent to a pick-up point of the carrier, which the shopper names")
        COLLECTION = "collection", _("collected from us, so no address is asked for")

    country = models.ForeignKey(
        DeliveryCountry,
        verbose_name=_("country"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="options",
    )
    zone = models.ForeignKey(
        DeliveryZone,
        verbose_name=_("or zone"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="options",
    )
    name = models.CharField(_("name"), max_length=80)
    price = PriceField(_("price"), may_be_free=True)
    weight_prices = models.TextField(
        _("prices by weight"),
        max_length=1000,
        blank=True,
        default="",
        validators=[validate_weight_prices],
        help_text=_(
            "One in a line, “1000 = 4.50”: what weighs up to 1000 grams costs 4.50. What is heavier than all of them "
            "costs the price above, and so does everything where none is entered."
        ),
    )
    free_from = PriceField(
        _("free from"),
        null=True,
        blank=True,
        help_text=_("Goods of so much or more are delivered free. Promotion codes do not count against it."),
    )
    kind = models.CharField(_("how it gets there"), max_length=10, choices=Kind.choices, default=Kind.ADDRESS)
    collect_at = models.TextField(
        _("where and when to collect"),
        max_length=400,
        blank=True,
        default="",
        help_text=_("Address and hours, as shoppers read them. Only for what is collected from you."),
    )
    min_days = models.PositiveSmallIntegerField(
        _("working days, at least"), default=2, validators=[MinValueValidator(1)]
    )
    max_days = models.PositiveSmallIntegerField(_("working days, at most"), default=4)

    objects = ShippingOptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("shipping option")
        verbose_name_plural = _("shipping options")
        ordering: ClassVar[list[str]] = ["price", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(min_days__gte=1, max_days__gte=models.F("min_days")),
                name="shipping_days_in_order",
                violation_error_message=_("Enter 1 or more. “At most” cannot be less than “at least”."),
            ),
            models.CheckConstraint(
                condition=models.Q(country__isnull=True) ^ models.Q(zone__isnull=True),
                name="shipping_to_country_or_zone",
                violation_error_message=_("Choose a country or a zone."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country or self.zone}: {self.name}"

    def price_of(self, consignment: Consignment) -> int:
        """Return what its delivery costs, minor units."""
        if self.free_from is not None and consignment.goods >= self.free_from:
            return 0
        rows = read_weight_prices(self.weight_prices)
        return next((price for most, price in rows if consignment.grams <= most), self.price)

    def clean(self) -> None:
        """Refuse a collection nowhere, or where other VAT holds than at the business."""
        super().clean()
        if self.kind != self.Kind.COLLECTION:
            return
        if not self.collect_at.strip():
            raise ValidationError({"collect_at": _("Enter where and when to collect.")})
        if self.country is None:
            raise ValidationError({"country": _("Choose the country of the place.")})
        if self.country.vat != DeliveryCountry.Vat.HERE:
            raise ValidationError({"country": _("Goods are collected in the country of the business.")})

    @property
    def delivery_time(self) -> str:
        """How long delivery takes, in words."""
        return self.delivery_time_after(0)

    def delivery_time_after(self, days: int) -> str:
        """Return how long delivery takes, in words, of what is first made in so many working days."""
        least, most = self.min_days + days, self.max_days + days
        if least == most:
            return working_days(most)
        return gettext("%(least)s to %(most)s working days") % {"least": least, "most": most}
