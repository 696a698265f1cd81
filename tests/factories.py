"""Things that tests need, made through the site's own functions: publishing a page here is publishing it anywhere.

A function that makes a page publishes it. Every argument has a sensible default; a test names only what it is about.
"""

from __future__ import annotations

import uuid
from contextlib import nullcontext
from datetime import date, datetime
from io import BytesIO
from typing import Any

import time_machine
from cookie_consent.models import Cookie, CookieGroup
from django.apps import apps
from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.text import slugify
from PIL import Image
from wagtail.models import Site
from wagtail.test.utils.form_data import nested_form_data, streamfield

from home.models import HomePage, ServiceSettings, SiteImage, User
from policies.ledger import entries
from policies.models import (
    CookieDetails,
    CookiePolicyPage,
    Policy,
    PolicyPage,
    PolicyVersion,
    VersionWithdrawal,
)
from policies.text.markup import Body, plain_text
from policies.versions import publishing
from policies.versions.content import VersionContent

if apps.is_installed("store"):  # some tests run on a site without a shop
    from store.basket import contents
    from store.checkout import place_order
    from store.models import (
        Basket,
        CategoryPage,
        DeliveryCountry,
        Order,
        OrderEvent,
        OrderLine,
        ProductImage,
        ProductPage,
        ProductVariant,
        ShippingOption,
        ShopPage,
        ShopSettings,
        VatClass,
        VatRate,
        VatScheme,
    )
    from store.models.orders import new_number
    from store.payments import fulfilment
    from store.stock import movements

NOTICE_WORDS = {
    "notice_title": "Cookies here",
    "notice_text": "We count visits if you allow it.",
    "accept_label": "Accept all",
    "reject_label": "Reject all",
    "choose_label": "Choose",
    "save_label": "Save my choice",
}


def home_page() -> HomePage:
    """Return the home page that every new database has."""
    return HomePage.objects.get()


def policy_page(title: str = "House rules", *, body: str = "<p>Be kind.</p>", **fields: Any) -> PolicyPage:
    """Make a policy page that is not yet published. `body` is markup; a list is taken as blocks."""
    statement = {"change_summary": "The first version.", "change_kind": "material", "takes_effect": "now"}
    values = {"slug": slugify(title), "live": False, **statement, **fields}
    page = PolicyPage(title=title, body=_blocks(body), **values)
    return home_page().add_child(instance=page)


def publish(
    page: PolicyPage,
    *,
    body: str | list | None = None,
    summary: str = "What a test changed.",
    kind: str = "material",
    effective_from: datetime | None = None,
    user: User | None = None,
    page_kind: str | None = None,
    **fields: Any,
) -> PolicyVersion:
    """Publish a policy page as an editor does, and return the newest version of its policy.

    `kind` is that of the change, `page_kind` that of the policy. The draft starts from what holds when it takes effect,
    and its editor knows of all that is announced; both can be given.
    """
    draft = PolicyPage.objects.get(pk=page.pk).get_latest_revision_as_object()
    of = draft.find_policy()
    values = {
        "based_on": of and of.in_force(effective_from),
        "replaces": None,
        "undone_by": list(of.versions.values_list("number", flat=True)) if of else [],
        "editorial_reason": "A test says so." if kind == "editorial" else "",
        "change_summary": summary,
        "change_kind": kind,
        "takes_effect": "later" if effective_from else "now",
        "effective_from": effective_from,
        **fields,
    }
    if body is not None:
        values["body"] = _blocks(body)
    if page_kind is not None:
        values["kind"] = page_kind
    for name, value in values.items():
        setattr(draft, name, value)
    draft.save_revision(user=user).publish(user=user)
    policy = Policy.objects.get(pages=page.pk)
    return policy.versions.order_by("-number").first()


def policy_form(**values: str) -> dict[str, str]:
    """Give what the editor's form of a policy sends; single fields by keyword."""
    fields = {
        "title": "House rules",
        "slug": "house-rules",
        "kind": "other",
        "body": streamfield([("imported", "<p>Be kinder.</p>")]),
        "change_summary": "Kinder.",
        "change_kind": "material",
        "takes_effect": "now",
        "effective_from": "",
        "comments-TOTAL_FORMS": "0",
        "comments-INITIAL_FORMS": "0",
    }
    return nested_form_data({**fields, **values})


def policy(slug: str = "house-rules", *, kind: str = Policy.Kind.OTHER) -> Policy:
    """Make a policy without page and without versions."""
    return Policy.objects.create(slug=slug, kind=kind, title="House rules", language="en-gb")


def version(
    of: Policy,
    *,
    at: datetime | None = None,
    html: str = "<p>Be kind.</p>",
    title: str = "House rules",
    **fields: Any,
) -> PolicyVersion:
    """Record a version directly, in force from any time. It must differ from the one before it.

    It is recorded at the moment from which it holds, if that is past; if later ones exist, it counts as imported.
    """
    now = timezone.now()
    begin, newest = at or now, of.versions.newest()
    values = {
        "source": {"format": "test"},
        "effective_at": begin,
        "based_on": of.in_force(begin),
        "undone_by": list(of.versions.values_list("number", flat=True)),
        **fields,
    }
    if begin < now and newest and newest.recorded_at > begin and "import_sha256" not in fields:
        values["import_sha256"] = uuid.uuid4().hex * 2
    content = VersionContent(title=title, body=as_it_is(html), **values)
    with time_machine.travel(begin, tick=False) if begin < now else nullcontext():
        return publishing.record_version(policy=of, content=content)


def as_it_is(html: str) -> Body:
    """Return markup as the body of a draft, in whatever form it is written."""
    return Body(html, plain_text(html))


def withdraw(version: PolicyVersion) -> VersionWithdrawal:
    """Withdraw a version, even one that has taken effect."""
    made = VersionWithdrawal(
        version=version, withdrawn_at=timezone.now(), withdrawn_by="Editor", reason="A test withdrew it."
    )
    entries.enter(made, at=made.withdrawn_at)
    made.save()
    return made


def _blocks(body: str | list) -> list[tuple[str, Any]]:
    return [("imported", body)] if isinstance(body, str) else body


def declare_cookies(
    varname: str = "analytics", *names: str, is_required: bool = False, **details: Any
) -> CookieGroup:
    """Declare a category with cookies of these names; more details of the cookies by keyword."""
    group, _ = CookieGroup.objects.get_or_create(
        varname=varname,
        defaults={
            "name": varname.capitalize(),
            "description": f"What {varname} is for.",
            "is_required": is_required,
        },
    )
    for name in names or (f"{varname}_id",):
        cookie = Cookie.objects.create(cookiegroup=group, name=name, description=f"Purpose of {name}")
        CookieDetails.objects.create(
            cookie=cookie, **{"provider": "This site", "duration": "6 months", **details}
        )
    return group


def cookie_policy(**fields: Any) -> CookiePolicyPage:
    """Publish the cookie policy, or a new version of it, as the cookies are declared at the moment.

    Publishing again needs something that differs, as it does for editors.
    """
    page = CookiePolicyPage.objects.first()
    statement = {
        "change_summary": "What a test changed.",
        "change_kind": "material",
        "takes_effect": "later" if fields.get("effective_from") else "now",
    }
    values = {**statement, **fields}
    if values["change_kind"] == "editorial":
        values.setdefault("editorial_reason", "A test says so.")
    if page is None:
        words = {
            "title": "Cookie policy",
            "slug": "cookie-policy",
            "body": [("heading", _HEADING)],
            **NOTICE_WORDS,
        }
        page = CookiePolicyPage(live=False, **{**words, **values})
        home_page().add_child(instance=page)
    else:
        page = page.get_latest_revision_as_object()
        for name, value in values.items():
            setattr(page, name, value)
    page.save_revision().publish()
    return CookiePolicyPage.objects.get(pk=page.pk)


_HEADING = {"text": "What we keep in your browser", "level": "2"}


def outside_services(**fields: Any) -> ServiceSettings:
    """Set the outside services, as the owner does; nothing that the settings' own rules refuse."""
    site = Site.objects.get(is_default_site=True)
    services = ServiceSettings.objects.filter(site=site).first() or ServiceSettings(site=site)
    for name, value in fields.items():
        setattr(services, name, value)
    services.full_clean()
    services.save()
    return services


def product(
    title: str = "Enamel mug", *, sku: str = "MUG", name: str = "", price: int = 1250, on_hand: int = 10
) -> ProductVariant:
    """Publish a product with one variant, so many of which lie on the shelf."""
    shop = ShopPage.objects.first() or home_page().add_child(instance=ShopPage(title="Shop", slug="shop"))
    page = ProductPage(title=title, slug=slugify(f"{title} {sku}"), live=False)
    page.variants = [ProductVariant(sku=sku, name=name, price=price)]
    shop.add_child(instance=page)
    page.save_revision().publish()
    movements.receive(sku=sku, quantity=on_hand)
    return ProductVariant.objects.select_related("page").get(sku=sku)


def shipping(name: str = "Post", *, country: str = "GB", price: int = 395) -> ShippingOption:
    """Offer a way of sending to a country."""
    there, _ = DeliveryCountry.objects.get_or_create(code=country, defaults={"name": country})
    return ShippingOption.objects.create(country=there, name=name, price=price)


def vat(scheme: str = "rates", *, not_registered_note: str = "", **percents: float) -> ShopSettings:
    """State how the shop accounts for VAT; standard rates by country, the first of which is the shop's own."""
    for country, percent in percents.items():
        vat_rate(country, percent)
    number = {} if scheme == VatScheme.NOT_REGISTERED else {"vat_number": "GB999999973"}
    return shop_settings(
        vat_scheme=scheme,
        country=next(iter(percents), ""),
        not_registered_note=not_registered_note,
        **number,
    )


def shop_settings(**values: Any) -> ShopSettings:
    """Set the settings of the shop, as the owner does."""
    site = Site.objects.get(is_default_site=True)
    stated = ShopSettings.objects.filter(site=site).first() or ShopSettings(site=site)
    for name, value in values.items():
        setattr(stated, name, value)
    if stated.vat_scheme:  # nobody takes it back; a test may, to look at orders from before
        stated.full_clean()
    stated.save()
    return stated


def vat_rate(
    country: str, percent: float, *, vat_class: VatClass | None = None, valid_from: date = date(2020, 1, 1)
) -> VatRate:
    """Enter a rate; without a class it is the standard one."""
    rate = VatRate(country=country, percent=percent, vat_class=vat_class, valid_from=valid_from)
    rate.full_clean()
    rate.save()
    return rate


def basket(**quantities: int) -> Basket:
    """Fill a basket with so many of each SKU."""
    filled = Basket.objects.create()
    for sku, quantity in quantities.items():
        contents.add(basket=filled, sku=sku, quantity=quantity)
    return filled


def quote(of: Basket, option: ShippingOption | None = None) -> place_order.Quote:
    """Return what the review page would show of a basket."""
    return place_order.Quote(contents.look_up(of), option or ShippingOption.objects.get())


def placed_order(
    of: Basket | None = None,
    *,
    option: ShippingOption | None = None,
    email: str = "shopper@example.com",
    terms: PolicyVersion | None = None,
    privacy: PolicyVersion | None = None,
) -> Order:
    """Order what is in a basket, by default one mug, as the checkout does before it asks Stripe."""
    option = option or ShippingOption.objects.first() or shipping()
    of = of or basket(MUG=1)
    shown = quote(of, option).digest
    agreement = place_order.Agreement(shown_digest=shown, terms=terms, privacy=privacy)
    return place_order.place_order(basket=of, email=email, option=option, agreement=agreement)


def awaiting_order(of: Basket | None = None, **choices: Any) -> Order:
    """Order what is in a basket, by default two mugs, and open its payment page at the sandbox."""
    order = placed_order(of or basket(MUG=2), **choices)
    fulfilment.start_payment(order=order)
    order.refresh_from_db()
    return order


def cancel(order: Order) -> None:
    """Come back from the payment page without having paid."""
    fulfilment.cancel(order=order, by=OrderEvent.By.SHOPPER, reason=OrderEvent.Reason.CAME_BACK)


def order_without_hold(**quantities: int) -> Order:
    """Write down an order of these SKUs for which nothing is held yet."""
    order = Order.objects.create(
        number=new_number(),
        email="shopper@example.com",
        currency="GBP",
        subtotal=0,
        shipping=0,
        total=0,
        country="GB",
        shipping_name="Post",
        placed_at=timezone.now(),
    )
    OrderLine.objects.bulk_create(
        OrderLine(order=order, sku=sku, title=sku, unit_price=0, quantity=quantity)
        for sku, quantity in quantities.items()
    )
    return order


def category(title: str = "Kitchen", *pages: ProductPage) -> CategoryPage:
    """Publish a category of the shop with these products."""
    made = CategoryPage(title=title, slug=title.lower(), intro="For every day.", live=False)
    ShopPage.objects.get().add_child(instance=made)
    made.save_revision().publish()
    made.products.add(*pages)
    return CategoryPage.objects.get(pk=made.pk)


def add_pictures(page: ProductPage, *, count: int) -> None:
    """Give a product so many pictures, a colour each."""
    for number in range(count):
        data = BytesIO()
        Image.new("RGB", (64, 48), (number, 80, 80)).save(data, "PNG")
        file = ContentFile(data.getvalue(), f"{page.slug}-{number}.png")
        picture = SiteImage.objects.create(title=f"{page.slug} {number}", file=file)
        ProductImage.objects.create(page=page, image=picture, sort_order=number)
