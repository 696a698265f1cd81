"""Products, and what lists and pages show of them with their variants. Stock is not page content: see `stock`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, ObjectList, TitleFieldPanel
from wagtail.admin.widgets import AdminAutoHeightTextInput
from wagtail.fields import RichTextField
from wagtail.models import Orderable, PageManager
from wagtail.query import PageQuerySet
from wagtail.search import index

from home.blocks import TEXT_FEATURES
from home.models import BasePage, SiteImage
from home.models.pages import has_restrictions
from home.page_cache.reads import depends_on
from store.catalogue import options, pictures
from store.catalogue.forms import ProductPageForm
from store.catalogue.variant_form import Count, VariantsPanel
from store.models.availability import Availability, StatedAvailability
from store.models.baskets import MAX_QUANTITY
from store.models.personal_texts import PersonalText
from store.models.settings import ShopSettings
from store.models.shipping import Consignment
from store.models.stock import StockItem
from store.models.variants import ProductVariant
from store.models.withdrawal import Withdrawal

K = TypeVar("K")


def most_of_any_item() -> int:
    """Return how many of one item an order can have at most, whatever its product says."""
    return min(settings.MOST_UNPAID_ITEMS, MAX_QUANTITY)


class ProductQuerySet(PageQuerySet):
    def on_sale(self) -> "ProductQuerySet":
        """Return the products that anybody can see: published, without view restriction."""
        return self.live().public() if has_restrictions() else self.live()

    def listed(self) -> "ProductQuerySet":
        """Return those that the shop lists: what is discontinued keeps its page only."""
        return self.on_sale().exclude(availability=Availability.ENDED)

    def sold_by_stock(self) -> "ProductQuerySet":
        """Return those of which the stock decides whether they can be bought."""
        return self.filter(_is_sold_by_stock())

    def available(self) -> "ProductQuerySet":
        """Return those of which something can be bought now."""
        depends_on("shop")
        offered = ProductVariant.objects.filter(page=OuterRef("pk")).exclude(sku="")
        there = StockItem.objects.filter(sku=OuterRef("sku"), on_hand__gt=F("held"))
        in_stock = _is_sold_by_stock() & Exists(offered.filter(Exists(there)))
        return self.filter(in_stock | Q(availability=Availability.TO_ORDER) & Exists(offered))

    def priced(self, *, lowest: int | None, highest: int | None) -> "ProductQuerySet":
        """Return those that have a variant within these prices."""
        if lowest is highest is None:
            return self
        offered = ProductVariant.objects.exclude(sku="").filter(_within("price", lowest, highest))
        return self.filter(pk__in=offered.values("page"))

    def by_price(
        self, *, lowest: int | None, highest: int | None, descending: bool = False
    ) -> "ProductQuerySet":
        """Return those that have a variant within these prices, by the cheapest of these variants.

        The order is that of the variants in the index of prices: no price of a product has to be found first.
        """
        others = ProductVariant.objects.filter(page=OuterRef("pk")).exclude(sku="")
        is_cheaper = Q(price__lt=OuterRef("offered__price"))
        is_cheaper |= Q(price=OuterRef("offered__price"), pk__lt=OuterRef("offered__pk"))
        found = self.alias(offered=FilteredRelation("variants", condition=~Q(variants__sku="")))
        found = found.filter(
            _within("offered__price", lowest, highest),
            ~Exists(others.filter(is_cheaper, _within("price", lowest, highest))),
            offered__isnull=False,
        )
        sign = "-" if descending else ""
        return found.order_by(f"{sign}offered__price", f"{sign}pk")


def _is_sold_by_stock() -> Q:
    come = Q(availability=Availability.COMING, available_on__lte=timezone.localdate())
    return Q(availability=Availability.STOCK) | come


def _within(name: str, lowest: int | None, highest: int | None) -> Q:
    limits = {f"{name}__gte": lowest, f"{name}__lte": highest}
    return Q(**{limit: price for limit, price in limits.items() if price is not None})


class ProductPage(StatedAvailability, PersonalText, BasePage):
    """A product. Its URL is below the shop's."""

    summary = models.CharField(
        _("in one line"), max_length=160, blank=True, help_text=_("Shown in the shop below the name.")
    )
    description = RichTextField(_("description"), features=TEXT_FEATURES, blank=True)
    vat_class = models.ForeignKey(
        "store.VatClass",
        verbose_name=_("VAT class"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    withdrawal = models.CharField(
        _("right of withdrawal"), max_length=10, choices=Withdrawal.choices, default=Withdrawal.APPLIES
    )
    most_in_one_order = models.PositiveSmallIntegerField(
        _("most in one order"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(most_of_any_item)],
    )

    categories = ParentalManyToManyField(
        "store.CategoryPage", blank=True, related_name="products", verbose_name=_("categories")
    )
    # The combinations of options of which variants were made once: who deletes or renames one does not get it again.
    combinations_made = models.JSONField(default=list, editable=False)

    counts: Sequence[Count] = ()  # from the editor's form, until they are saved
    intro_field: ClassVar[str] = "summary"
    is_found_as_page = False
    search_fields: list = [
        *BasePage.search_fields,
        index.SearchField("summary"),
        index.SearchField("description"),
    ]
    objects: ClassVar = PageManager.from_queryset(ProductQuerySet)()
    parent_page_types: ClassVar[list[str]] = ["store.ShopPage"]
    subpage_types: ClassVar[list[str]] = []
    base_form_class = ProductPageForm
    # What it is, and beside it how it is sold: static/css/admin/forms.css.
    main_panels: ClassVar[list] = [
        TitleFieldPanel("title", help_text=_("As shoppers read it."), placeholder=_("Name*")),
        FieldPanel("summary", widget=AdminAutoHeightTextInput(attrs={"rows": 1})),
        FieldPanel("description"),
        *StatedAvailability.availability_panels,
        VariantsPanel("variants", label=_("variant"), heading=_("Variants"), min_num=1),
        InlinePanel("images", label=_("picture"), heading=_("Pictures")),
        InlinePanel(
            "options",
            label=_("option"),
            heading=_("Options"),
            max_num=options.MOST_OPTIONS,
            classname="collapsed",
            help_text=_(
                "Saving makes a variant of each combination, at the price of the first variant. Others stay as they "
                "are, and those that you delete do not come back."
            ),
        ),
        PersonalText.text_panel,
        InlinePanel(
            "related", label=_("product"), heading=_("Related products"), max_num=6, classname="collapsed"
        ),
    ]
    side_panels: ClassVar[list] = [
        FieldPanel("categories", widget=CheckboxSelectMultiple),
        FieldPanel("vat_class"),
        FieldPanel("withdrawal"),
        FieldPanel(
            "most_in_one_order",
            help_text=format_lazy(
                _("Of each variant, so that nobody holds them all without paying. Empty: {most}."),
                most=settings.MOST_OF_ONE_ITEM,
            ),
        ),
    ]
    content_panels: list = [
        ObjectList(main_panels, classname="form-main"),
        ObjectList(side_panels, classname="form-beside"),
    ]

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")

    @property
    def most(self) -> int:
        """How many of each variant one order can have."""
        return min(self.most_in_one_order or settings.MOST_OF_ONE_ITEM, most_of_any_item())

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        variants = _with_pictures(self.variants.all(), "picture")
        product = Product(page=self, variants=sellable_variants(variants, [self]))
        return {**context, "product": product, "og_type": "product", **self._gallery(variants)}

    def _gallery(self, variants: Iterable["ProductVariant"]) -> dict[str, Any]:
        """Return the pictures of the product, then those of variants, each once: as markup, and photographs as URLs."""
        wanted: dict[int, tuple[SiteImage, str]] = {}
        for one in _with_pictures(self.images.all(), "image"):
            wanted.setdefault(
                one.image_id, (one.image, one.description or one.image.description or self.title)
            )
        for variant in variants:
            if variant.picture and variant.sku:
                words = variant.picture.description or f"{self.title}, {variant}"
                wanted.setdefault(variant.picture.pk, (variant.picture, words))
        markup = pictures.rendered([*wanted.values()], size="large", eager=1)
        urls = pictures.rendered([*wanted.values()], size="url")
        return {
            "pictures": [*zip(wanted, markup, strict=True)],
            "photos": [url.strip() for url in urls if url.strip()],
        }

    def copy_all_child_relations(self, target: "ProductPage", *args: Any, **kwargs: Any) -> dict[Any, Any]:
        """Copy variants and pictures without SKUs: a SKU belongs to one product."""
        copies = super().copy_all_child_relations(target, *args, **kwargs)
        for variant in target.variants.all():
            variant.sku = ""
        return copies

    def with_content_json(self, content: dict[str, Any]) -> "ProductPage":
        """Read a revision, without the SKUs that belong to another product by now."""
        page = super().with_content_json(content)
        variants = page.variants.all()
        elsewhere = ProductVariant.objects.exclude(page_id=self.pk).exclude(sku="")
        taken = set(
            elsewhere.filter(sku__in=[variant.sku for variant in variants]).values_list("sku", flat=True)
        )
        for variant in variants:
            if variant.sku in taken:
                variant.sku = ""
        return page


class ProductImage(Orderable):
    page = ParentalKey(ProductPage, on_delete=models.CASCADE, related_name="images")
    image = models.ForeignKey(
        "home.SiteImage", on_delete=models.CASCADE, related_name="+", verbose_name=_("picture")
    )
    description = models.CharField(
        _("what is seen"),
        max_length=255,
        blank=True,
        default="",
        help_text=_("For those who do not see it. Left empty: the description of the picture."),
    )

    panels: ClassVar[list] = [FieldPanel("image"), FieldPanel("description")]

    def clean(self) -> None:
        """Ask for a description, also of a picture that was uploaded when none was asked for."""
        super().clean()
        if self.image_id and not (self.description or self.image.description):
            raise ValidationError({"description": _("Describe the picture for those who do not see it.")})


class ProductOption(Orderable):
    """What can be chosen of a product, such as its size, with the values of which variants are made."""

    page = ParentalKey(ProductPage, on_delete=models.CASCADE, related_name="options")
    name = models.CharField(_("name"), max_length=40, help_text=_("Size"))
    values = models.CharField(
        _("values"), max_length=1000, help_text=_("A5, A4"), validators=[options.validate_values]
    )

    panels: ClassVar[list] = [FieldRowPanel([FieldPanel("name"), FieldPanel("values")])]


class RelatedProduct(Orderable):
    """A product that is shown below another."""

    page = ParentalKey(ProductPage, on_delete=models.CASCADE, related_name="related")
    product = models.ForeignKey(
        ProductPage, on_delete=models.CASCADE, related_name="shown_below", verbose_name=_("product")
    )

    panels: ClassVar[list] = [FieldPanel("product")]


@dataclass(frozen=True, kw_only=True)
class SellableVariant:
    """A variant that has a SKU, and how many of it can be bought now."""

    variant: ProductVariant
    available: int

    @property
    def is_sold_out(self) -> bool:
        return self.available <= 0

    @property
    def is_low(self) -> bool:
        """So few are available that the shopper is told how many."""
        return 0 < self.available <= ShopSettings.shown().low_stock


@dataclass(frozen=True, kw_only=True)
class Product:
    """A product as its page and the shop's page show it."""

    page: ProductPage
    variants: tuple[SellableVariant, ...]
    picture: SafeString | str = ""  # the first, in lists
    least: int = 0  # price that is looked for, minor units

    @property
    def from_price(self) -> int:
        """The lowest price of those that are looked for, minor units."""
        prices = (choice.variant.price for choice in self.variants)
        return min((price for price in prices if price >= self.least), default=0)

    @property
    def has_several_prices(self) -> bool:
        """Its variants have different prices."""
        return len({choice.variant.price for choice in self.variants}) > 1

    @property
    def consignments(self) -> list[Consignment]:
        """Each variant alone, first of that which is selected at first."""
        variants = [
            choice.variant for choice in sorted(self.variants, key=lambda one: one is not self.first_choice)
        ]
        return [Consignment(variant.price, variant.weight or 0) for variant in variants]

    @property
    def is_sold_out(self) -> bool:
        return all(choice.is_sold_out for choice in self.variants)

    @property
    def first_choice(self) -> SellableVariant | None:
        """What is selected at first: the first variant that is available."""
        return next((choice for choice in self.variants if not choice.is_sold_out), None)


def _with_pictures(parts: Any, name: str) -> Any:
    """Read the pictures of parts of a product with them; those of a draft are no rows."""
    return parts.select_related(name) if isinstance(parts, models.QuerySet) else parts


def sellable_variants(
    variants: Iterable[ProductVariant], pages: Iterable[ProductPage]
) -> tuple[SellableVariant, ...]:
    """Return the variants of these pages that have a SKU with their stock, in one query."""
    page_of = {page.pk: page for page in pages}
    sold = [variant for variant in variants if variant.sku]
    free = StockItem.objects.available(variant.sku for variant in sold)
    return tuple(
        SellableVariant(variant=variant, available=page_of[variant.page_id].sellable(free[variant.sku]))
        for variant in sold
    )


def first_images(pages: Iterable[ProductPage | int]) -> dict[int, SiteImage]:
    """Return each product's first picture, by the key of its page, in one query."""
    of_page = models.OuterRef("page")
    first = ProductImage.objects.filter(page=of_page).order_by("sort_order", "pk").values("pk")[:1]
    found = ProductImage.objects.filter(page__in=pages, pk=models.Subquery(first)).select_related("image")
    return {one.page_id: one.image for one in found.order_by("page__path")}


def images_of(variants: Iterable[ProductVariant]) -> dict[str, SiteImage]:
    """Return the picture of each variant, else the first of its product, by SKU; the variants know their pictures."""
    variants = list(variants)
    first = first_images(variant.page_id for variant in variants)
    found = {variant.sku: variant.picture or first.get(variant.page_id) for variant in variants}
    return {sku: image for sku, image in found.items() if image}


def decorative(image_of: Mapping[K, SiteImage], *, size: str, eager: int = 0) -> dict[K, SafeString]:
    """Return the markup of pictures in lists, where the name beside them says what they are."""
    markup = pictures.rendered([(image, "") for image in image_of.values()], size=size, eager=eager)
    return dict(zip(image_of, markup, strict=True))


def on_display(pages: Sequence[ProductPage], *, eager: int = 1, least: int = 0) -> list[Product]:
    """Return published products as a list shows them, in four queries: variants, stock, pictures, new renditions.

    Of a list that is narrowed to prices from `least` on, each has the lowest of these.
    """
    picture_of = decorative(first_images(pages), size="card", eager=eager)
    variants: dict[int, list[SellableVariant]] = {page.pk: [] for page in pages}
    for choice in sellable_variants(ProductVariant.objects.filter(page__in=pages), pages):
        variants[choice.variant.page_id].append(choice)
    return [
        Product(
            page=page, variants=tuple(variants[page.pk]), picture=picture_of.get(page.pk, ""), least=least
        )
        for page in pages
    ]
