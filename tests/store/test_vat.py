"""VAT as it is: what pages say, what an order keeps, and what the settings refuse."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from store.models import (
    Basket,
    DeliveryCountry,
    Order,
    ProductPage,
    ProductVariant,
    ShopSettings,
    VatClass,
    VatRate,
    VatScheme,
)
from store.vat import sums
from tests import factories
from tests.store.paying import pay_in_cash, press_pay
from tests.visible_text import visible_text

pytestmark = pytest.mark.django_db
NOTE = "No VAT: small business."


def text_of(shopper: Client, path: str = "/checkout/", **query: str) -> str:
    response = shopper.get(path, query)
    assert response.status_code == 200
    return visible_text(response.content)


def test_until_it_is_stated_pages_say_that_tax_is_included_and_no_more(shopper: Client) -> None:
    page = text_of(shopper)
    assert "Total, tax included" in page
    assert "VAT" not in page


def test_no_total_of_an_untaxed_order_says_that_tax_is_included(
    shopper: Client, basket: Basket, client: Client
) -> None:
    factories.vat(GB=20)
    DeliveryCountry.objects.update(vat=DeliveryCountry.Vat.NONE, vat_note="Export.")
    assert "Total £" in text_of(shopper)
    order = pay_in_cash(factories.placed_order(basket))
    mail = Email.objects.get(to=order.email)
    pages = [text_of(client, order.get_absolute_url() + path) for path in ("", "papers/INV-000001/")]
    for text in (*pages, mail.message, mail.html_message):
        assert "Export." in text
        assert "included" not in text


def test_a_total_has_one_name_wherever_it_is_told(shopper: Client, basket: Basket, client: Client) -> None:
    factories.vat(GB=20)
    review = text_of(shopper)
    order = pay_in_cash(factories.placed_order(basket))
    mail = Email.objects.get(to=order.email)
    pages = [text_of(client, order.get_absolute_url() + path) for path in ("", "papers/INV-000001/")]
    for text in (review, *pages, mail.message, mail.html_message):
        assert "Total, tax included" in text
        assert "VAT included" not in text


@pytest.mark.parametrize("path", ["/checkout/", "/basket/", "/shop/enamel-mug-mug/"])
def test_a_trader_who_is_not_registered_says_no_word_of_tax(shopper: Client, path: str) -> None:
    factories.vat(VatScheme.NOT_REGISTERED, not_registered_note=NOTE)
    page = text_of(shopper, path)
    assert "tax" not in page.casefold()
    assert (NOTE in page) == (path == "/checkout/")


def test_an_order_of_a_trader_who_is_not_registered_keeps_the_sentence(
    basket: Basket, client: Client
) -> None:
    factories.vat(VatScheme.NOT_REGISTERED, not_registered_note=NOTE)
    order = factories.placed_order(basket)
    factories.vat(VatScheme.NOT_REGISTERED, not_registered_note="Another sentence.")
    page = text_of(client, order.get_absolute_url())
    assert NOTE in page
    assert "Another sentence" not in page
    assert "tax included" not in page
    assert sums.of_order(order) == []


def test_the_review_page_states_the_vat_of_each_rate(shopper: Client, basket: Basket) -> None:
    factories.vat(GB=20)
    books = VatClass.objects.create(name="Books")
    factories.vat_rate("GB", 0, vat_class=books)
    factories.product("Atlas", sku="ATLAS", price=1500)
    ProductPage.objects.filter(title="Atlas").update(vat_class=books)
    basket.lines.create(sku="ATLAS", quantity=1)
    page = text_of(shopper)
    # 25.00 and 15.00 share 3.95 of delivery: 2.47 and 1.48.
    assert "VAT 20% on £22.89 £4.58" in page
    assert "VAT 0% on £16.48 £0.00" in page


def test_an_order_keeps_the_rates_of_its_day(basket: Basket, client: Client) -> None:
    factories.vat(GB=20)
    order = factories.placed_order(basket)
    VatRate.objects.update(percent=25)
    factories.vat(VatScheme.NOT_REGISTERED, not_registered_note=NOTE)
    assert [line.vat_percent for line in order.lines.all()] == [Decimal(20)]
    assert (order.vat_scheme, order.vat_country) == (VatScheme.RATES, "GB")
    assert "VAT 20% on £24.12 £4.83" in text_of(client, order.get_absolute_url())


def test_a_rate_holds_from_its_day_on(basket: Basket) -> None:
    factories.vat(GB=20)
    today = timezone.localdate()
    factories.vat_rate("GB", 21, valid_from=today)
    factories.vat_rate("GB", 22, valid_from=today + timedelta(days=1))
    order = factories.placed_order(basket)
    assert order.lines.get().vat_percent == Decimal(21)


def test_who_was_shown_another_rate_is_asked_again(shopper: Client, basket: Basket) -> None:
    factories.vat(GB=20)
    shown = {"shown": text_of(shopper).partition('name="shown" value="')[2].partition('"')[0]}
    VatRate.objects.update(percent=25)
    assert press_pay(shopper, basket, **shown).status_code == 422
    assert not Order.objects.exists()


def test_goods_sent_abroad_have_the_rate_of_that_country_or_none(basket: Basket) -> None:
    factories.vat(GB=20, DE=19)
    there = factories.shipping(country="DE", price=395)
    country = there.country
    expected = {
        DeliveryCountry.Vat.HERE: ("GB", Decimal(20), ""),
        DeliveryCountry.Vat.THERE: ("DE", Decimal(19), ""),
        DeliveryCountry.Vat.NONE: ("", Decimal(0), "Export."),
    }
    for vat, found in expected.items():
        country.vat, country.vat_note = vat, "Export." if vat == DeliveryCountry.Vat.NONE else ""
        country.full_clean()
        country.save()
        order = factories.placed_order(factories.basket(MUG=1), option=there)
        assert (order.vat_country, order.lines.get().vat_percent, order.vat_note) == found


def test_a_class_without_a_rate_in_a_country_has_its_standard_rate(basket: Basket) -> None:
    factories.vat(GB=20)
    ProductPage.objects.update(vat_class=VatClass.objects.create(name="Books"))
    assert factories.placed_order(basket).lines.get().vat_percent == Decimal(20)


def test_nothing_is_ordered_where_the_rate_is_missing(shopper: Client, basket: Basket) -> None:
    factories.vat(GB=20)
    VatRate.objects.all().delete()
    assert "We cannot take orders to this country at the moment." in text_of(shopper)
    assert press_pay(shopper, basket).status_code == 422
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("scheme", "values", "field"),
    [
        (VatScheme.NOT_REGISTERED, {}, "not_registered_note"),
        (VatScheme.RATES, {"vat_number": "GB1"}, "country"),
        (VatScheme.RATES, {"country": "GB"}, "vat_number"),
        (VatScheme.RATES, {"country": "GB", "vat_number": "GB999999973"}, "__all__"),
        (VatScheme.RATES, {"country": "gb", "vat_number": "GB1"}, "country"),
        (VatScheme.RATES, {"country": "UK", "vat_number": "GB1"}, "country"),
        (VatScheme.STRIPE_TAX, {}, "vat_number"),
    ],
)
def test_settings_refuse_what_leaves_an_invoice_without_its_words(
    scheme: str, values: dict, field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        ShopSettings(site_id=1, vat_scheme=scheme, **values).full_clean()
    assert field in refused.value.message_dict


@pytest.mark.parametrize("vat", [DeliveryCountry.Vat.NONE, DeliveryCountry.Vat.THERE])
def test_a_country_refuses_what_leaves_an_invoice_without_its_words(vat: str) -> None:
    with pytest.raises(ValidationError):
        DeliveryCountry(code="DE", name="Germany", vat=vat).full_clean()


@pytest.mark.both_databases
@pytest.mark.parametrize("name", [None, "Books"])
def test_there_is_one_rate_a_day(name: str | None) -> None:
    vat_class = VatClass.objects.create(name=name) if name else None
    for percent in (20, 21):
        rate = VatRate(country="GB", vat_class=vat_class, percent=percent, valid_from=date(2026, 1, 1))
        if percent == 20:
            rate.full_clean()
            rate.save()
    with pytest.raises(ValidationError, match="already"):
        rate.full_clean()


@pytest.mark.parametrize("use", ["product", "rate", ""])
def test_a_class_in_use_is_not_deleted(use: str, shelf: int, admin_client: Client) -> None:
    books = VatClass.objects.create(name="Books")
    if use == "product":
        ProductPage.objects.update(vat_class=books)
    if use == "rate":
        VatRate.objects.create(country="GB", vat_class=books, percent=0, valid_from=date(2026, 1, 1))
    for method in (admin_client.get, admin_client.post):
        page = method(f"/admin/vat-classes/delete/{books.pk}/", follow=True).content.decode()
        assert ("Products or rates have this class." in page) is bool(use)
    assert VatClass.objects.exists() is bool(use)


def test_no_class_is_called_the_standard_rate_where_one_is_chosen(
    mug: ProductVariant, admin_client: Client
) -> None:
    VatClass.objects.create(name="Books")
    for path in (f"/admin/pages/{mug.page_id}/edit/", "/admin/vat-rates/new/"):
        assert '<option value="" selected>Standard rate</option>' in admin_client.get(path).content.decode()


def test_an_old_draft_whose_class_is_gone_can_be_published(shelf: int) -> None:
    books = VatClass.objects.create(name="Books")
    page = ProductPage.objects.get()
    page.vat_class = books
    revision = page.save_revision()
    books.delete()
    revision.publish()
    assert ProductPage.objects.get().vat_class is None


def test_a_rate_is_opened_from_the_list_and_can_be_deleted(admin_client: Client) -> None:
    rate = factories.vat_rate("GB", 20)
    path = f"/admin/vat-rates/edit/{rate.pk}/"
    assert path in admin_client.get("/admin/vat-rates/").content.decode()
    assert f"/admin/vat-rates/delete/{rate.pk}/" in admin_client.get(path).content.decode()


def test_a_country_has_its_iso_code() -> None:
    with pytest.raises(ValidationError):
        factories.vat_rate("UK", 20)
