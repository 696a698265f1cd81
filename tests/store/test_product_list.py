"""The staff's list of products: what it shows, how products are found, and who may add one."""

import gc
import re
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image
from wagtail.models import GroupPagePermission

from home.models import SiteImage, User
from store.models import ProductImage, ProductPage, ProductVariant, ShopPage
from store.stock import movements
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.slow]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser(email="editor@example.com", password="x"))
    return client


@pytest.fixture
def range_of_goods(db: None) -> None:
    mug = factories.product("Mug", sku="MUG", name="Small", price=950, on_hand=40)
    mug.page.variants.add(ProductVariant(sku="MUG-L", name="Large", price=1250))
    mug.page.save_revision().publish()
    movements.receive(sku="MUG-L", quantity=2)
    factories.product("Atlas", sku="ATLAS", price=3000, on_hand=20)
    factories.product("Towel", sku="TOWEL", price=500, on_hand=0)
    factories.product("Plate", sku="PLATE", price=700, on_hand=9).page.unpublish()


def rows(staff: Client, **query: str) -> list[str]:
    response = staff.get("/admin/products/", query)
    assert response.status_code == 200
    return [page.title for page in response.context["object_list"]]


def figures(staff: Client) -> dict[str, list[Any]]:
    table = staff.get("/admin/products/").context["table"]
    columns = [column for column in table.columns.values() if column.name in ("price", "available", "state")]
    return {page.title: [column.get_value(page) for column in columns] for page in table.data}


def test_each_product_shows_price_stock_and_state(staff: Client, range_of_goods: None) -> None:
    factories.placed_order(factories.basket(MUG=3))
    assert figures(staff) == {
        "Atlas": ["£30.00", 20, []],
        "Mug": ["£9.50 to £12.50", 39, ["Low"]],
        "Plate": ["£7.00", 9, ["Draft"]],
        "Towel": ["£5.00", 0, ["Sold out"]],
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Atlas", "Mug", "Plate", "Towel"]),
        ({"state": "live"}, ["Atlas", "Mug", "Towel"]),
        ({"state": "draft"}, ["Plate"]),
        ({"state": "sold_out"}, ["Towel"]),
        ({"state": "low"}, ["Mug"]),
        ({"state": "x"}, ["Atlas", "Mug", "Plate", "Towel"]),
        ({"q": "mug-l"}, ["Mug"]),
        ({"q": "larg mu"}, ["Mug"]),
        ({"q": "a", "state": "low"}, ["Mug"]),
        ({"q": "100%"}, []),
        ({"q": "a", "ordering": "-available"}, ["Mug", "Atlas", "Plate"]),
        ({"ordering": "-lowest_price"}, ["Atlas", "Mug", "Plate", "Towel"]),
        ({"ordering": "available"}, ["Towel", "Plate", "Atlas", "Mug"]),
        ({"ordering": "x"}, ["Atlas", "Mug", "Plate", "Towel"]),
    ],
)
def test_products_are_found_by_words_state_and_order(
    staff: Client, range_of_goods: None, query: dict[str, str], found: list[str]
) -> None:
    assert rows(staff, **query) == found


def test_what_has_one_variant_left_is_low_and_the_stock_is_added_up_once(staff: Client) -> None:
    towel = factories.product("Towel", sku="TOWEL", on_hand=0)
    towel.page.variants.add(ProductVariant(sku="TOWEL-L", name="Large", price=900))
    towel.page.save_revision().publish()
    movements.receive(sku="TOWEL-L", quantity=40)
    with CaptureQueriesContext(connection) as queries:
        assert rows(staff, state="sold_out") == []
        assert rows(staff, state="low") == ["Towel"]
    counts = [query["sql"] for query in queries if "COUNT(*)" in query["sql"]]
    assert "store_productpage" in "".join(counts)
    assert "store_stockitem" not in "".join(counts)


def test_the_button_leads_to_the_form_of_a_new_product_and_back(staff: Client, range_of_goods: None) -> None:
    address = f"/admin/pages/add/store/productpage/{ShopPage.objects.get().pk}/?next=%2Fadmin%2Fproducts%2F"
    page = staff.get("/admin/products/").content.decode()
    assert f'href="{address}"' in page
    assert staff.get(address).status_code == 200
    assert f'href="{address}"' in staff.get("/admin/").content.decode()


# Wagtail leaves the closing of a new rendition's temporary file to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_list_asks_the_database_as_often_for_many_products_as_for_few(
    staff: Client, range_of_goods: None
) -> None:
    def illustrate() -> None:
        for page in ProductPage.objects.filter(images=None):
            file = BytesIO()
            Image.new("RGB", (40, 30), "teal").save(file, "JPEG")
            image = SiteImage(title="Mug", description="A mug", width=40, height=30)
            image.file = ContentFile(file.getvalue(), name="mug.jpg")
            image.save()
            ProductImage.objects.create(page=page, image=image)

    def asked() -> int:
        rows(staff)  # makes the small pictures
        with CaptureQueriesContext(connection) as queries:
            assert (
                staff.get("/admin/products/").content.count(b'loading="lazy"') == ProductPage.objects.count()
            )
        return len(queries)

    illustrate()
    for_few = asked()
    for number in range(6):
        factories.product(f"Thing {number}", sku=f"THING-{number}")
    illustrate()
    assert asked() == for_few
    gc.collect()


def test_without_a_shop_page_the_list_leads_to_its_form_and_then_back(staff: Client) -> None:
    page = staff.get("/admin/products/").content.decode()
    assert "Add a product" not in page
    (form,) = re.findall(r'href="([^"]+/add/store/shoppage/[^"]+)"', page)
    assert staff.get(unescape(form)).status_code == 200
    factories.home_page().add_child(instance=ShopPage(title="Shop", slug="shop"))
    page = staff.get("/admin/products/").content.decode()
    assert "shoppage" not in page
    assert "Add the first one" in page


def test_permissions_are_those_of_the_page_tree(range_of_goods: None) -> None:
    user = User.objects.create_user("writer@example.com", "x")
    group = user.groups.create(name="Writers")
    group.permissions.add(Permission.objects.get(codename="access_admin"))
    writer = Client()
    writer.force_login(user)
    assert writer.get("/admin/products/").status_code == 302
    dashboard = writer.get("/admin/").content.decode()
    assert "/admin/products/" not in dashboard
    assert "Add a product" not in dashboard
    permission = Permission.objects.get(codename="change_page")
    atlas = ProductPage.objects.get(title="Atlas")
    GroupPagePermission.objects.create(group=group, page=atlas, permission=permission)
    assert rows(writer) == ["Atlas"]
    page = writer.get("/admin/products/").content.decode()
    assert "Add a product" not in page
    assert "/admin/products/" in writer.get("/admin/").content.decode()
