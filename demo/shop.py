"""The demo's shop: its page, products with drawn pictures, their stock, and where it delivers.

Words and figures are in texts/products.md and pictures.txt; this module only reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Any

from django.utils import timezone
from wagtail.models import Page, Site
from wagtail.rich_text import RichText

from demo import images, pages, texts
from demo.frozen_time import frozen_time
from home.models import HomePage, User
from store.catalogue import options
from store.models import (
    CategoryPage,
    DeliveryCountry,
    ProductImage,
    ProductOption,
    ProductPage,
    ProductVariant,
    RelatedProduct,
    ShippingOption,
    ShopPage,
    ShopSettings,
    VatRate,
    VatScheme,
)
from store.models.availability import Availability
from store.stock import movements

# Before the month of orders, so that there was something to sell.
OPENED = timedelta(days=60)
VAT_NUMBER = "GB999999973"  # nobody has it
WITHDRAWAL_DAYS = 30  # longer than the law asks for
VAT_PERCENT, VAT_SINCE = 20, date(2011, 1, 4)
EXPORTED = "Export from the United Kingdom: zero-rated, section 30(6) of the Value Added Tax Act 1994."
# country: (name, [(way, price in minor units, days at least, days at most)])
DELIVERY: dict[str, tuple[str, list[tuple[str, int, int, int]]]] = {
    "GB": ("United Kingdom", [("Postage", 390, 2, 4), ("Courier", 750, 1, 1)]),
    "IE": ("Ireland", [("Postage", 990, 4, 7)]),
    "DE": ("Germany", [("Postage", 1250, 5, 9)]),
    "FR": ("France", [("Postage", 1250, 5, 9)]),
}
COLLECT_AT = "At our workshop, 1 Example Street, Exampleton\nTuesday to Friday, 10 to 16"


@dataclass
class Variant:
    """One line `variant: SKU | name | price | on the shelf today`."""

    sku: str
    name: str
    price: int
    on_hand: int
    picture: str = ""


@dataclass
class Product:
    """One section of texts/products.md."""

    title: str
    slug: str = ""
    summary: str = ""
    stated: dict[str, Any] = field(default_factory=dict)  # of its page
    pictures: list[str] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    description: str = ""
    category: str = ""
    related: list[str] = field(default_factory=list)
    options: list[tuple[str, str]] = field(default_factory=list)
    parcel: dict[str, str | int] = field(default_factory=dict)  # weight, hs_code, origin of each variant


def create(*, home: HomePage, editor: User, to_be_sold: Mapping[str, int]) -> None:
    """Create what is missing of the range, its stock and the ways of sending.

    What is to be sold in the demo's orders lies on the shelf at first, beside what shall be left.
    """
    settings()
    _delivery()
    pages.add_child(home, _shop(), editor)
    shop = ShopPage.objects.get()
    present = set(shop.get_children().values_list("slug", flat=True))
    for title, body in texts.sections(texts.read("categories.md")):
        head, _, intro = body.partition("\n\n")
        category = CategoryPage(title=title, slug=head.removeprefix("slug: "), intro=intro.strip())
        pages.add_child(shop, category, editor)
    added = [product for product in products() if product.slug not in present]
    page_of = {product.slug: _product(shop, product, editor) for product in added}
    for product in added:
        others = ProductPage.objects.filter(slug__in=product.related)
        _publish(
            page_of[product.slug], sorted(others, key=lambda page: product.related.index(page.slug)), editor
        )
        _stock(product, editor, to_be_sold)


def products() -> list[Product]:
    """Read the range."""
    return [_read(title, body) for title, body in texts.sections(texts.read("products.md"))]


def _read(title: str, body: str) -> Product:
    head, _, description = body.partition("\n\n")
    product = Product(title, description=texts.html(description))
    for line in head.splitlines():
        key, _, value = line.partition(": ")
        match key:
            case "variant":
                sku, name, price, on_hand, *picture = (part.strip() for part in value.split("|"))
                product.variants.append(Variant(sku, name, int(price), int(on_hand), *picture))
            case "option":
                name, _, values = value.partition(" | ")
                product.options.append((name, values))
            case "parcel":
                weight, hs_code, origin = value.split(" | ")
                product.parcel = {"weight": int(weight), "hs_code": hs_code, "origin": origin}
            case "pictures" | "related":
                setattr(product, key, value.split())
            case "slug" | "summary" | "category":
                setattr(product, key, value)
            case "most":
                product.stated["most_in_one_order"] = int(value)
            case "text":
                label, length, price = (part.strip() for part in value.split("|"))
                product.stated |= {"text_label": label, "text_length": int(length), "text_price": int(price)}
            case "availability":
                product.stated |= _availability(*value.split(" in "))
    return product


def _availability(what: str, days: str = "0") -> dict[str, Any]:
    match Availability(what):
        case Availability.COMING:
            return {"availability": what, "available_on": timezone.localdate() + timedelta(days=int(days))}
        case Availability.TO_ORDER:
            return {"availability": what, "made_in_days": int(days)}
    return {"availability": what}


def _shop() -> ShopPage:
    title, rest = texts.title_and_rest(texts.read("shop.md"))
    intro, rest = texts.lead_and_rest(rest)
    body = [("paragraph", RichText(texts.html(rest)))]
    return ShopPage(title=title, slug="shop", intro=intro, body=body, show_in_menus=True)


def _product(shop: Page, product: Product, editor: User) -> ProductPage:
    page = ProductPage(
        title=product.title,
        slug=product.slug,
        summary=product.summary,
        description=product.description,
        search_description=product.summary,
        **product.stated,
        owner=editor,
        live=False,
        combinations_made=options.combinations(
            [options.values_of(values) for _name, values in product.options], made=(), others=0
        ),
    )
    page.categories.set(CategoryPage.objects.filter(slug=product.category))
    page.options.set(
        [
            ProductOption(sort_order=order, name=name, values=values)
            for order, (name, values) in enumerate(product.options)
        ]
    )
    page.variants.set(
        [_variant(product, variant, order, editor) for order, variant in enumerate(product.variants)]
    )
    page.images.set(
        [
            ProductImage(sort_order=order, image=images.drawn(name, editor))
            for order, name in enumerate(product.pictures)
        ]
    )
    shop.add_child(instance=page)
    return page


def _variant(product: Product, variant: Variant, order: int, editor: User) -> ProductVariant:
    return ProductVariant(
        sort_order=order,
        sku=variant.sku,
        name=variant.name,
        price=variant.price,
        picture=images.drawn(variant.picture, editor) if variant.picture else None,
        **product.parcel,
    )


def _publish(page: ProductPage, related: list[ProductPage], editor: User) -> None:
    page.related.set([RelatedProduct(product=other, sort_order=place) for place, other in enumerate(related)])
    page.save_revision(user=editor).publish(user=editor)


def _stock(product: Product, editor: User, to_be_sold: Mapping[str, int]) -> None:
    with frozen_time(timezone.now() - OPENED):
        for variant in product.variants:
            if opening := variant.on_hand + to_be_sold.get(variant.sku, 0):
                movements.receive(sku=variant.sku, quantity=opening, by=editor, note="Opening stock")


def settings() -> None:
    """State how the shop sells: before its terms, which print the days to withdraw."""
    if ShopSettings.objects.exists():
        return
    VatRate.objects.create(country="GB", percent=VAT_PERCENT, valid_from=VAT_SINCE)
    site = Site.objects.get(is_default_site=True)
    ShopSettings.objects.create(
        site=site,
        vat_scheme=VatScheme.RATES,
        country="GB",
        vat_number=VAT_NUMBER,
        withdrawal_days=WITHDRAWAL_DAYS,
        cut_off=time(14),
    )


def _delivery() -> None:
    if DeliveryCountry.objects.exists():
        return
    for order, (code, (name, ways)) in enumerate(DELIVERY.items()):
        vat = {} if code == "GB" else {"vat": DeliveryCountry.Vat.NONE, "vat_note": EXPORTED}
        country = DeliveryCountry.objects.create(code=code, name=name, ordering=order, **vat)
        for way, price, least, most in ways:
            ShippingOption.objects.create(
                country=country, name=way, price=price, min_days=least, max_days=most
            )
    collection = {
        "name": "Collect",
        "price": 0,
        "kind": ShippingOption.Kind.COLLECTION,
        "collect_at": COLLECT_AT,
    }
    here = DeliveryCountry.objects.get(code="GB")
    ShippingOption.objects.create(country=here, min_days=1, max_days=1, **collection)
