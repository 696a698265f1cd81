"""The pages of a product and of an order lead to the form, which says what the message is about."""

import re
from html import unescape
from urllib.parse import unquote

import pytest
from django.test import Client

from forms import subjects
from forms.models import FormPage
from store.models import Order, ProductVariant
from store.orders import asking
from tests import factories
from tests.forms.building import form_page

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def order_of_module(shelf: int) -> int:
    form_page(show_in_menus=True)
    return factories.placed_order(factories.basket(MUG=1)).pk


@pytest.fixture
def order(order_of_module: int, db: None) -> Order:
    return Order.objects.get(pk=order_of_module)


def link(client: Client, path: str, words: str) -> str:
    """Return where a link with these words leads, or nothing."""
    found = re.search(rf'href="([^"]*)"[^>]*>{words}</a>', client.get(path).content.decode())
    return unescape(found[1]) if found else ""


def test_a_product_leads_to_the_form_about_it(client: Client, order: Order, mug: ProductVariant) -> None:
    url = link(client, mug.page.url, "Ask about this product")
    assert url == f"/contact/?about=product:{mug.page_id}"
    assert (
        f'About: <strong><a href="{mug.page.url}">Enamel mug</a></strong>' in client.get(url).content.decode()
    )
    mug.page.unpublish()
    assert "About:" not in client.get(url).content.decode()


def test_an_order_leads_to_the_form_about_it(client: Client, order: Order) -> None:
    url = link(client, order.get_absolute_url(), "Ask about this order")
    assert f"About: <strong>Order {order.number}</strong>" in client.get(url).content.decode()
    assert order.token not in url
    found = subjects.find(unquote(url.partition("about=")[2]))
    assert (found.kind, found.key) == ("order", str(order.pk))


@pytest.mark.parametrize("key", ["{number}", "{pk}", "{number}:", "{number}:forged", "é:é", "{token}"])
def test_nobody_finds_an_order_by_guessing(order: Order, key: str) -> None:
    given = key.format(number=order.number, pk=order.pk, token=order.token)
    assert subjects.find(f"order:{given}") == subjects.Subject()


@pytest.mark.parametrize("key", ["0", "-1", "９", "9" * 30, "1; drop", "²"])
def test_no_key_of_a_product_breaks_anything(order: Order, key: str) -> None:
    assert subjects.find(f"product:{key}") == subjects.Subject()


def test_without_a_form_in_the_menu_no_link_leads_nowhere(
    client: Client, order: Order, mug: ProductVariant
) -> None:
    page = FormPage.objects.get()
    page.show_in_menus = False
    page.save()
    assert not link(client, mug.page.url, "Ask about this product")
    assert not link(client, order.get_absolute_url(), "Ask about this order")


def test_staff_see_the_orders_of_a_person(order: Order) -> None:
    ((label, url),) = asking.ORDERS.of_person(order.email.upper())
    assert label.startswith(f"{order.number} of ")
    assert url == asking.ORDERS.url(str(order.pk)) == f"/admin/orders/inspect/{order.pk}/"
    assert asking.ORDERS.of_person("nobody@example.com") == []
