"""What is measured: every public page and every staff screen, with filters, orders, searches and pages of lists."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from django.test import Client
from django.utils import timezone
from post_office.models import Email
from wagtail.models import Page

from bench.growth_data import STAFF
from forms.inbox.asked_about import AskedAboutView
from forms.inbox.ratings import RatingsView
from forms.models import FormPage, Submission
from home.models import User
from home.site_map import PagesSitemap, PartsByNumber
from policies.models import ConsentRecord, Policy, PolicyVersion
from store.models import (
    Basket,
    CategoryPage,
    Document,
    Offer,
    Order,
    ProductPage,
    ShopPage,
    StockItem,
    StripeEvent,
)
from store.models.shop_pages import PRODUCTS_A_PAGE
from tests import factories

Request = Callable[[], Any]


def screens() -> dict[str, Request]:
    """Return each by its name."""
    staff = Client(SERVER_NAME="localhost")
    staff.force_login(User.objects.get(email=STAFF), "django.contrib.auth.backends.ModelBackend")
    public = {f"{name}": partial(Client(SERVER_NAME="localhost").get, url) for name, url in _public()}
    basket = Client(SERVER_NAME="localhost")
    basket.cookies["basket"] = _basket().token
    shopping = {
        name: partial(basket.get, url) for name, url in (("basket", "/basket/"), ("checkout", "/checkout/"))
    }
    screens = {f"admin: {name}": partial(staff.get, f"/admin/{url}") for name, url in _staff()}
    files = {
        f"admin: {name}": partial(staff.post, f"/admin/{url}", {"text": text}) for name, url, text in _files()
    }
    return {**public, **shopping, **screens, **files}


def _basket() -> Basket:
    return Basket.objects.first() or factories.basket(**{"SKU-3-0": 1})


def _public() -> Iterator[tuple[str, str]]:
    last = ProductPage.objects.live().latest("path")
    policy = "/privacy-policy/"
    yield "home", "/"
    yield "shop", "/shop/"
    yield "shop, second page", "/shop/?page=2"
    pages = -(-ProductPage.objects.live().count() // PRODUCTS_A_PAGE)
    yield "shop, last page", f"/shop/?page={pages}" if pages > 1 else "/shop/"
    yield "shop, lowest price first", "/shop/?sort=price"
    yield "shop, in stock by name", "/shop/?sort=name&available=1"
    yield "search", "/search/?q=prod+1"
    yield "product", last.url
    category = CategoryPage.objects.latest("path")
    yield "category", category.url
    pages = -(-category.products.count() // PRODUCTS_A_PAGE)
    yield "category, last page", f"{category.url}?page={pages}" if pages > 1 else category.url
    yield "finding orders", "/orders/find/"
    yield "form", "/contact/"
    yield "policy", policy
    yield "policy, versions", f"{policy}versions/"
    yield "policy, a version", f"{policy}versions/1/"
    yield "policy, a day", f"{policy}on/{timezone.localdate() - timedelta(days=300)}/"
    yield "policy, comparison", f"{policy}compare/1/2/"
    yield "policy, feed", f"{policy}feed/"
    yield "policy, proof of a version", f"{policy}versions/1/proof.json"
    yield "cookies", "/cookies/"
    yield "order", Order.objects.latest("pk").get_absolute_url()
    yield "order, proof", f"{Order.objects.earliest('pk').get_absolute_url()}proof.json"
    yield "ledger", "/.well-known/policy-ledger.json"
    yield "site map", "/sitemap.xml"
    parts = PartsByNumber(Page.objects.all(), PagesSitemap.limit).num_pages
    yield "site map, last part", f"/sitemap-pages-{parts}.xml"
    yield "site map, policies", "/sitemap-policies-1.xml"
    yield "readyz", "/readyz/"


def _staff() -> Iterator[tuple[str, str]]:
    yield "dashboard", ""
    yield from _pages()
    yield from _lists()
    yield from _policies()
    yield "bin", "bin/"
    yield "users", "users/"
    yield "site history", "reports/site-history/"
    yield "report: locked pages", "reports/locked/"
    yield "report: page types", "reports/page-types-usage/"
    yield "report: aging pages", "reports/aging-pages/"


def _pages() -> Iterator[tuple[str, str]]:
    shop, product = ShopPage.objects.get(), ProductPage.objects.latest("path")
    explore = f"pages/{shop.pk}/"
    yield "explorer of the shop", explore
    yield "explorer, second page", f"{explore}?p=2"
    yield "explorer by title", f"{explore}?ordering=title"
    yield "explorer by date", f"{explore}?ordering=-latest_revision_created_at"
    yield "explorer, search", f"{explore}?q=Product+5"
    yield "explorer, search for one", f"{explore}?q={product.title.split()[-1]}"
    yield "explorer of the home page", f"pages/{Page.objects.get(depth=2).pk}/"
    yield "search of pages", f"pages/search/?q={product.title.split()[-1]}"
    yield "editor of a product", f"pages/{product.pk}/edit/"
    yield "editor of the shop", f"pages/{shop.pk}/edit/"
    yield "usage of a product", f"pages/{product.pk}/usage/"
    yield "page chooser", f"choose-page/{shop.pk}/"
    yield "page chooser, search", "choose-page/search/?q=product"
    kind = "page_type=store.productpage"
    yield "chooser of products", f"choose-page/{shop.pk}/?{kind}"
    yield "chooser of products, search", f"choose-page/search/?{kind}&q=product"
    yield "images", "images/"
    yield "images, search", "images/?q=Picture+5"
    yield "image chooser", "images/chooser/"


def _lists() -> Iterator[tuple[str, str]]:
    yield from _orders()
    yield from _papers()
    yield from _products()
    event, last_order = StripeEvent.objects.latest("pk"), Order.objects.latest("pk")
    year_ago = timezone.localdate() - timedelta(days=365)
    yield "Stripe events", "stripe-events/"
    yield "Stripe events, failed", "stripe-events/?outcome=failed"
    yield "Stripe events of a type", "stripe-events/?type=nothing"
    yield "Stripe events, real", "stripe-events/?livemode=true"
    yield "Stripe events by type", "stripe-events/?ordering=type"
    yield "Stripe events, search", f"stripe-events/?q={event.event_id}"
    yield "Stripe event", f"stripe-events/inspect/{event.pk}/"
    yield "mails", "mails/"
    yield "mails, failed", "mails/?status=1"
    yield "mails, search", f"mails/?q={last_order.email}"
    yield "mail", f"mails/inspect/{Email.objects.latest('pk').pk}/"
    form, message = FormPage.objects.get(), Submission.objects.earliest("pk")
    yield "messages", "messages/"
    yield "messages, all", "messages/?status=all"
    yield "messages of a form", f"messages/?page={form.pk}"
    yield "messages, page 20", "messages/?status=all&p=20"
    yield "messages, oldest first", "messages/?status=all&ordering=submit_time"
    yield (
        "messages of a week",
        f"messages/?submit_time_from={year_ago}&submit_time_to={year_ago + timedelta(days=7)}",
    )
    for months in RatingsView.periods:
        yield f"ratings, {months} months", f"messages/ratings/?period={months}"
    for days in AskedAboutView.periods:
        yield f"asked about, {days} days", f"messages/asked-about/?period={days}"
    yield "messages of nobody", "messages/?assigned=nobody"
    yield "messages, search", "messages/?q=visitor"
    yield "messages, search for a reference", f"messages/?q={message.reference}"
    yield "message", f"messages/inspect/{message.pk}/"
    yield "proof of a message", f"messages/{message.pk}/proof/"


def _orders() -> Iterator[tuple[str, str]]:
    order, year_ago = Order.objects.latest("pk"), timezone.localdate() - timedelta(days=365)
    yield "orders", "orders/"
    yield "orders, page 20", "orders/?p=20"
    for status in ("paid", "sent", "expired", "processing"):
        yield f"orders, {status}", f"orders/?status={status}"
    yield "orders, need attention", "orders/?needs_attention=true"
    yield "orders of a country", "orders/?country=GB"
    yield "orders of no country", "orders/?country=XX"
    yield "orders of a week", f"orders/?placed_at_from={year_ago}&placed_at_to={year_ago + timedelta(days=7)}"
    yield "orders by status", "orders/?ordering=status"
    yield "orders by number", "orders/?ordering=number"
    yield "orders, oldest first", "orders/?ordering=placed_at"
    for name, words in (
        ("number", order.number),
        ("e-mail", order.email),
        ("name", order.customer_name),
        ("session", order.session_id),
        ("nothing", "nobody"),
        ("many", "shopper"),
    ):
        yield f"orders, search by {name}", f"orders/?q={words}"
    yield "order", f"orders/inspect/{order.pk}/"
    yield "orders, need attention, as CSV", "orders/?needs_attention=true&export=csv"
    yield "packing slip", f"orders/{order.pk}/packing-slip/"
    yield "address", f"orders/{order.pk}/address/"
    yield "parcels", f"orders/{Order.objects.filter(status='sent').latest('pk').pk}/parcels/"
    yield "e-mails of orders", "orders/mails/"
    yield "payment health", "payment-health/"
    offer = Offer.objects.latest("pk")
    yield "offers", "offers/"
    yield "offers, search", f"offers/?q={offer.email}"
    yield "offer", f"offers/inspect/{offer.pk}/"
    yield "offer, new", "offers/new/"
    for name in ("carriers", "delivery-countries", "shipping-options", "redirects"):
        yield name, f"{name}/"


def _products() -> Iterator[tuple[str, str]]:
    product = ProductPage.objects.latest("path")
    yield "products", "products/"
    yield "products, page 20", "products/?p=20"
    yield "products by price", "products/?ordering=lowest_price"
    yield "products, sold out", "products/?state=sold_out"
    yield "products, low", "products/?state=low"
    yield "products, drafts", "products/?state=draft"
    yield "products by stock", "products/?ordering=available"
    yield "products, search", f"products/?q={product.title.split()[-1]}"
    yield "products, search by SKU", f"products/?q={product.variants.first().sku}"
    yield "products, search for many", "products/?q=product"
    item = StockItem.objects.latest("pk")
    yield "stock", "stock/"
    yield "stock by number", "stock/?ordering=-on_hand"
    yield "stock, search", f"stock/?q={item.sku}"
    yield "stock, low", "stock/?state=low"
    yield "stock, sold out", "stock/?state=sold_out"
    yield "stock item", f"stock/inspect/{item.pk}/"


def _papers() -> Iterator[tuple[str, str]]:
    paper = Document.objects.earliest("pk")
    year_ago = timezone.localdate() - timedelta(days=365)
    yield "papers", "papers/"
    yield "papers, page 20", "papers/?p=20"
    yield "papers of a kind", "papers/?kind=invoice"
    yield "papers of another kind", "papers/?kind=credit_note"
    yield "papers of a week", f"papers/?issued_at_from={year_ago}&issued_at_to={year_ago + timedelta(days=7)}"
    yield "papers by number", "papers/?ordering=number"
    yield "papers, oldest first", "papers/?ordering=issued_at"
    for name, words in (
        ("number", paper.number),
        ("order", paper.order.number),
        ("name", paper.order.customer_name),
        ("nothing", "nobody"),
    ):
        yield f"papers, search by {name}", f"papers/?q={words}"
    yield "paper", f"papers/inspect/{paper.pk}/"
    yield "totals of a day", f"papers/totals.csv?issued_at_from={year_ago}&issued_at_to={year_ago}"


def _files() -> Iterator[tuple[str, str, str]]:
    """Yield CSV files whose preview is shown."""
    skus = StockItem.objects.order_by("-pk").values_list("sku", flat=True)[:50]
    yield (
        "preview of deliveries",
        "stock/deliveries/",
        "\n".join(["SKU,Delivered", *(f"{sku},1" for sku in skus)]),
    )
    numbers = Order.objects.order_by("-pk").values_list("number", flat=True)[:50]
    rows = "\n".join(["Order,Tracking number", *(f"{number},A1" for number in numbers)])
    yield "preview of tracking numbers", "orders/tracking/", rows


def _policies() -> Iterator[tuple[str, str]]:
    policy = Policy.objects.get(kind=Policy.Kind.PRIVACY)
    record = ConsentRecord.objects.earliest("pk")
    year_ago = timezone.localdate() - timedelta(days=365)
    yield "policies", "policies/"
    yield "policy", f"policies/inspect/{policy.pk}/"
    yield "versions", "policy-versions/"
    yield "versions of a policy", f"policy-versions/?policy={policy.pk}"
    yield "versions in force", "policy-versions/?status=in_force"
    yield "versions, search", "policy-versions/?q=Change"
    yield "version", f"policy-versions/inspect/{PolicyVersion.objects.earliest('pk').pk}/"
    yield "consents", "consents/"
    yield "consents, page 20", "consents/?p=20"
    yield "consents, method", "consents/?method=all"
    yield "consents, text", f"consents/?notice_version={record.notice_version_id}"
    yield (
        "consents of a week",
        f"consents/?created_at_from={year_ago}&created_at_to={year_ago + timedelta(days=7)}",
    )
    yield "consents, oldest first", "consents/?ordering=created_at"
    yield "consents by way", "consents/?ordering=method"
    yield "consents by end", "consents/?ordering=expires_at"
    yield "consents, search", f"consents/?q={record.public_id}"
    yield "consents, search by beginning", f"consents/?q={str(record.public_id)[:7]}"
    yield "consent", f"consents/inspect/{record.pk}/"
    for days in (30, 90, 365):
        yield f"consent report, {days} days", f"policies/consent-report/?days={days}"
    if (page := policy.page) is not None:
        yield "editor of a policy", f"pages/{page.pk}/edit/"
        yield "publication preview", f"policies/{page.pk}/publication-preview/"
    if (notice := record.notice_version.policy.page) is not None:
        yield "publication preview of cookies", f"policies/{notice.pk}/publication-preview/"
