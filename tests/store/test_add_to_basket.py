"""Putting things into the basket, with and without JavaScript; whatever is wrong changes nothing and is told."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.models import PageViewRestriction

from home.page_cache import tokens
from store.basket import contents
from store.basket.contents import MAX_LINES
from store.models import Basket, BasketLine, ProductPage, ProductVariant
from store.stock import movements
from tests import factories

pytestmark = pytest.mark.django_db
ADD = "/basket/add/"


def lines() -> list[tuple[str, int]]:
    return list(BasketLine.objects.values_list("sku", "quantity"))


def add(client: Client, **fields: Any) -> Any:
    return client.post(ADD, {"sku": "MUG", "quantity": "2", **fields})


def add_by_script(client: Client, **fields: Any) -> Any:
    return client.post(ADD, {"sku": "MUG", "quantity": "2", **fields}, headers={"Accept": "application/json"})


@pytest.mark.both_databases
def test_the_first_thing_makes_a_basket_and_its_two_cookies(client: Client, mug: ProductVariant) -> None:
    response = add(client)
    assert (response.status_code, response["Location"]) == (303, "/basket/")
    assert lines() == [("MUG", 2)]
    token, count = response.cookies["basket"], response.cookies["basket_count"]
    assert token.value == Basket.objects.get().token
    assert token["httponly"]
    assert count.value == "2"
    assert not count["httponly"]
    for cookie in (token, count):
        assert (cookie["samesite"], cookie["path"]) == ("Lax", "/")


def test_a_script_is_told_how_much_is_in_it(client: Client, mug: ProductVariant) -> None:
    add(client)
    response = add_by_script(client, quantity="1")
    assert response.status_code == 200
    words = "Added: Enamel mug. Your basket now has 3 items."
    assert response.json() == {"ok": True, "count": 3, "message": words}
    assert response.cookies["basket_count"].value == "3"
    assert "no-store" in response["Cache-Control"]


BAD_QUANTITIES = ["0", "-1", "1000000000", "100", "x", "1.5", "", "１e3", "1\x00", "9" * 5000]


@pytest.mark.parametrize("quantity", BAD_QUANTITIES)
def test_a_bad_quantity_is_refused(client: Client, mug: ProductVariant, quantity: str) -> None:
    page = add(client, quantity=quantity)
    assert page.status_code == 422
    assert "Enter a whole number from 1 to 99" in page.content.decode()
    told = add_by_script(client, quantity=quantity)
    assert told.status_code == 422
    assert told.json()["ok"] is False
    assert not Basket.objects.exists()
    assert not page.cookies


@pytest.mark.parametrize("sku", ["NOTHING", "MUG\x00", "", "x" * 5000, "mug", "' OR 1=1 --"])
def test_an_unknown_sku_is_refused(client: Client, mug: ProductVariant, sku: str) -> None:
    assert add(client, sku=sku).status_code == 422
    assert add_by_script(client, sku=sku).json()["ok"] is False
    assert not Basket.objects.exists()


def test_an_unpublished_product_is_refused(client: Client, mug: ProductVariant) -> None:
    mug.page.unpublish()
    response = add(client)
    assert response.status_code == 422
    assert "not for sale" in response.content.decode()
    assert not Basket.objects.exists()


@pytest.mark.both_databases
def test_a_product_that_not_everybody_may_see_is_refused(client: Client, mug: ProductVariant) -> None:
    inside = factories.basket(MUG=1)
    PageViewRestriction.objects.create(
        page=mug.page.get_parent(), restriction_type=PageViewRestriction.PASSWORD, password="x"
    )
    assert add(client).status_code == 422
    assert not contents.look_up(inside).can_be_bought, "nor is it bought by who had it in the basket already"


def test_prices_and_currencies_in_the_post_mean_nothing(client: Client, mug: ProductVariant) -> None:
    add(client, price="1", currency="JPY", unit_price="1")
    assert "£25.00" in client.get("/basket/").content.decode()


def test_of_keys_sent_twice_the_last_one_counts(client: Client, mug: ProductVariant) -> None:
    add(client, quantity=["5", "1"], sku=["NOTHING", "MUG"])
    assert lines() == [("MUG", 1)]


@pytest.mark.parametrize("token", ["forged", "x" * 5000, "%00", "\x7f", "ü", "../etc"])
def test_a_forged_cookie_is_no_basket_and_gets_a_new_one(
    client: Client, mug: ProductVariant, token: str
) -> None:
    others = factories.basket(MUG=1)
    client.cookies["basket"] = token
    assert client.get("/basket/").status_code == 200
    response = add(client)
    assert response.status_code == 303
    assert response.cookies["basket"].value not in {token, others.token}
    assert others.lines.get().quantity == 1


def test_adding_to_a_full_basket_costs_no_more_queries(client: Client, mug: ProductVariant) -> None:
    def questions() -> int:
        tokens.reset()
        client.get("/")  # what is read once a snapshot
        with CaptureQueriesContext(connection) as asked:
            assert add_by_script(client, quantity="1").status_code == 200
        return len(asked)

    add(client)
    with_one = questions()
    for number in range(5):
        sku = f"THING-{number}"
        factories.product(f"Thing {number}", sku=sku)
        add(client, sku=sku)
    assert questions() == with_one
    assert with_one <= 13, "no pictures are looked up"


@pytest.mark.parametrize(
    ("inside", "left", "words"),
    [
        (0, 2, "Only 2 are left."),
        (0, 1, "Only 1 is left."),
        (0, 0, "This is sold out."),
        (2, 3, "Only 3 are left. Your basket already holds 2."),
    ],
)
def test_more_than_are_left_are_refused_with_their_number(
    client: Client, mug: ProductVariant, inside: int, left: int, words: str
) -> None:
    if inside:
        add(client, quantity=str(inside))
    movements.count(sku="MUG", on_hand=left)
    before = lines()
    told = add_by_script(client, quantity="5")
    assert (told.status_code, told.json()) == (422, {"ok": False, "error": words})
    page = add(client, quantity="5")
    assert page.status_code == 422
    assert words in page.content.decode()
    assert lines() == before
    assert Basket.objects.exists() == bool(inside)


@pytest.mark.both_databases
def test_stock_held_by_the_baskets_own_open_order_can_be_added(client: Client, mug: ProductVariant) -> None:
    movements.count(sku="MUG", on_hand=3)
    basket = factories.basket(MUG=2)
    factories.placed_order(basket)
    client.cookies["basket"] = basket.token
    assert add(client, quantity="1").status_code == 303
    assert lines() == [("MUG", 3)]


def test_more_of_the_same_is_one_line_that_ends_at_the_most(client: Client, mug: ProductVariant) -> None:
    movements.count(sku="MUG", on_hand=200)
    add(client, quantity="6")
    add(client, quantity="4")
    assert lines() == [("MUG", 10)]
    words = "One order can have at most 10 of this. Your basket already holds 10."
    told = add_by_script(client, quantity="1")
    assert (told.status_code, told.json()) == (422, {"ok": False, "error": words})
    page = add(client, quantity="1")
    assert page.status_code == 422
    assert words in page.content.decode()
    assert lines() == [("MUG", 10)]


@pytest.mark.parametrize(
    ("left", "words"),
    [(200, "One order can have at most 10 of this."), (12, "One order can have"), (3, "Only 3 are left.")],
)
def test_who_wants_too_many_is_told_the_number_that_can_be_had(
    client: Client, mug: ProductVariant, left: int, words: str
) -> None:
    movements.count(sku="MUG", on_hand=left)
    assert words in add_by_script(client, quantity="11").json()["error"]
    assert not Basket.objects.exists()


@pytest.mark.parametrize(
    ("own", "most"),
    [(None, 10), (1, 1), (15, 15), (20, 20), (99, 20)],
    ids=["default", "1", "15", "20", "99"],
)
def test_a_product_has_its_own_limit_within_that_of_a_client(
    client: Client, mug: ProductVariant, own: int | None, most: int
) -> None:
    movements.count(sku="MUG", on_hand=200)
    ProductPage.objects.update(most_in_one_order=own)
    assert add(client, quantity=str(most + 1)).status_code == 422
    assert add(client, quantity=str(most)).status_code == 303
    assert lines() == [("MUG", most)]
    assert f'max="{most}"' in client.get(mug.page.url).content.decode()
    assert (f"At most {most} in one order." in client.get(mug.page.url).content.decode()) == bool(own)


@pytest.mark.both_databases
def test_a_basket_takes_only_so_many_different_things(client: Client, mug: ProductVariant) -> None:
    basket = factories.basket(MUG=1)
    BasketLine.objects.bulk_create(
        BasketLine(basket=basket, sku=f"S{number}", quantity=1) for number in range(MAX_LINES - 1)
    )
    client.cookies["basket"] = basket.token
    factories.product("Tea towel", sku="TOWEL")
    assert add(client, sku="TOWEL").status_code == 422
    assert basket.lines.count() == MAX_LINES
    assert add(client).status_code == 303


def test_a_link_to_the_add_url_adds_nothing_and_leads_to_the_basket(
    client: Client, mug: ProductVariant
) -> None:
    for path in (ADD, "/basket/update/"):
        response = client.get(f"{path}?sku=MUG&quantity=1")
        assert (response.status_code, response["Location"]) == (302, "/basket/")
        assert not response.cookies
        assert client.put(path).status_code == 405
    assert not Basket.objects.exists()


def test_another_site_puts_nothing_in(mug: ProductVariant) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(ADD, {"sku": "MUG", "quantity": "1"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    ours = client.post(ADD, {"sku": "MUG", "quantity": "1"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert ours.status_code == 303
