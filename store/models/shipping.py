"""Where the shop delivers, and what that costs."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from store.fields import PriceField


class DeliveryCountryQuerySet(models.QuerySet):
    """Finds countries by whether something can be sent there."""

    def deliverable(self) -> "DeliveryCountryQuerySet":
        """Countries with at least one way of sending."""
        return self.filter(options__isnull=False).distinct()


class DeliveryCountry(models.Model):
    """A country the shop delivers to."""

    code = models.CharField(_("country code"), max_length=2, unique=True, help_text=_("ISO 3166: GB, IE, DE"))
    name = models.CharField(_("name"), max_length=80)
    ordering = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = DeliveryCountryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery country")
        verbose_name_plural = _("delivery countries")
        ordering: ClassVar[list[str]] = ["ordering", "name"]

    def __str__(self) -> str:
        return self.name


class ShippingOption(models.Model):
    """One way of sending to one country, with its price (tax included)."""

    country = models.ForeignKey(DeliveryCountry, on_delete=models.CASCADE, related_name="options")
    name = models.CharField(_("name"), max_length=80)
    price = PriceField(_("price"), may_be_free=True)
    min_days = models.PositiveSmallIntegerField(_("working days, at least"), default=2)
    max_days = models.PositiveSmallIntegerField(_("working days, at most"), default=4)

    class Meta:
        verbose_name = _("shipping option")
        verbose_name_plural = _("shipping options")
        ordering: ClassVar[list[str]] = ["price", "pk"]

    def __str__(self) -> str:
        return f"{self.country}: {self.name}"
