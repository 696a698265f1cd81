"""Settings of the shop: when orders are taken and leave, how the trader accounts for VAT, numbers papers, is told.

Edited under Settings → Shop.
"""

import re
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.contrib.forms.models import validate_to_address
from wagtail.contrib.settings.models import register_setting

from home.models import DefaultSiteSetting
from store.models.closed_days import WeekdaysField, monday_to_friday
from store.models.documents import Document
from store.models.vat import VatRate, VatScheme, validate_country
from store.models.withdrawal import LEAST_DAYS
from store.payments import stripe_amounts
from store.vat import numbers

# It cannot end in a digit: of A1 and 23, and of A and 123, the numbers would be the same.
_PREFIX = RegexValidator(
    r"^[A-Za-z0-9]+([-/][A-Za-z0-9]+)*[-/]?(?<![0-9])$",
    _(
        "Use letters, digits, and single - or / between them. Begin with a letter or digit, and do not end in a digit."
    ),
)


@register_setting(icon="clipboard-list", order=15)
class ShopSettings(ClusterableModel, DefaultSiteSetting):
    """What the trader states about selling."""

    takes_orders = models.BooleanField(_("orders are taken"), default=True)
    not_taken_note = models.CharField(
        _("what shoppers read meanwhile"),
        max_length=300,
        blank=True,
        default="",
        help_text=_("Only if no orders are taken: why, and until when."),
    )
    # Empty: no days are promised, and shoppers read how many working days delivery takes.
    cut_off = models.TimeField(
        _("orders leave the same day until"),
        null=True,
        blank=True,
        help_text=_(
            "14:00, for example. Then shoppers read on which days an order arrives. Empty: they do not."
        ),
    )
    dispatch_days = WeekdaysField(_("days on which parcels leave"), default=monday_to_friday)

    # Empty: not stated yet. Pages then say "tax included" and nothing more, and there are no invoices.
    vat_scheme = models.CharField(_("VAT"), max_length=8, choices=VatScheme.choices, blank=True, default="")
    country = models.CharField(
        _("country of the business"),
        max_length=2,
        blank=True,
        default="",
        validators=[validate_country],
        help_text=_("GB, IE, DE: where the business is registered for VAT."),
    )
    vat_number = models.CharField(_("VAT number"), max_length=20, blank=True, default="")
    not_registered_note = models.CharField(
        _("sentence on invoices without VAT"),
        max_length=300,
        blank=True,
        default="",
        help_text=_("Why no VAT is charged, as the law of your country wants it to be said."),
    )
    invoice_prefix = models.CharField(
        _("numbers of invoices begin with"), max_length=12, default="INV-", validators=[_PREFIX]
    )
    credit_note_prefix = models.CharField(
        _("numbers of credit notes begin with"), max_length=12, default="CN-", validators=[_PREFIX]
    )

    # Empty: not stated. The terms then say so, and shoppers have the days of the law.
    withdrawal_days = models.PositiveSmallIntegerField(
        _("days to withdraw"),
        null=True,
        blank=True,
        validators=[MinValueValidator(LEAST_DAYS), MaxValueValidator(1000)],
        help_text=_(
            "After the goods have arrived, and at least 14, for countries whose law gives a right of withdrawal. "
            "Publish the terms after a change: an order keeps the days of the terms that were accepted."
        ),
    )

    low_stock = models.PositiveSmallIntegerField(
        _("low is what has so many left, or fewer"),
        default=5,
        help_text=_("The shop says then how many are left, and lists of staff call it low."),
    )

    tell_to = models.CharField(
        _("e-mail addresses"),
        max_length=255,
        blank=True,
        default="",
        validators=[validate_to_address],
        help_text=_("Separate them by commas. Empty: that of the brand, or else those of the owners."),
    )
    tell_orders = models.BooleanField(_("a new order is paid, or its shopper changes it"), default=True)
    tell_attention = models.BooleanField(_("an order needs attention"), default=True)
    tell_disputes = models.BooleanField(_("a payment is disputed"), default=True)
    tell_payments = models.BooleanField(_("something keeps payments from the shop"), default=True)
    tell_low_stock = models.BooleanField(_("something becomes low in stock"), default=True)

    panels: ClassVar[list] = [
        MultiFieldPanel(
            ["takes_orders", "not_taken_note", "dispatch_days", "cut_off"], heading=_("Opening and dispatch")
        ),
        InlinePanel(
            "closed",
            panels=[FieldRowPanel(["begin", "end"]), "sentence", "takes_orders"],
            heading=_("Closed"),
            label=_("closed days"),
            help_text=_("Nothing leaves on these days, and the days that shoppers are promised count them."),
        ),
        MultiFieldPanel(
            [
                FieldPanel(
                    "vat_scheme",
                    help_text=_(
                        "If you are not registered, do not mention VAT. The shop does not, but your own texts may: "
                        "look through the home page, the products and the terms."
                    ),
                ),
                "country",
                FieldPanel("vat_number", help_text=_("Invoices show it as you write it here.")),
                "not_registered_note",
            ],
            heading=_("VAT"),
            help_text=_(
                "Prices include VAT. The rates are entered under Settings → VAT rates, and where goods are sent "
                "without VAT under Settings → Delivery countries. Orders keep the rates of their day."
            ),
        ),
        MultiFieldPanel(["low_stock"], heading=_("Stock")),
        MultiFieldPanel(["withdrawal_days"], heading=_("Right of withdrawal")),
        MultiFieldPanel(
            ["tell_to", "tell_orders", "tell_attention", "tell_disputes", "tell_payments", "tell_low_stock"],
            heading=_("Tell us by e-mail when"),
        ),
        MultiFieldPanel(
            ["invoice_prefix", "credit_note_prefix"],
            heading=_("Papers"),
            help_text=_(
                "A number of six digits follows. Changing the beginning does not restart the numbers."
            ),
        ),
    ]

    class Meta:
        verbose_name = _("shop")

    def __str__(self) -> str:
        return str(VatScheme(self.vat_scheme).label) if self.vat_scheme else "–"

    def clean(self) -> None:
        """Refuse what leaves an order without the words or the rate that its invoice needs."""
        super().clean()
        if not self.takes_orders and not self.not_taken_note.strip():
            raise ValidationError({"not_taken_note": _("Enter what shoppers read meanwhile.")})
        if not self.vat_scheme and ShopSettings.objects.filter(pk=self.pk).exclude(vat_scheme="").exists():
            words = _(
                "VAT is stated already, and without it orders get no invoice. Choose what holds now: “%(none)s” if you "
                "no longer are."
            )
            raise ValidationError({"vat_scheme": words % {"none": VatScheme.NOT_REGISTERED.label}})
        needed: dict[str, dict[str, Any]] = {
            VatScheme.NOT_REGISTERED: {"not_registered_note": _("Enter the sentence that invoices need.")},
            VatScheme.RATES: {"country": _("Enter the country."), "vat_number": _("Enter the VAT number.")},
            VatScheme.STRIPE_TAX: {"vat_number": _("Enter the VAT number.")},
        }
        fields = needed.get(self.vat_scheme, {})
        if missing := {name: words for name, words in fields.items() if not getattr(self, name).strip()}:
            raise ValidationError(missing)
        if "vat_number" in fields:
            self._check_vat_number()
        elif not self.vat_number and ShopSettings.objects.filter(pk=self.pk).exclude(vat_number="").exists():
            words = _("Keep it: invoices of orders that were placed with VAT need it, and no others show it.")
            raise ValidationError({"vat_number": words})
        if self.vat_scheme == VatScheme.RATES and self.country in stripe_amounts.countries():
            VatRate.objects.check_standard_rate(self.country)
        for kind, prefix in self.prefixes.items():
            others = Document.objects.exclude(kind=kind)
            if (
                self.invoice_prefix == self.credit_note_prefix
                or others.filter(number__regex=rf"^{re.escape(prefix)}[0-9]+$").exists()
            ):
                raise ValidationError({f"{kind}_prefix": _("Documents of the other kind begin with this.")})

    def _check_vat_number(self) -> None:
        try:
            numbers.check(self.vat_number, self.country)
        except ValidationError as error:
            raise ValidationError({"vat_number": error}) from error

    @classmethod
    def low_stock_in_query(cls) -> Coalesce:
        """Return `low_stock` for a query; pages ask `shown()`."""
        stated = cls.objects.filter(site__is_default_site=True).values("low_stock")[:1]
        return Coalesce(models.Subquery(stated), cls().low_stock)

    @property
    def prefixes(self) -> dict[str, str]:
        """What the numbers of each kind of paper begin with."""
        return {kind: getattr(self, f"{kind}_prefix") for kind in Document.Kind.values}
