"""Another brand: seen before it is saved; then nothing of the old one is left on a page, e-mail, paper or header."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader
from wagtail.models import Site

from forms.models import FormPage
from home.brand.palette import ours, palette
from home.models import BrandSettings, ContentPage, User
from store.documents import issuing, packing_slips, pdf
from store.documents.brand_previews import example
from store.models import CategoryPage, Order, ProductPage, ProductVariant
from store.orders import mail_previews
from tests import factories, staff
from tests.branding import DARK_RED, DRAWING, PALE_BLUE, YELLOW, brand, logo, png
from tests.store.paying import pay_in_cash

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    # Wagtail leaves the temporary file open in which it makes the small copy.
    pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning"),
]
OLD = {
    "name": "Oldbury",
    "tagline": "Former things",
    "legal_name": "Oldbury Trading",
    "street": "7 Former Street",
    "postal_code": "OL7 1LD",
    "city": "Oldtown",
    "country": "Oldland",
    "email": "old@oldbury.example",
    "phone": "+44 1632 960001",
    "company_number": "0LD-123",
}
NEW = {
    "name": "Nova & Co",
    "tagline": "New things",
    "legal_name": "Nova Limited",
    "street": "8 Next Street",
    "postal_code": "NE1 1WW",
    "city": "Newtown",
    "country": "Newland",
    "email": "new@nova.example",
    "phone": "+44 1632 960002",
    "company_number": "NEW-456",
}
COLOURS = {"primary_colour": DARK_RED, "accent_colour": PALE_BLUE, "typeface": "serif"}
OLD_LOGO = DRAWING.replace(b"<path", b'<path fill="#13579b"')


@pytest.fixture
def _shop(mug: ProductVariant) -> None:
    """Make a page of each type."""
    factories.vat(GB=20)
    home = factories.home_page()
    home.add_child(instance=ContentPage(title="About", slug="about"))
    home.add_child(instance=FormPage(title="Contact", slug="contact"))
    mug.page.get_parent().add_child(instance=CategoryPage(title="Kitchen", slug="kitchen"))
    factories.publish(factories.policy_page())
    factories.cookie_policy()


def everything(admin: Client) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each page, e-mail, paper and header."""
    order = pay_in_cash(factories.placed_order(factories.basket(MUG=1)))
    paper = order.documents.get()
    paths = ["/", "/about/", "/contact/", "/house-rules/", "/house-rules/versions/", "/house-rules/feed/"]
    paths += [
        "/cookie-policy/",
        "/cookies/",
        "/shop/",
        ProductPage.objects.get().url,
        "/shop/kitchen/",
        "/basket/",
    ]
    paths += [
        "/orders/find/",
        order.get_absolute_url(),
        "/no-such-page/",
        "/favicon.ico",
        "/robots.txt",
        "/search/?q=mug",
    ]
    paths += [reverse("store:paper", args=[order.token, paper.number]), "/.well-known/security.txt"]
    paths += ["/admin/login/", "/house-rules/versions/1/record.json", "/checkout/"]
    visitor = Client()
    visitor.post("/basket/add/", {"sku": "MUG", "quantity": "1"}, headers={"sec-fetch-site": "same-origin"})
    for path in paths:
        response = visitor.get(path)
        assert response.status_code == (404 if path == "/no-such-page/" else 200), path
        yield path, f"{response.headers} {response.content.decode()}"
    brand_form = reverse("wagtailsettings:edit", args=["home", "brandsettings", Site.objects.get().pk])
    for path in ("/admin/", "/admin/orders/", brand_form, f"/admin/orders/inspect/{order.pk}/", "/admin/x/"):
        yield path, admin.get(path).content.decode()
    for group in mail_previews.groups().values():
        for kind in group:
            message, _order = mail_previews.preview(kind)
            yield f"e-mail {kind}", f"{message.subject} {message.text} {message.html}"
    printed = {
        "paper": pdf.render([issuing.paper_of(paper)], BrandSettings.shown()),
        "slip": packing_slips.render([order]),
    }
    for name, content in printed.items():
        reader = PdfReader(BytesIO(content))
        yield name, f"{reader.metadata} {reader.pages[0].extract_text()}"


@pytest.mark.usefixtures("_shop")
def test_another_brand_leaves_nothing_of_the_old_one(admin_client: Client) -> None:
    brand(**OLD, logo=logo(OLD_LOGO, "old.svg"))
    before = Client().get("/").content.decode(), admin_client.get("/admin/").content.decode()
    assert all(OLD["name"] in page and "13579b" in page for page in before)
    assert "0f4a3a" in before[0]
    brand(**NEW, **COLOURS, logo=logo(DRAWING, "new.svg"))
    kept = {colour for pair in palette(DARK_RED, PALE_BLUE).values() for colour in pair}
    colours = {colour[1:] for pair in ours().values() for colour in pair if colour not in kept}
    signs = {*OLD.values(), *colours, "13579b"}
    found = {name: {sign for sign in signs if sign in text} for name, text in everything(admin_client)}
    assert {name: seen for name, seen in found.items() if seen} == {}


def test_the_admin_has_the_traders_logo_and_name(admin_client: Client) -> None:
    brand(**NEW, **COLOURS, logo=logo(DRAWING, "new.svg"))
    for client, path in ((admin_client, "/admin/"), (admin_client, "/admin/x/"), (Client(), "/admin/login/")):
        html = client.get(path).content.decode()
        assert "Nova &amp; Co</title>" in html
        assert '<span class="admin-brand__name">Nova &amp; Co</span>' in html
        assert f"--w-color-primary: {DARK_RED};" in html
        assert "icon-wagtail" not in html.partition("</head>")[2].partition("<script")[0]
    assert "Sign in to Nova &amp; Co" in Client().get("/admin/login/").content.decode()


# --- Papers ----------------------------------------------------------------------------------------------------
def drawn(content: bytes) -> tuple[str, int]:
    """Return what a PDF draws on its first page, and how many pictures."""
    page = PdfReader(BytesIO(content)).pages[0]
    contents = page.get_contents()
    assert contents is not None
    return contents.get_data().decode("latin-1"), len(page.images)


def test_a_paper_has_the_logo_and_the_main_colour() -> None:
    brand(**NEW)
    plain, _count = drawn(pdf.render([example()], BrandSettings.shown()))
    red = " ".join(f"{int(DARK_RED[i : i + 2], 16) / 255:.4f}" for i in (1, 3, 5))
    brand(**COLOURS, logo=logo(png(300, 100), "new.png"))
    content, pictures = drawn(pdf.render([example(), example()], BrandSettings.shown()))
    assert pictures == 1
    assert (f"{red} RG" in content, f"{red} RG" in plain) == (True, False)
    brand(logo=logo(DRAWING, "new.svg"))
    assert drawn(pdf.render([example()], BrandSettings.shown()))[1] == 0
    assert len(drawn(pdf.render([example()], BrandSettings.shown()))[0]) > len(plain)


def test_a_logo_that_cannot_be_drawn_leaves_the_paper() -> None:
    found = brand(**NEW, logo=logo(DRAWING.replace(b'd="M0', b'd="Z0'), "odd.svg"))
    assert (
        "Nova" in PdfReader(BytesIO(pdf.render([example()], BrandSettings.shown()))).pages[0].extract_text()
    )
    found.logo.file.storage.delete(found.logo.file.name)
    assert pdf.render([example()], BrandSettings.shown())
    brand(logo=logo(DRAWING.replace(b'0 0 9 9" width="9" height="9"', b'0 0 0 0"'), "empty.svg"))
    assert pdf.render([example()], BrandSettings.shown())


# --- Before it is saved ----------------------------------------------------------------------------------------
def preview(client: Client, mode: str = "", **values: Any) -> Any:
    """Send the form of the brand to its preview, or ask for what that shows."""
    site = Site.objects.get()
    url = reverse("wagtailsettings:preview_on_edit", args=["home", "brandsettings", site.pk])
    if mode:
        return client.get(url, {"mode": mode, "in_preview_panel": "true"})
    return client.post(url, {**NEW, **COLOURS, "logo": "", **values})


def test_it_is_seen_before_it_is_saved_and_by_nobody_else(mug: ProductVariant) -> None:
    brand(**OLD)
    factories.declare_cookies()
    factories.cookie_policy()
    orders = Order.objects.count()
    client = staff.signed_in("change_brandsettings")
    assert preview(client).json() == {"is_valid": True, "is_available": True}
    for mode in ("home", "product", "mail"):
        html = preview(client, mode).content.decode()
        assert "Nova &amp; Co" in html, mode
        assert OLD["name"] not in html, mode
        assert DARK_RED[1:] in html, mode
        assert "data-consent-bar" not in html, mode
    assert "?mode=pdf" in preview(client, "paper").content.decode()
    response = preview(client, "pdf")
    assert response.headers["Content-Type"] == "application/pdf"
    assert "Nova Limited" in PdfReader(BytesIO(response.content)).pages[0].extract_text()
    public = Client().get("/").content.decode()
    assert OLD["name"] in public
    assert "data-consent-bar" in public
    assert OLD["name"] in client.get("/").content.decode()
    assert BrandSettings.current().name == OLD["name"]
    assert Order.objects.count() == orders
    assert preview(client, "other").status_code == 404


def test_the_preview_shows_nothing_of_a_real_order(mug: ProductVariant) -> None:
    factories.vat(GB=20)
    order = pay_in_cash(factories.placed_order(factories.basket(MUG=1)))
    client = staff.signed_in("change_brandsettings")
    preview(client)
    assert order.number not in preview(client, "mail").content.decode()
    paper = PdfReader(BytesIO(preview(client, "pdf").content)).pages[0].extract_text()
    assert "Example shopper" in paper
    assert order.number not in paper


def test_colours_that_cannot_be_saved_are_not_previewed(admin_client: Client) -> None:
    preview(admin_client)
    for colour in (YELLOW, "red", "#" * 10_000):
        assert not preview(admin_client, primary_colour=colour).json()["is_valid"]
    assert not preview(admin_client, name="x" * 10_000).json()["is_valid"]
    assert preview(admin_client, "product").content.decode() == "There is no product yet."


def test_the_form_says_why_a_colour_is_refused_and_changes_nothing(admin_client: Client) -> None:
    brand(**OLD)
    url = reverse("wagtailsettings:edit", args=["home", "brandsettings", Site.objects.get().pk])
    sent = {**NEW, **COLOURS, "logo": "", "primary_colour": YELLOW}
    html = admin_client.post(url, sent).content.decode()
    assert "The nearest that can is #796500." in html
    assert 'data-brand-contrast="/admin/brand/contrast/"' in html
    assert BrandSettings.current().name == OLD["name"]
    admin_client.post(url, {**sent, "primary_colour": "#796500", "accent_colour": ""})
    assert BrandSettings.current().primary_colour == "#796500"


def test_who_may_not_change_the_brand_sees_no_preview(client: Client) -> None:
    User.objects.create_user("packer@example.com", "a-long-password")
    other = staff.signed_in()
    for somebody in (client, other):
        assert preview(somebody).status_code == 302
        assert preview(somebody, "mail").status_code == 302
        assert somebody.get("/admin/brand/contrast/").status_code in {302, 403}


# --- The contrast, while colours are chosen --------------------------------------------------------------------
def contrast(client: Client, primary: str, accent: str = "") -> Any:
    return client.get("/admin/brand/contrast/", {"primary": primary, "accent": accent})


def test_the_form_shows_the_contrast_of_two_colours_and_the_nearest_pair(admin_client: Client) -> None:
    html = contrast(admin_client, DARK_RED, PALE_BLUE).content.decode()
    assert html.count("passes") == 8
    assert "Take this pair" not in html
    html = contrast(admin_client, YELLOW.upper()).content.decode()
    assert "does not pass" in html
    assert 'data-primary="#796500"' in html


@pytest.mark.parametrize("colour", ["red", "#ffd50", "' or 1", "#" * 10_000, "\u202e#ffd500"])
def test_what_is_no_colour_has_no_contrast(admin_client: Client, colour: str) -> None:
    for response in (contrast(admin_client, colour), contrast(admin_client, DARK_RED, colour)):
        assert response.status_code == 400
        assert response.content.decode().startswith("Enter both colours")
