"""The brand: the trader's name, logo, colours and legal identity."""

import re
from typing import Any, ClassVar, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldRowPanel, HelpPanel, MultiFieldPanel
from wagtail.contrib.settings.models import register_setting
from wagtail.images.models import SourceImageIOError
from wagtail.models import PreviewableMixin

from home import snapshot
from home.brand import pictures, stylesheet
from home.brand.palette import Palette, contrast, nearest_pair, ours, palette
from home.brand.previews import previews
from home.brand.stylesheet import Typeface
from home.models.media import optional_picture
from home.models.settings import DefaultSiteSetting

COLOUR = r"^#[0-9a-fA-F]{6}\Z"
_IS_COLOUR = RegexValidator(
    COLOUR,
    _("Enter a colour as # and six digits or letters from a to f, for example #0f5240."),
)
_IN_PAGE = 4000  # bytes, at most, of a logo that is part of each page
_CODE_AFTER_TOWN = re.compile(r"[A-Za-z]{1,2}\d\w{0,2} \w{3,4}\Z")  # British, Irish and Canadian ones
_IS_TELEPHONE = RegexValidator(r"^(?=(\D*\d){5})[\d\s()+./-]+(ext\.? ?\d+)?$", _("Enter a telephone number."))


def with_hash(colour: str) -> str:
    """Return a colour as people type it, `ffd9a0`, with its #; anything else as it is."""
    return f"#{colour}" if re.match(COLOUR, f"#{colour}") else colour


class ColourField(models.CharField):
    def to_python(self, value: Any) -> Any:
        return with_hash(super().to_python(value) or "")


class Logo(NamedTuple):
    """Where the logo is, in one size."""

    url: str
    width: int
    height: int


@register_setting(icon="site", order=10)
class BrandSettings(PreviewableMixin, DefaultSiteSetting):
    """Name, logo and legal identity of the trader: edited under Settings → Brand, printed on every page."""

    name = models.CharField(
        _("name"),
        max_length=60,
        default="Shop",
        help_text=_("Invoices and the ends of e-mails and pages name who sells: the legal name, below."),
    )
    tagline = models.CharField(_("tagline"), max_length=120, blank=True)
    logo = optional_picture(
        _("logo"),
        _(
            "Shown beside the name, best as SVG. Without one the name stands alone. If it is about as wide as high, "
            "it is the site’s icon too."
        ),
    )
    primary_colour = ColourField(
        _("main colour"),
        max_length=7,
        blank=True,
        validators=[_IS_COLOUR],
        help_text=_("Of the header, of links and buttons. White letters must be readable on it."),
    )
    accent_colour = ColourField(
        _("second colour"),
        max_length=7,
        blank=True,
        validators=[_IS_COLOUR],
        help_text=_(
            "Of what stands out, for example the number at the basket. It must be seen on the main colour."
        ),
    )
    typeface = models.CharField(
        _("typeface"), max_length=12, choices=Typeface.choices, default=Typeface.GROTESQUE
    )
    legal_name = models.CharField(
        _("legal name"), max_length=120, blank=True, help_text=_("While it is empty, the name above is used.")
    )
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
        MultiFieldPanel(["name", "tagline", "logo"], heading=_("Name and logo")),
        MultiFieldPanel(
            [
                "primary_colour",
                "accent_colour",
                HelpPanel(template="home/admin/brand_contrast_panel.html"),
                "typeface",
            ],
            heading=_("Colours and typeface"),
            help_text=_(
                "The other colours, and those in the dark, follow from the two. "
                "While a field is empty, the standard colour below it is used."
            ),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel(["legal_name", "company_number"]),
                "street",
                FieldRowPanel(["postal_code", "city"]),
                "country",
                FieldRowPanel(["email", "phone"]),
            ],
            heading=_("Legal details"),
            help_text=_("Printed in the footer and, as live facts, in the policies."),
        ),
    ]

    class Meta:
        verbose_name = _("brand")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse colours that cannot be read, and name the nearest ones that can."""
        super().clean()
        self.primary_colour, self.accent_colour = self.primary_colour.lower(), self.accent_colour.lower()
        primary = self.primary_colour or ours()["brand"].light
        accent = self.accent_colour or ours()["ticket"].light
        if not all(re.match(COLOUR, colour) for colour in (primary, accent)):
            return
        nearest = nearest_pair(primary, accent)
        errors = {}
        if primary != nearest[0]:
            ratio = contrast(primary, ours()["paper_3"].light)
            words = _(
                "Links in this colour could not be read on light grey: the contrast is %(ratio).1f, and 4.5 is "
                "the least. The nearest that can is %(colour)s. A light colour can be the second one."
            )
            errors["primary_colour"] = words % {"ratio": ratio, "colour": nearest[0]}
        if accent != nearest[1]:
            words = _(
                "This colour could not be seen on %(primary)s: the contrast is %(ratio).1f, and 3 is the least. "
                "The nearest that can is %(colour)s."
            )
            ratio = contrast(accent, nearest[0])
            errors["accent_colour"] = words % {"primary": nearest[0], "ratio": ratio, "colour": nearest[1]}
        if errors:
            raise ValidationError(errors)

    @property
    def preview_modes(self) -> list[tuple[str, str]]:
        """What it can be seen on before it is saved."""
        return [(key, one.label) for key, one in previews().items() if one.label]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponseBase:
        """Show one of them with this brand, which nobody else sees and nothing keeps."""
        if (found := previews().get(mode_name)) is None:
            raise Http404
        with snapshot.fixed(snapshot.containing(BrandSettings, self)):
            response = found.serve(request)
            return response.render() if isinstance(response, TemplateResponse) else response

    @property
    def palette(self) -> Palette:
        """All its colours."""
        return palette(self.primary_colour, self.accent_colour)

    @property
    def font(self) -> str:
        """The families of letters, as CSS names them."""
        return stylesheet.STACKS[Typeface(self.typeface)]

    @property
    def sheet_url(self) -> str:
        """Where its style sheet is; empty for our own colours and typeface, which are in each page's."""
        chosen = (self.primary_colour[1:], self.accent_colour[1:], self.typeface)
        sheet = stylesheet.css(self.primary_colour, self.accent_colour, self.typeface)
        url = reverse("home:brand_stylesheet", args=chosen)
        return f"{url}?v={stylesheet.version(sheet)}" if sheet else ""

    @property
    def share_url(self) -> str:
        """Where the picture is that shows beside a link to a page without one."""
        seen = (self.name, self.palette["header"], self.palette["ticket"], self.logo and self.logo.file.name)
        return f"{settings.SITE_URL}{reverse('home:brand_share')}?v={stylesheet.version(repr(seen))}"

    def shown_logo(self, rendition: str) -> Logo | None:
        """Return the logo as this rendition, or a small drawing as it is in a data URL, which is no request more.

        None where there is none that can be shown: the name stands for it.
        """
        logo = self.logo
        if not logo:
            return None
        is_small = logo.is_svg() and (logo.file_size or 0) <= _IN_PAGE
        if is_small and 0 < len(drawing := logo.content("")) <= _IN_PAGE:
            return Logo(pictures.in_page(drawing), logo.width, logo.height)
        try:
            found = logo.get_rendition(rendition)
        except SourceImageIOError:
            return None
        return Logo(found.url, found.width, found.height)

    @property
    def is_logo_icon(self) -> bool:
        """Whether the logo can be recognised as an icon: it is not much wider than high, or the reverse."""
        logo = self.logo
        return bool(logo and logo.width <= 1.5 * logo.height <= 2.25 * logo.width)

    @property
    def letter(self) -> str:
        """The first letter of the name as an icon."""
        return pictures.in_page(pictures.letter(self.name, self.palette))

    @property
    def is_stated(self) -> bool:
        """Who sells, where, and how to reach them is said."""
        return bool(self.legal_name and self.street and self.city and self.email)

    @property
    def address_lines(self) -> list[str]:
        """The postal address, a line each, empty parts left out."""
        parts = [self.postal_code, self.city]
        town = " ".join(reversed(parts) if _CODE_AFTER_TOWN.match(self.postal_code) else parts).strip()
        return [line for line in (self.legal_name or self.name, self.street, town, self.country) if line]
