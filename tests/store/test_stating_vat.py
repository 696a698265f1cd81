"""VAT is stated under Settings → Shop: the form says what to look at, and nobody takes it back."""

import pytest
from django.test import Client

from store.models import ShopSettings, VatScheme
from tests import factories
from tests.store.shop_settings import save

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_the_form_says_that_texts_of_ones_own_may_speak_of_vat(admin_client: Client) -> None:
    shop = factories.shop_settings()
    page = admin_client.get(f"/admin/settings/store/shopsettings/{shop.site_id}/").content.decode()
    assert "your own texts may: look through the home page, the products and the terms." in page


@pytest.mark.parametrize("scheme", VatScheme.values)
def test_what_was_stated_is_not_emptied_and_the_form_says_what_to_choose(
    admin_client: Client, scheme: str
) -> None:
    factories.vat_rate("GB", 20)
    note = "Small business."
    stated = {"vat_scheme": scheme, "country": "GB", "vat_number": "GB999999973", "not_registered_note": note}
    factories.shop_settings(**stated)
    page = save(admin_client, vat_scheme="", invoice_prefix="NEW-")
    assert "VAT is stated already" in page
    assert "“Not registered for VAT” if you no longer are" in page
    shop = ShopSettings.current()
    assert (shop.vat_scheme, shop.invoice_prefix) == (scheme, "INV-")


def test_it_changes_to_another_scheme(admin_client: Client) -> None:
    factories.vat(GB=20)
    save(admin_client, vat_scheme=VatScheme.NOT_REGISTERED, not_registered_note="Small business.")
    assert ShopSettings.current().vat_scheme == VatScheme.NOT_REGISTERED


def test_who_has_not_stated_it_can_save_the_rest(admin_client: Client) -> None:
    factories.shop_settings(tell_to="trader@example.com")
    save(admin_client, invoice_prefix="NEW-")
    assert ShopSettings.current().invoice_prefix == "NEW-"


def test_the_number_stays_for_invoices_of_orders_that_were_placed_with_vat(admin_client: Client) -> None:
    factories.vat(GB=20)
    note = "Small business."
    page = save(admin_client, vat_scheme=VatScheme.NOT_REGISTERED, not_registered_note=note, vat_number="")
    assert "Keep it: invoices of orders that were placed with VAT need it" in page
    assert ShopSettings.current().vat_number == "GB999999973"


def test_a_country_that_is_none_has_one_error(admin_client: Client) -> None:
    factories.vat(GB=20)
    page = save(admin_client, country="UK")
    assert "Stripe knows no country “UK”" in page
    assert "First enter the standard rate" not in page
