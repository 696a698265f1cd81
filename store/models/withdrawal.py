"""The right of withdrawal from distance sales: to which goods and countries it applies (Directive 2011/83/EU)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

LEAST_DAYS = 14  # article 9, and regulation 30 of the United Kingdom
EEA_AND_UK = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK".split()
)


class Withdrawal(models.TextChoices):
    """Whether there is such a right (article 16)."""

    APPLIES = "applies", _("Applies")
    CUSTOM = "custom", _("Does not apply: made to measure")
    PERISHABLE = "perishable", _("Does not apply: spoils quickly")
    SEALED = "sealed", _("Until its seal is broken: sealed for hygiene")
