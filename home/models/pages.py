"""The base of every page, the home page and the content pages; other page types are in their apps."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page, PageViewRestriction
from wagtail.query import PageQuerySet
from wagtail.search import index
from wagtail.url_routing import RouteResult

from home.admin_lists import MOST_TO_MOVE
from home.blocks import BodyBlock
from home.models.bin import outside
from home.models.media import SiteImage, optional_picture
from home.routing import find_page
from home.snapshot import current, shared

MOST_BESIDE = 4


@shared
def has_restrictions() -> bool:
    """Return whether any page of the site may be seen by some only."""
    return PageViewRestriction.objects.exists()


class BasePage(Page):
    """What all pages of the site have: a picture for sharing, and whether they may be cached."""

    share_image = optional_picture(_("picture for sharing"))

    # False where the page differs between requests (a form's time stamp): then it is `no-store`.
    is_cacheable: ClassVar[bool] = True
    # False where deleting the page must be what it says, since what matters of it is kept elsewhere.
    goes_to_bin: ClassVar[bool] = True
    # False where another section of the search finds the pages.
    is_found_as_page: ClassVar[bool] = True
    # The field with which the page opens: its words describe a page that has no description of its own.
    intro_field: ClassVar[str] = ""

    search_fields: list = [*Page.search_fields, index.SearchField("search_description")]
    promote_panels: list = [
        MultiFieldPanel(
            ["slug", "seo_title", "search_description", "share_image"],
            heading=_("For search engines and sharing"),
        ),
        MultiFieldPanel(["show_in_menus"], heading=_("Navigation")),
    ]

    class Meta:
        abstract = True

    @classmethod
    def can_create_at(cls, parent: Page) -> bool:
        """Return whether it can be created there: what lies in the bin does not count against the most of its kind."""
        if cls.max_count is not None and outside(cls.objects.all()).count() < cls.max_count:
            return bool(cls.is_creatable and cls.can_exist_under(parent))
        return bool(super().can_create_at(parent))

    @property
    def meta_description(self) -> str:
        """What search engines and shared links say of the page."""
        return self.search_description or getattr(self, self.intro_field, "")

    @property
    def menu_title(self) -> str:
        """What menus call the page."""
        return self.title

    def get_admin_default_ordering(self) -> str | None:
        """Show the editor the children in the order of the site map: few to be moved, many in pages of the list."""
        return "ord" if self.numchild <= MOST_TO_MOVE else None

    def get_view_restrictions(self) -> models.QuerySet[PageViewRestriction]:
        """Return what restricts the page; without a query while nothing restricts any page."""
        return super().get_view_restrictions() if has_restrictions() else PageViewRestriction.objects.none()

    def serve(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Return the page, as `no-store` where it must not be cached."""
        response = super().serve(request, *args, **kwargs)
        if not self.is_cacheable:
            response.headers["Cache-Control"] = "no-store"
        return response


class HomePage(BasePage):
    """The home page; there is one."""

    intro_field: ClassVar[str] = "hero_text"
    goes_to_bin = False  # the site would have no root
    hero_heading = models.CharField(_("heading"), max_length=120, blank=True)
    hero_text = models.TextField(_("text"), max_length=400, blank=True)
    hero_image = optional_picture(
        _("picture"), _("Beside the heading. Without one a drawing of shelves stands there.")
    )
    hero_page = models.ForeignKey(
        Page,
        verbose_name=_("page of the button"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Where visitors should go first, such as the shop."),
    )
    hero_button = models.CharField(_("words of the button"), max_length=40, blank=True)
    body = StreamField(BodyBlock(), blank=True, verbose_name=_("body"))

    max_count = 1  # type: ignore[assignment]  # Wagtail declares None
    parent_page_types: ClassVar[list[str]] = ["wagtailcore.Page"]
    content_panels: list = [
        *Page.content_panels,
        MultiFieldPanel(
            ["hero_heading", "hero_text", "hero_page", "hero_button", "hero_image"], heading=_("Opening")
        ),
        "body",
    ]

    class Meta:
        verbose_name = _("home page")

    def clean(self) -> None:
        """Refuse a button that leads nowhere, or says nothing."""
        super().clean()
        if bool(self.hero_button.strip()) != bool(self.hero_page_id):
            name = "hero_page" if self.hero_button.strip() else "hero_button"
            raise ValidationError({name: _("A button needs a page and words.")})

    def route(self, request: HttpRequest, path_components: list[str]) -> RouteResult:
        """Find the page of a URL at any depth at once. The page found routes what is left of the URL."""
        if not path_components:
            # Not the one of the snapshot: threads would read one file of a picture that is still to be converted.
            page: Any = HomePage.objects.filter(pk=self.pk).first() or self
            return super(HomePage, page).route(request, path_components)
        found = find_page(self, path_components)
        if found is None:
            raise Http404
        page, rest = found
        return page.route(request, rest)


class ContentPage(BasePage):
    """A page of words and pictures: about us, delivery, how to care for things."""

    intro = models.TextField(_("introduction"), max_length=400, blank=True)
    body = StreamField(BodyBlock(), blank=True, verbose_name=_("body"))

    intro_field: ClassVar[str] = "intro"
    search_fields: list = [
        *BasePage.search_fields,
        index.SearchField("intro"),
        index.SearchField("body"),
    ]
    parent_page_types: ClassVar[list[str]] = ["home.HomePage", "home.ContentPage"]
    subpage_types: ClassVar[list[str]] = ["home.ContentPage"]
    content_panels: list = [*Page.content_panels, "intro", "body"]

    class Meta:
        verbose_name = _("content page")
        verbose_name_plural = _("content pages")

    @classmethod
    def below(cls, above: Page | None) -> PageQuerySet:
        """Return the pages below one that anybody may see, those that were published last first."""
        pages = cls.objects.live().descendant_of(above) if above else cls.objects.live()
        visible = pages.public() if has_restrictions() else pages
        return visible.order_by("-first_published_at", "-pk")

    @classmethod
    def cards_below(cls, above: Page | None, count: int) -> list[tuple["ContentPage", SiteImage | None]]:
        """Return the newest pages below one, each with its picture; the pictures in two queries."""
        pages = [*cls.below(above)[:count]]
        keys = {page.pk: page.share_image_id or page.first_picture for page in pages}
        pictures = SiteImage.objects.prefetch_related("renditions").in_bulk({*filter(None, keys.values())})
        return [(page, pictures.get(keys[page.pk])) for page in pages]

    @property
    def first_picture(self) -> int | None:
        """The key of the picture with which the page begins."""
        first = self.body.raw_data[0] if self.body else {}
        return first["value"]["image"] if first.get("type") == "image" else None

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Add to a page below another, such as news, the way up and the newest ones beside it."""
        above, newest = self._around()
        beside = [page for page in newest if page.pk != self.pk][:MOST_BESIDE]
        return {**super().get_context(request, *args, **kwargs), "above": above, "beside": beside}

    def _around(self) -> tuple["ContentPage | None", list["ContentPage"]]:
        """Return the content page above it and the newest ones below that, read once a snapshot."""
        path = self.path[: -self.steplen]

        def read() -> tuple["ContentPage | None", list["ContentPage"]]:
            above = ContentPage.objects.live().filter(path=path).defer_streamfields().first()
            below = ContentPage.below(above).defer_streamfields()[: MOST_BESIDE + 1] if above else []
            return above, [*below]

        return current().value(("around", path), read)
