"""Packing slips and address labels: what stands on them, which orders get them, and that many are one PDF."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from pypdf import PdfReader

from home.models import SiteImage
from store.documents import address_labels, packing_slips, printouts
from store.models import Dispute, Order, ProductImage, ProductPage, ProductVariant
from tests import factories
from tests.staff import signed_in
from tests.store.paying import ADDRESS, paid_order, take_back

pytestmark = pytest.mark.django_db
NOTE = "Some characters cannot be printed here; the page of the order shows them."
DRAWING = Path(__file__).parents[2] / "demo/pictures/mug.svg"


@pytest.fixture
def packer(client: Client) -> Client:
    return signed_in("view_order", client=client)


@pytest.fixture
def order(mug: ProductVariant) -> Order:
    return paid_order(MUG=3)


def add_picture(page: ProductPage, name: str, data: bytes) -> SiteImage:
    image = SiteImage.objects.create(title=name, file=ContentFile(data, name))
    ProductImage.objects.create(page=page, image=image)
    return image


def photo() -> bytes:
    data = BytesIO()
    Image.new("RGB", (40, 30), "blue").save(data, "PNG")
    return data.getvalue()


def pages_of(content: bytes) -> list[str]:
    return [page.extract_text().replace("\u00a0", " ") for page in PdfReader(BytesIO(content)).pages]


def pictures_on(content: bytes) -> list[int]:
    return [len(page.images) for page in PdfReader(BytesIO(content)).pages]


# --- Packing slips ---------------------------------------------------------------------------------------
def test_a_slip_says_what_goes_where_and_no_price(order: Order) -> None:
    (text,) = pages_of(packing_slips.render([order]))
    for words in (
        *(f"Packing slip {order.number}", "Ada Lovelace", "5 St James’s Square", "London SW1Y 4LB"),
        *("3 ×", "Enamel mug", "MUG", "Post", "Page 1 of 1"),
    ):
        assert words in text
    assert "£" not in text
    assert "12.50" not in text


@pytest.mark.both_databases
def test_what_was_taken_back_is_left_out(order: Order) -> None:
    take_back(order, 1)
    assert "2 ×" in pages_of(packing_slips.render([order]))[0]
    take_back(order, 2)
    assert "MUG" not in pages_of(packing_slips.render([Order.objects.get()]))[0]


def test_a_photograph_and_a_drawing_of_the_product_are_shown(order: Order, mug: ProductVariant) -> None:
    assert pictures_on(packing_slips.render([order])) == [0]
    image = add_picture(mug.page, "mug.png", photo())
    assert pictures_on(packing_slips.render([order])) == [1]
    without = len(packing_slips.render([order]))
    image.delete()
    add_picture(mug.page, "mug.svg", DRAWING.read_bytes())
    assert len(packing_slips.render([order])) > without + 1000


def test_a_product_that_is_no_longer_for_sale_has_no_picture(order: Order, mug: ProductVariant) -> None:
    add_picture(mug.page, "mug.png", photo())
    mug.page.unpublish()
    assert pictures_on(packing_slips.render([order])) == [0]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("broken.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><path d='nonsense'/>"),
        ("broken.png", b"no picture"),
    ],
)
def test_a_picture_that_cannot_be_read_is_left_out(
    order: Order, mug: ProductVariant, name: str, data: bytes
) -> None:
    image = add_picture(mug.page, name, DRAWING.read_bytes() if name.endswith("svg") else photo())
    with image.file.storage.open(image.file.name, "wb") as file:
        file.write(data)
    (text,) = pages_of(packing_slips.render([order]))
    assert "Enamel mug" in text
    image.file.storage.delete(image.file.name)
    assert "Enamel mug" in pages_of(packing_slips.render([order]))[0]


def test_a_drawing_gets_no_other_file_printed(order: Order, mug: ProductVariant, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(photo())
    picture = f"<image width='9' height='9' href='{secret}'/>"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>{picture}</svg>"
    image = add_picture(mug.page, "outside.svg", DRAWING.read_bytes())
    with image.file.storage.open(image.file.name, "wb") as file:
        file.write(svg.encode())
    assert pictures_on(packing_slips.render([order])) == [0]


def test_a_slip_of_many_long_lines_goes_on_over_pages(order: Order) -> None:
    for number in range(30):
        order.lines.create(sku="S" * 38 + f"{number:02}", title="Щука " * 51, unit_price=1, quantity=1)
    pages = pages_of(packing_slips.render([order]))
    assert len(pages) > 3
    assert all(f"Packing slip {order.number}" in page and "Quantity" in page for page in pages)
    assert sum(page.count("S" * 38) for page in pages) == 30


@pytest.mark.both_databases
def test_many_orders_are_one_pdf_in_as_many_queries_as_one(
    order: Order, mug: ProductVariant, django_assert_num_queries: Any
) -> None:
    add_picture(mug.page, "mug.png", photo())
    packing_slips.render([order])
    factories.product("Atlas", sku="ATLAS")
    add_picture(ProductPage.objects.get(title="Atlas"), "atlas.png", photo())
    others = [paid_order(MUG=1, ATLAS=1) for _ in range(3)]
    packing_slips.render(others)
    for orders in (Order.objects.filter(pk=order.pk), Order.objects.all()):
        found = [*orders]
        with django_assert_num_queries(7):
            pages = pages_of(packing_slips.render(found))
        with django_assert_num_queries(1):
            address_labels.render(found, sheet="eight")
        assert len(pages) == len(found)


# --- Address labels --------------------------------------------------------------------------------------
def test_eight_labels_are_a_page_and_the_first_may_be_gone(order: Order) -> None:
    (text,) = pages_of(address_labels.render([order] * 8, sheet="eight"))
    assert text.count("Ada Lovelace") == 8
    pages = pages_of(address_labels.render([order] * 8, sheet="eight", used=3))
    assert [page.count(order.number) for page in pages] == [5, 3]
    assert len(pages_of(address_labels.render([order] * 3, sheet="single"))) == 3


def test_a_label_of_an_order_without_address_has_the_name_and_the_country(order: Order) -> None:
    order.shipping_address, order.customer_name = {}, "Ada Lovelace"
    (text,) = pages_of(address_labels.render([order], sheet="single"))
    assert "Ada Lovelace\nUnited Kingdom" in text


@pytest.mark.parametrize("name", ["Ὀδυσσεύς " * 33, "Щука " * 60, "W" * 300, "x" * 2000])
def test_a_long_address_stays_on_its_label(order: Order, name: str) -> None:
    order.shipping_address = {**ADDRESS, "name": name}
    (text,) = pages_of(address_labels.render([order] * 2, sheet="eight"))
    assert text.count(order.number) == 2
    assert text.count("London") == 2


def test_a_label_that_lacks_characters_says_so(order: Order) -> None:
    order.shipping_address = {**ADDRESS, "name": "שרה 🎉"}
    other = paid_order(MUG=1)
    pages = pages_of(address_labels.render([order, other], sheet="single"))
    assert [NOTE in page for page in pages] == [True, False]


# --- The screens of staff --------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["packing-slip", "address-label"])
def test_the_page_of_an_order_leads_to_its_papers(packer: Client, order: Order, kind: str) -> None:
    page = packer.get(f"/admin/orders/inspect/{order.pk}/").content.decode()
    assert f'href="/admin/orders/{order.pk}/{kind}/"' in page
    response = packer.get(f"/admin/orders/{order.pk}/{kind}/")
    assert response["Content-Type"] == "application/pdf"
    assert "no-store" in response["Cache-Control"] or "private" in response["Cache-Control"]
    assert order.number in pages_of(response.content)[0]


@pytest.mark.parametrize("status", [*Order.Status])
def test_only_orders_that_are_paid_and_not_over_have_papers(
    packer: Client, order: Order, status: str
) -> None:
    Order.objects.update(status=status)
    response = packer.get(f"/admin/orders/{order.pk}/packing-slip/", follow=True)
    assert (response["Content-Type"] == "application/pdf") == (status in Order.CONFIRMED)
    if status not in Order.CONFIRMED:
        text = response.content.decode()
        assert f"This order cannot be sent: {Order.Status(status).label}." in text
        assert "packing-slip/" not in text


def test_an_order_whose_money_or_goods_went_back_or_are_disputed_has_none(
    packer: Client, mug: ProductVariant
) -> None:
    back, taken, disputed, kept = (paid_order(MUG=2) for _ in range(4))
    take_back(back, 1, amount=back.paid_amount)
    take_back(taken, 2)
    take_back(kept, 1)
    Dispute.objects.create(
        order=disputed,
        dispute_id="dp_1",
        amount=1,
        status=Dispute.Status.INQUIRY,
        reason="fraudulent",
        created_at=timezone.now(),
    )
    assert printouts.left_out([*Order.objects.all()]) == {
        back: "all of the money went back",
        taken: "everything was taken back",
        disputed: "the payment is disputed",
    }
    page = packer.get("/admin/orders/", {"printouts": "packing-slips"}).content.decode()
    assert "One order of the list is to be sent." in page
    assert f"{taken.number}</a>: everything was taken back" in page


@pytest.mark.both_databases
def test_the_list_prints_the_papers_of_what_its_filter_shows(packer: Client, order: Order) -> None:
    sent = paid_order(MUG=1)
    Order.objects.filter(pk=sent.pk).update(status=Order.Status.SENT)
    page = packer.get("/admin/orders/", {"status": "sent"}).content.decode()
    assert "/admin/orders/?status=sent&amp;printouts=packing-slips" in page
    query = {"status": "sent", "printouts": "packing-slips"}
    page = packer.get("/admin/orders/", query).content.decode()
    assert '<input type="hidden" name="status" value="sent">' in page
    response = packer.get("/admin/orders/", {**query, "print": "yes"})
    (text,) = pages_of(response.content)
    assert sent.number in text
    page = packer.get("/admin/orders/", {"printouts": "packing-slips"}).content.decode()
    assert f"{sent.number}</a>: sent" in page, "nobody packs it twice"
    paid_order(MUG=1)
    labels = {"printouts": "address-labels", "print": "yes", "sheet": "eight", "used": "7"}
    assert len(pages_of(packer.get("/admin/orders/", labels).content)) == 2


@pytest.mark.parametrize(
    ("sheet", "used"), [("eight", "8"), ("eight", "-1"), ("nonsense", "0"), ("eight", "x")]
)
def test_labels_that_do_not_exist_are_refused_with_a_word(
    packer: Client, order: Order, sheet: str, used: str
) -> None:
    query = {"printouts": "address-labels", "print": "yes", "sheet": sheet, "used": used}
    response = packer.get("/admin/orders/", query)
    assert response["Content-Type"].startswith("text/html")
    assert "error-message" in response.content.decode()


def test_one_pdf_has_at_most_so_many_orders(
    packer: Client, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printouts, "MOST", 2)
    for _ in range(2):
        paid_order(MUG=1)
    query = {"printouts": "packing-slips"}
    assert "Only the first 2 are taken" in packer.get("/admin/orders/", query).content.decode()
    assert len(pages_of(packer.get("/admin/orders/", {**query, "print": "yes"}).content)) == 2


def test_whoever_may_not_see_orders_gets_no_papers(client: Client, order: Order) -> None:
    stranger = signed_in(client=client)
    for path in (
        f"/admin/orders/{order.pk}/packing-slip/",
        "/admin/orders/?printouts=packing-slips&print=yes",
    ):
        response = stranger.get(path)
        assert response.status_code in {302, 403}
        assert b"%PDF" not in response.content


@pytest.mark.parametrize("path", ["1/nonsense/", "999999/packing-slip/", "?printouts=nonsense"])
def test_papers_that_do_not_exist_break_nothing(packer: Client, order: Order, path: str) -> None:
    assert packer.get(f"/admin/orders/{path}").status_code in {200, 404}
