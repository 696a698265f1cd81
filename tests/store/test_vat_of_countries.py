"""Settings → Delivery countries says of each country how goods are taxed that are sent there."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from store.models import DeliveryCountry, VatRate, VatScheme
from tests import factories, queries
from tests.visible_text import visible_text

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
COUNTRIES = "/admin/delivery-countries/"


@pytest.fixture(autouse=True)
def countries() -> None:
    """Deliver to Britain, and to Germany and Norway, each of which is taxed in another way."""
    for code, vat in (("GB", "here"), ("DE", "there"), ("NO", "none")):
        DeliveryCountry.objects.create(code=code, name=f"Country {code}", vat=vat, vat_note="Export.")


def told(client: Client) -> str:
    """Return the words of the list without the actions of each row."""
    return visible_text(client.get(COUNTRIES).content).replace("Edit Copy Delete ", "")


def test_each_country_has_the_rate_of_today_or_says_why_there_is_none(admin_client: Client) -> None:
    factories.vat(GB=20, DE=5.5)
    factories.vat_rate("DE", 7, valid_from=timezone.localdate() + timedelta(days=1))
    page = told(admin_client)
    assert "Country GB GB VAT at the rates of the country of the business (GB: 20 %)" in page
    assert "Country DE DE VAT at the rates of this country (DE: 5.5 %)" in page
    assert "Country NO NO No VAT: goods leave its area" in page


def test_a_country_whose_rate_is_missing_says_that_nothing_is_ordered_there(admin_client: Client) -> None:
    factories.vat(GB=20, DE=19)
    VatRate.objects.filter(country="DE").delete()
    assert "Country DE DE No orders: DE has no standard rate." in told(admin_client)


def test_who_has_no_rates_reads_what_is_stated(admin_client: Client) -> None:
    assert "Country GB GB not stated" in told(admin_client)
    factories.vat(VatScheme.NOT_REGISTERED, not_registered_note="Small business.")
    assert "Country GB GB Not registered for VAT" in told(admin_client)


def test_many_countries_cost_as_many_queries_as_few(admin_client: Client) -> None:
    factories.vat(GB=20, DE=19)
    for_three = queries.warm(admin_client, COUNTRIES)
    for code in ("FR", "IE", "AT"):
        DeliveryCountry.objects.create(code=code, name=code)
    assert queries.warm(admin_client, COUNTRIES) == for_three


def test_a_rate_without_which_nothing_is_ordered_stays_until_another_takes_its_place(
    admin_client: Client,
) -> None:
    factories.vat(GB=20, DE=19)
    german = VatRate.objects.get(country="DE")
    url, typed = f"/admin/vat-rates/edit/{german.pk}/", {"country": "DE", "percent": "19", "vat_class": ""}
    tomorrow = timezone.localdate() + timedelta(days=1)
    words = "Without this rate nothing can be ordered"
    deleted = admin_client.post(f"/admin/vat-rates/delete/{german.pk}/", follow=True)
    moved = admin_client.post(url, {**typed, "valid_from": str(tomorrow)})
    renamed = admin_client.post(url, {**typed, "country": "FR", "valid_from": "2020-01-01"})
    assert all(words in page.content.decode() for page in (deleted, moved, renamed))
    german.refresh_from_db()
    assert (german.country, str(german.valid_from)) == ("DE", "2020-01-01")
    assert admin_client.post(url, {**typed, "percent": "18,5", "valid_from": "2020-01-02"}).status_code == 302
    assert VatRate.objects.in_force("DE", timezone.localdate()) == {None: Decimal("18.50")}
    factories.vat_rate("DE", 20, valid_from=timezone.localdate())
    admin_client.post(f"/admin/vat-rates/delete/{german.pk}/")
    assert VatRate.objects.filter(country="DE").count() == 1


def test_a_rate_that_nobody_needs_is_deleted(admin_client: Client) -> None:
    factories.vat(GB=20)
    other = factories.vat_rate("FR", 20)
    admin_client.post(f"/admin/vat-rates/delete/{other.pk}/")
    assert not VatRate.objects.filter(country="FR").exists()
