"""Settings of the default site, and the first of them: the trader's name, logo and legal identity."""

from typing import ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import MultiFieldPanel
from wagtail.contrib.settings.models import BaseSiteSetting, register_setting

from home import snapshot
from home.models.media import optional_picture

_IS_TELEPHONE = RegexValidator(r"^(?=(\D*\d){5})[\d\s()+./-]+(ext\.? ?\d+)?$", _("Enter a telephone number."))


class DefaultSiteSetting(BaseSiteSetting):
    """Settings that are read wherever no request says which site is meant."""

    class Meta:
        abstract = True

    @classmethod
    def current(cls) -> Self:
        """Return the settings of the default site; the defaults, unsaved, where there are none."""
        # Not `for_site`, which writes a row where there is none: a GET must change nothing.
        return cls.base_queryset().filter(site__is_default_site=True).first() or cls()

    @classmethod
    def shown(cls) -> Self:
        """Return the settings that public pages show: read once a snapshot, and not to be changed."""
        return snapshot.current().value(cls, cls.current)


@register_setting(icon="site", order=10)
class BrandSettings(DefaultSiteSetting):
    """Name, logo and legal identity of the trader: edited under Settings → Brand, printed on every page."""

    name = models.CharField(_("name"), max_length=60, default="Shop")
    tagline = models.CharField(_("tagline"), max_length=120, blank=True)
    logo = optional_picture(
        _("logo"), _("Shown beside the name, best as SVG. Without one the name stands alone.")
    )
    legal_name = models.CharField(_("legal name"), max_length=120, blank=True)
    street = models.CharField(_("street"), max_length=120, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("town"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True, validators=[_IS_TELEPHONE])
    company_number = models.CharField(_("company number"), max_length=40, blank=True)
    # Those of the first day (`home.today`).
    first_steps_dismissed = models.BooleanField(default=False, editable=False)

    panels: ClassVar[list] = [
        MultiFieldPanel(["name", "tagline", "logo"], heading=_("Brand")),
        MultiFieldPanel(
            ["legal_name", "street", "postal_code", "city", "country", "email", "phone", "company_number"],
            heading=_("Legal details"),
            help_text=_("Printed in the footer and, as live facts, in the policies."),
        ),
    ]

    class Meta:
        verbose_name = _("brand")

    def __str__(self) -> str:
        return self.name

    @property
    def is_stated(self) -> bool:
        """Who sells, where, and how to reach them is said."""
        return bool(self.legal_name and self.street and self.city and self.email)

    @property
    def address_lines(self) -> list[str]:
        """The postal address, a line each, empty parts left out."""
        town = f"{self.postal_code} {self.city}".strip()
        return [line for line in (self.legal_name or self.name, self.street, town, self.country) if line]
