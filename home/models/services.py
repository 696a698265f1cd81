"""The outside services that pages may use once a visitor agrees: edited under Settings → Outside services.

It holds what may be loaded and in which category; it never loads anything, and knows nothing of any visitor.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import MultiFieldPanel
from wagtail.contrib.settings.models import register_setting

from home import analytics, embeds
from home.analytics import AnalyticsService
from home.csp import Provider
from home.models.settings import DefaultSiteSetting

# How the services are called that can be set up here.
NAMES = ["Matomo", "Plausible", "Google Analytics", "Google Ads", *(s.name for s in embeds.SERVICES.values())]
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
# Part of the security policy and of a script's URL: nothing but a plain folder on a server.
_SERVER = re.compile(rf"https://{_HOST}(?::\d{{2,5}})?/(?:[\w~.-]+/)*", re.ASCII)

if TYPE_CHECKING:
    from cookie_consent.models import CookieGroup


def clean_server(url: str) -> str:
    """Return the URL of a server in one form, with a slash at its end; refuse what is no plain https URL."""
    scheme, slashes, rest = url.strip().partition("://")
    host, _slash, path = rest.partition("/")
    if path.endswith(".php"):
        raise ValidationError(_("Enter the folder, without a file name: https://stats.example.com/"))
    cleaned = f"{scheme}{slashes}{host.lower()}/{path}"
    cleaned = cleaned if cleaned.endswith("/") else f"{cleaned}/"
    if not _SERVER.fullmatch(cleaned):
        raise ValidationError(
            _("Enter a URL that starts with https:// and has no “?” or “#”: https://stats.example.com/")
        )
    return cleaned


def _category(reason: Any, **options: Any) -> models.ForeignKey:
    return models.ForeignKey(
        "cookie_consent.CookieGroup",
        verbose_name=_("category"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,  # without a category nothing is loaded
        related_name="+",
        limit_choices_to={"is_required": False},
        help_text=reason,
        **options,
    )


@register_setting(icon="globe")
class ServiceSettings(DefaultSiteSetting):
    """Analytics, and where videos and maps may come from."""

    class Service(models.TextChoices):
        """The analytics services that can be chosen."""

        MATOMO = "matomo", _("Matomo")
        PLAUSIBLE = "plausible", _("Plausible")
        GOOGLE = "google", _("Google tag")

    analytics = models.CharField(
        _("analytics"),
        max_length=12,
        blank=True,
        choices=[("", _("None")), *Service.choices],
        db_column="statistics",
    )
    matomo_url = models.CharField(
        _("URL of the Matomo server"),
        max_length=200,
        blank=True,
        help_text=_("For example https://stats.example.com/"),
    )
    matomo_site_id = models.PositiveIntegerField(
        _("site id in Matomo"), null=True, blank=True, help_text=_("The number in Matomo’s list of websites.")
    )
    plausible_domain = models.CharField(
        _("domain in Plausible"),
        max_length=100,
        blank=True,
        validators=[RegexValidator(rf"\A{_HOST}\Z", _("Enter the name only: example.com"))],
        help_text=_("As the site is called in Plausible, for example example.com"),
    )
    plausible_url = models.CharField(
        _("own instance of Plausible"),
        max_length=200,
        blank=True,
        help_text=_("Leave it empty for plausible.io."),
    )
    google_id = models.CharField(
        _("id of the Google tag"),
        max_length=24,
        blank=True,
        validators=[
            RegexValidator(
                r"\A(?:G-[A-Z0-9]{6,14}|GT-[A-Z0-9]{5,14}|AW-[0-9]{6,14})\Z",
                _("An id looks like G-ABC1234567, GT-ABC1234 or AW-123456789."),
            )
        ],
    )
    server_country = models.CharField(
        _("country of the server"),
        max_length=80,
        blank=True,
        help_text=_("For Matomo and an own Plausible: where it stands, as the privacy policy names it."),
    )
    analytics_category = _category(
        _("Runs only for visitors who allow it, once the published cookie policy names it with its cookies."),
        db_column="statistics_category_id",
    )
    allow_youtube = models.BooleanField(
        _("YouTube"), default=False, help_text=_("From youtube-nocookie.com, which keeps fewer cookies.")
    )
    allow_vimeo = models.BooleanField(_("Vimeo"), default=False)
    allow_openstreetmap = models.BooleanField(_("OpenStreetMap"), default=False)
    embeds_category = _category(
        _("“Always allow” on a video or map switches this on, once the published cookie policy names it.")
    )

    select_related = ["analytics_category", "embeds_category"]  # type: ignore[assignment]  # Wagtail declares None
    panels: ClassVar[list] = [
        MultiFieldPanel(
            [
                "analytics",
                "matomo_url",
                "matomo_site_id",
                "plausible_domain",
                "plausible_url",
                "google_id",
                "server_country",
                "analytics_category",
            ],
            heading=_("Analytics"),
            help_text=_("Counts the pages of the site map; never the basket, checkout, orders or accounts."),
        ),
        MultiFieldPanel(
            ["allow_youtube", "allow_vimeo", "allow_openstreetmap", "embeds_category"],
            heading=_("Videos and maps"),
            help_text=_("Pages show a still picture; nothing is fetched until the visitor loads it."),
        ),
    ]

    class Meta:
        verbose_name = _("outside services")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    def clean(self) -> None:
        """Refuse a service that is not set up completely, each problem at its field."""
        errors: dict[str, Any] = {}
        for name in ("matomo_url", "plausible_url"):
            if value := getattr(self, name):
                try:
                    setattr(self, name, clean_server(value))
                except ValidationError as error:
                    errors[name] = error
        errors |= {name: words for name, words in self._missing() if name not in errors}
        if errors:
            raise ValidationError(errors)

    def _missing(self) -> Iterator[tuple[str, Any]]:
        required: dict[str, list[str]] = {
            self.Service.MATOMO: ["matomo_url", "matomo_site_id", "server_country"],
            self.Service.PLAUSIBLE: ["plausible_domain", *(["server_country"] if self.plausible_url else [])],
            self.Service.GOOGLE: ["google_id"],
        }
        for name in required.get(self.analytics, []):
            if not getattr(self, name):
                yield name, _("%(service)s needs this.") % {"service": self.get_analytics_display()}
        yield from self._wrong_category("analytics_category", is_used=bool(self.analytics))
        yield from self._wrong_category("embeds_category", is_used=bool(self.embed_services))

    def _wrong_category(self, name: str, *, is_used: bool) -> Iterator[tuple[str, Any]]:
        category = getattr(self, name)
        if category is None and is_used:
            yield (
                name,
                _("Choose the category that visitors agree to. New ones: Policies → Cookie categories."),
            )
        elif category is not None and category.is_required:
            yield name, _("This category is always on: nobody is asked. Choose one that visitors can refuse.")

    @property
    def embed_services(self) -> list[embeds.EmbedService]:
        """The services that videos and maps may come from."""
        return [service for key, service in embeds.SERVICES.items() if getattr(self, f"allow_{key}", False)]

    @property
    def analytics_in_use(self) -> AnalyticsService | None:
        """The analytics service as it is set up; None without a category, since then it never runs."""
        if self.analytics_category is None:
            return None
        match self.analytics:
            case self.Service.MATOMO if self.matomo_site_id:
                return analytics.matomo(
                    url=self.matomo_url, site_id=self.matomo_site_id, country=self.server_country
                )
            case self.Service.PLAUSIBLE:
                return analytics.plausible(
                    domain=self.plausible_domain, url=self.plausible_url, country=self.server_country
                )
            case self.Service.GOOGLE:
                return analytics.google(tag_id=self.google_id)
            case _:
                return None

    def providers(self) -> Iterator[tuple[Provider, "CookieGroup | None"]]:
        """Yield everybody who may receive data by these settings, each with the category that visitors agree to."""
        if (service := self.analytics_in_use) is not None:
            yield service.provider, self.analytics_category
        yield from ((embed.provider(), self.embeds_category) for embed in self.embed_services)

    def optional_providers(self) -> Iterator[tuple[Provider, "CookieGroup"]]:
        """Yield those that wait for the visitor's choice."""
        return ((provider, category) for provider, category in self.providers() if category is not None)
