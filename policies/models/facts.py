"""What live facts need of the database: recipients that no browser meets, and the values that facts once stated."""

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_VALUE = 200  # that is looked for in texts


class Recipient(models.Model):
    """Who receives data although no browser contacts them: carrier, host, sender of mail, bookkeeper."""

    FIELDS = ("name", "data", "purpose", "country", "contract")  # as versions freeze them

    name = models.CharField(_("who"), max_length=120, unique=True)
    data = models.CharField(_("which data"), max_length=300, help_text=_("“Name, address, telephone”."))
    purpose = models.CharField(_("what for"), max_length=300)
    country = models.CharField(_("where"), max_length=120, help_text=_("The country, or several."))
    contract = models.CharField(_("contract"), max_length=200, help_text=_("“Data processing agreement”."))

    class Meta:
        verbose_name = _("recipient of data")
        verbose_name_plural = _("recipients of data")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class StatedValue(models.Model):
    """A value that a live fact stated once: a text that repeats it by hand may say it still."""

    fact = models.CharField(max_length=100)
    name = models.CharField(max_length=LONGEST_VALUE)
    value = models.CharField(max_length=LONGEST_VALUE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("fact", "name", "value"), name="stated_value_once")]

    def __str__(self) -> str:
        return self.value

    @staticmethod
    def note(values: Iterable[tuple[str, str, str]]) -> None:
        """Remember values (fact, name, value); those that were noted before stay as they are."""
        # A name may be longer than its value, where it has many blanks.
        rows = [StatedValue(fact=key, name=name[:LONGEST_VALUE], value=value) for key, name, value in values]
        StatedValue.objects.bulk_create(rows, ignore_conflicts=True)
