"""A product in the bin is not on sale and in no list, and its SKU stays its own."""

import pytest
from django.test import Client
from wagtail.models import Page

from home import page_bin
from home.models import BinnedPage, HomePage, User
from store.models import ProductPage, ProductVariant, ShopPage, StockItem

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_it_is_off_sale_until_it_is_put_back_and_published(mug: ProductVariant, admin_client: Client) -> None:
    url = mug.page.get_url()
    admin_client.get(url)
    admin_client.post(f"/admin/pages/{mug.page_id}/delete/")
    assert admin_client.get(url).status_code != 200
    admin_client.post("/basket/add/", {"sku": mug.sku, "quantity": 1})
    assert mug.page.title not in admin_client.get("/basket/").content.decode()
    admin_client.get("/admin/")  # says that it is in the bin
    assert mug.page.title not in admin_client.get("/admin/products/").content.decode()
    assert (ProductVariant.objects.get().sku, StockItem.objects.get().sku) == (mug.sku, mug.sku)
    page_bin.put_back(BinnedPage.objects.get(), user=User.objects.get())
    ProductPage.objects.get().get_latest_revision_as_object().save_revision().publish()
    assert admin_client.get(url).status_code == 200


def test_with_the_shop_in_the_bin_no_product_is_added_to_it(
    mug: ProductVariant, admin_client: Client
) -> None:
    page_bin.put(mug.page.get_parent(), user=User.objects.get())
    assert "Add a product" not in admin_client.get("/admin/").content.decode()


def test_a_new_shop_can_be_made_while_the_old_one_is_in_the_bin(mug: ProductVariant, owner: Client) -> None:
    old, home = ShopPage.objects.get(), HomePage.objects.get()
    add, put_back = f"/admin/pages/add/store/shoppage/{home.pk}/", {"do": "put_back"}
    assert owner.get(add).status_code == 302
    owner.post(f"/admin/pages/{old.pk}/delete/")
    entry = BinnedPage.objects.get()
    assert owner.get(add).status_code == 200
    assert add in owner.get("/admin/products/").content.decode()
    HomePage.objects.get().add_child(instance=ShopPage(title="Shop", slug="shop"))
    answer = owner.post("/admin/bin/", {**put_back, "entry": entry.pk}, follow=True)
    assert "there is another. Delete that first." in answer.content.decode()
    assert BinnedPage.objects.get() == entry
    owner.post(f"/admin/pages/{ShopPage.objects.exclude(pk=old.pk).get().pk}/delete/")
    owner.post("/admin/bin/", {**put_back, "entry": entry.pk})
    assert Page.objects.get(pk=old.pk).get_parent().pk == home.pk
