"""What the editor of a served site does, in a process of its own: fills the site, and changes it in every way."""

from datetime import timedelta

from django.apps import apps
from django.core.files.base import ContentFile
from django.utils import timezone
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page as WagtailPage
from wagtail.models import PageViewRestriction

from home.models import BrandSettings, ContentPage, SiteDocument, SiteImage
from policies.ledger import sealing
from policies.models import Policy
from tests import factories

if apps.is_installed("store"):  # the file is read, and left out, on a site without a shop
    from store.models import ProductImage, ProductPage
    from store.stock import movements

SQUARE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="9" height="9"></svg>'


def fill() -> None:
    for slug in ("published", "unpublished", "renamed", "deleted", "restricted", "listed", "a", "b", "race"):
        add_page(slug)
    add_page("moved", below=ContentPage.objects.get(slug="a"))
    factories.product("Mug", sku="MUG", on_hand=3)
    cup = factories.product("Cup", sku="CUP", price=1250).page
    image = SiteImage(title="Cup", description="A blue cup", width=9, height=9)
    image.file = ContentFile(SQUARE, name="cup.svg")
    image.save()
    cup.images.add(ProductImage(image=image))
    cup.save_revision().publish()
    document = SiteDocument(title="Manual")
    document.file.save("manual.txt", ContentFile(b"Read me."))
    document.save()
    text = f'<p><a linktype="document" id="{document.pk}">Manual</a></p>'
    page = ContentPage.objects.get(slug="listed")
    page.body = [("paragraph", text)]
    page.save_revision().publish()
    rules = factories.policy("rules")
    factories.version(rules, html="<p>Be kind.</p>", at=timezone.now() - timedelta(days=1))
    factories.version(rules, html="<p>Be kinder.</p>", at=timezone.now() + timedelta(days=30))
    factories.cookie_policy()


def add_page(slug: str, *, below: ContentPage | None = None) -> None:
    page = ContentPage(title=slug.capitalize(), slug=slug, intro="First words")
    (below or factories.home_page()).add_child(instance=page)


def publish(slug: str = "published") -> None:
    page = ContentPage.objects.get(slug=slug)
    page.intro = "Second words"
    page.save_revision().publish()


def unpublish() -> None:
    ContentPage.objects.get(slug="unpublished").unpublish()


def move() -> None:
    page = ContentPage.objects.get(slug="moved")
    page.move(ContentPage.objects.get(slug="b"), pos="last-child")


def rename() -> None:
    page = ContentPage.objects.get(slug="renamed")
    page.slug = "new-name"
    page.save_revision().publish()


def delete() -> None:
    WagtailPage.objects.get(slug="deleted").delete()


def restrict() -> None:
    page = ContentPage.objects.get(slug="restricted")
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)


def set_brand() -> None:
    brand = BrandSettings.for_site(factories.home_page().get_site())
    brand.name = "Another Name"
    brand.save()


def put_into_menu() -> None:
    page = ContentPage.objects.get(slug="listed")
    page.show_in_menus = True
    page.save_revision().publish()


def describe_image() -> None:
    image = SiteImage.objects.get()
    image.description = "A green cup"
    image.save()


def delete_document() -> None:
    SiteDocument.objects.get().delete()


def redirect() -> None:
    Redirect.objects.create(old_path="/formerly", redirect_link="/a/", is_permanent=False)


def sell_out() -> None:
    movements.write_off(sku="MUG", quantity=3)


def raise_price() -> None:
    page = ProductPage.objects.get(title="Cup")
    variant = page.variants.first()
    variant.price = 1350
    page.variants.set([variant])
    page.save_revision().publish()


def declare_cookies() -> None:
    factories.declare_cookies("analytics", "_pk_id")
    factories.cookie_policy()


def withdraw() -> None:
    factories.withdraw(Policy.objects.get(slug="rules").versions.get(number=2))


def announce(seconds: float) -> float:
    at = timezone.now() + timedelta(seconds=seconds)
    factories.version(Policy.objects.get(slug="rules"), html="<p>Be kindest.</p>", at=at)
    return at.timestamp()


def close_at(seconds: float) -> float:
    """Let the cut-off hour come soon."""
    at = timezone.localtime() + timedelta(seconds=seconds)
    factories.shop_settings(cut_off=at.time(), dispatch_days=[*range(7)])
    factories.shipping()
    return at.timestamp()


def seal_ledger() -> None:
    sealing.seal(now=timezone.now())


def change_unseen(slug: str = "published", words: str = "Changed behind the cache") -> None:
    """Change a page so that nothing is told of it."""
    ContentPage.objects.filter(slug=slug).update(intro=words)
