"""A product in the bin is not on sale and in no list, and its SKU stays its own."""

import pytest
from django.test import Client

from home import page_bin
from home.models import BinnedPage, User
from store.models import ProductPage, ProductVariant, StockItem

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
