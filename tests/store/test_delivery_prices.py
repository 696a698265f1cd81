"""What delivery costs: free from an amount, by weight, and to each country of a zone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from store.basket import contents
from store.models import Basket, DeliveryCountry, DeliveryZone, Order, ProductVariant, ShippingOption
from store.models.shipping import Consignment, read_weight_prices
from tests import factories, queries
from tests.store.paying import press_pay, sessions, shown
from tests.store.refunding import pay
from tools.stripe_sandbox.server import Sandbox

pytestmark = pytest.mark.django_db
ROWS = "2000 = 6.50\n500 = 2.95\n\n1000 = 4,50"


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


# --- Of one option -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("grams", "price"), [(0, 295), (500, 295), (501, 450), (1000, 450), (2000, 650), (2001, 990)]
)
def test_the_first_row_that_is_heavy_enough_decides(grams: int, price: int) -> None:
    option = ShippingOption(price=990, weight_prices=ROWS)
    assert option.price_of(Consignment(2500, grams)) == price


def test_it_is_free_from_an_amount_whatever_it_weighs() -> None:
    option = ShippingOption(price=990, weight_prices=ROWS, free_from=5000)
    assert [option.price_of(Consignment(goods, 1500)) for goods in (4999, 5000)] == [650, 0]


@pytest.mark.parametrize(
    "typed",
    ["-5 = 2.95", "0 = 2.95", "500", "500 =", "= 2.95", "500 = -1", "500 = 1.2345,50", "500 = 12.345", "1e3 = 2",
     "9999999999 = 2", "٥٠٠ = 2.95", "500 = x", "500 = 1e99"],
)  # fmt: skip
def test_a_row_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        read_weight_prices(typed)


def test_prices_are_read_as_people_write_them() -> None:
    assert read_weight_prices("1000 = 1.234,50\n500=£2\n") == [(500, 200), (1000, 123450)]


def test_a_form_with_a_wrong_row_is_shown_again(admin_client: Client, mug: ProductVariant) -> None:
    there = ShippingOption.objects.get().country
    typed = {"country": there.pk, "name": "Courier", "kind": "address", "price": "9,50", "min_days": "1"}
    typed |= {"max_days": "2", "weight_prices": "-5 = 2.95"}
    page = admin_client.post("/admin/shipping-options/new/", typed)
    assert "“-5 = 2.95” is not “grams = price”" in page.content.decode()
    admin_client.post(
        "/admin/shipping-options/new/", {**typed, "weight_prices": ROWS, "free_from": "1.234,50"}
    )
    saved = ShippingOption.objects.get(name="Courier")
    assert (saved.price, saved.free_from) == (950, 123450)


# --- In the shop ---------------------------------------------------------------------------------------------
def test_review_stripe_and_order_have_the_price_of_the_weight(
    sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    ProductVariant.objects.update(weight=400)
    ShippingOption.objects.update(weight_prices=ROWS)
    assert "<dd>from £4.50</dd>" in text(shopper.get("/basket/"))
    page = text(shopper.get("/checkout/"))
    assert '<strong class="variant__price">£4.50</strong>' in page
    assert "Order and pay £29.50" in page
    assert press_pay(shopper, basket).status_code == 303
    (session,) = sessions(sandbox)
    assert session["amount_total"] == 2950
    assert pay(sandbox, Order.objects.get()).paid_amount == 2950


@pytest.mark.parametrize(
    "change",
    [
        lambda: ProductVariant.objects.update(weight=700),
        lambda: ShippingOption.objects.update(free_from=2000),
        lambda: ShippingOption.objects.update(weight_prices="1 = 1"),
    ],
)
def test_a_price_that_changes_meanwhile_is_shown_first(
    sandbox: Sandbox, shopper: Client, basket: Basket, change: Callable[[], object]
) -> None:
    ProductVariant.objects.update(weight=400)
    ShippingOption.objects.update(weight_prices=ROWS)
    before = shown(basket)
    change()
    assert press_pay(shopper, basket, **before).status_code == 422
    assert not Order.objects.exists()


def test_staff_are_told_of_what_has_no_weight(admin_client: Client, mug: ProductVariant) -> None:
    words = "1 variant has no weight, so it counts as 0 grams"
    assert words not in text(admin_client.get("/admin/shipping-options/"))
    ShippingOption.objects.update(weight_prices=ROWS)
    assert words in text(admin_client.get("/admin/shipping-options/"))
    ProductVariant.objects.update(weight=400)
    assert words not in text(admin_client.get("/admin/shipping-options/"))


# --- Zones ---------------------------------------------------------------------------------------------------
@pytest.fixture
def europe(mug: ProductVariant) -> DeliveryZone:
    zone = DeliveryZone.objects.create(name="Europe")
    for code in ("DE", "FR"):
        DeliveryCountry.objects.create(code=code, name=code, ordering=1, zone=zone)
    ShippingOption.objects.create(zone=zone, name="Parcel", price=1290)
    return zone


def test_an_option_of_a_zone_is_offered_in_each_of_its_countries(
    europe: DeliveryZone, sandbox: Sandbox, shopper: Client, basket: Basket
) -> None:
    own = factories.shipping("Letter", country="FR", price=890)
    assert "Parcel" not in text(shopper.get("/checkout/"))
    assert "Order and pay £37.90" in text(shopper.get("/checkout/", {"country": "DE"}))
    assert "Order and pay £33.90" in text(shopper.get("/checkout/", {"country": "FR"}))
    parcel = ShippingOption.objects.get(name="Parcel")
    page = shopper.get("/checkout/", {"country": "FR", "shipping": parcel.pk})
    form = page.context["form"]
    typed = {**shown(basket), "country": "FR", "shipping": parcel.pk, "shown": form["shown"].value()}
    assert press_pay(shopper, basket, **typed).status_code == 303
    order = Order.objects.get()
    assert (order.country, order.shipping_name, order.total) == ("FR", "Parcel", 3790)
    assert own.country in DeliveryCountry.objects.deliverable()


def test_a_country_that_leaves_its_zone_loses_its_options(europe: DeliveryZone) -> None:
    assert DeliveryCountry.objects.deliverable().count() == 3
    DeliveryCountry.objects.filter(code="DE").update(zone=None)
    assert [one.code for one in DeliveryCountry.objects.deliverable()] == ["GB", "FR"]


@pytest.mark.parametrize("chosen", [(), ("country", "zone")])
def test_an_option_is_of_a_country_or_of_a_zone(
    europe: DeliveryZone, admin_client: Client, chosen: tuple[str, ...]
) -> None:
    there = {"country": DeliveryCountry.objects.first().pk, "zone": europe.pk}
    typed = {"name": "Courier", "kind": "address", "price": "9", "min_days": "1", "max_days": "2"}
    page = admin_client.post("/admin/shipping-options/new/", typed | {name: there[name] for name in chosen})
    assert "Choose a country or a zone." in page.content.decode()
    assert ShippingOption.objects.count() == 2


def test_many_countries_and_options_cost_no_more_queries(
    europe: DeliveryZone, shopper: Client, admin_client: Client
) -> None:
    ShippingOption.objects.update(weight_prices=ROWS)
    pages = [(shopper, "/checkout/"), (shopper, "/basket/")]
    pages += [(admin_client, f"/admin/{name}/") for name in ("shipping-options", "delivery-zones")]
    few = [queries.warm(client, path) for client, path in pages]
    for code in ("AT", "BE", "CZ", "DK", "FI"):
        DeliveryCountry.objects.create(code=code, name=code, zone=europe)
        zone = DeliveryZone.objects.create(name=code)
        DeliveryCountry.objects.create(code=f"{code[0]}X", name=code, zone=zone)
        ShippingOption.objects.create(zone=europe, name=code, price=1500, weight_prices=ROWS)
    assert [queries.warm(client, path) for client, path in pages] == few
    assert contents.look_up(None).grams == 0


def test_empty_lists_of_delivery_say_what_comes_first(owner: Client) -> None:
    DeliveryCountry.objects.all().delete()

    def shows(name: str, url: str) -> bool:
        return f'<a href="/admin/{url}" class="button">' in owner.get(f"/admin/{name}/").content.decode()

    assert shows("delivery-countries", "delivery-countries/new/")
    assert shows("shipping-options", "delivery-countries/")
    DeliveryCountry.objects.create(code="GB", name="United Kingdom")
    assert shows("shipping-options", "shipping-options/new/")
