"""Settings → Shop takes a VAT number that can be one of the country of the business, and keeps it as it was typed."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from store.models import ShopSettings, VatScheme
from store.vat import numbers
from tests import factories
from tests.store.shop_settings import save

pytestmark = pytest.mark.django_db
# Of each country: a number with the right check digits. Those that name a business are examples of its tax office.
VALID = {
    "AT": "ATU13585627",
    "BE": "BE0428759497",
    "BG": "BG175074752",
    "CY": "CY10259033P",
    "CZ": "CZ25123891",
    "DE": "DE136695976",
    "DK": "DK13585628",
    "EE": "EE100931558",
    "ES": "ESA13585625",
    "FI": "FI20774740",
    "FR": "FR40303265045",
    "GR": "EL094259216",
    "HR": "HR33392005961",
    "HU": "HU12892312",
    "IE": "IE6433435F",
    "IT": "IT00743110157",
    "LT": "LT119511515",
    "LU": "LU15027442",
    "LV": "LV40003521600",
    "MT": "MT11679112",
    "NL": "NL004495445B01",
    "PL": "PL8567346215",
    "PT": "PT501964843",
    "RO": "RO18547290",
    "SE": "SE123456789701",
    "SI": "SI50223054",
    "SK": "SK2022749619",
    "GB": "GB980780684",
    "CH": "CHE-107.787.577 IVA",
    "NO": "NO 995 525 828 MVA",
}


@pytest.mark.parametrize(("country", "number"), VALID.items())
def test_a_number_of_each_country_is_taken_there_and_refused_with_another_digit(
    country: str, number: str
) -> None:
    numbers.check(number, country)
    numbers.check(number, "")
    last = max(i for i, one in enumerate(number) if one.isdigit())
    if country in {"CZ", "NL"}:
        last -= 3
    wrong = number[:last] + str((int(number[last]) + 1) % 10) + number[last + 1 :]
    for of in (country, ""):
        with pytest.raises(ValidationError, match="no VAT number of"):
            numbers.check(wrong, of)


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("de 136 695 976", "DE"),
        ("XI980780684", "GB"),
        ("980 7806 84", "GB"),
        ("995525828MVA", "NO"),
        ("GB980780684", "IM"),
        ("FR 53 0000 04605", "MC"),
        ("CHE-107.787.577 MWST", "LI"),
        ("12-34/56+7", "US"),
        ("GODE561231GR8", "US"),
        ("1", ""),
    ],
)
def test_numbers_are_taken_as_their_countries_write_them(number: str, country: str) -> None:
    numbers.check(number, country)


@pytest.mark.parametrize(
    ("number", "country", "words"),
    [
        ("136695976", "DE", "Begin with DE"),
        ("GB980780684", "DE", "Begin with DE"),
        ("GR094259216", "GR", "Begin with EL"),
        ("DE136695976", "GB", "no VAT number of GB"),
        ("XI980780684", "IE", "Begin with IE"),
        ("CHE-107.787.577", "CH", "no VAT number of CH"),
        ("pending", "US", "at least one digit"),
        ("GB980780684 <b>", "GB", "Use letters"),
        ("GB９８０７８０６８４", "GB", "Use letters"),
        ("GB980780684\x00", "GB", "Use letters"),
    ],
)
def test_what_cannot_be_a_number_of_the_country_is_refused_with_a_word(
    number: str, country: str, words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        numbers.check(number, country)


@pytest.mark.both_databases
def test_a_number_that_was_there_before_works_until_the_form_is_saved(admin_client: Client) -> None:
    factories.vat(GB=20)
    ShopSettings.objects.update(vat_number="GB1")
    assert ShopSettings.current().vat_number == "GB1"
    assert "This is no VAT number of GB." in save(admin_client, invoice_prefix="NEW-")
    assert ShopSettings.current().invoice_prefix == "INV-"
    save(admin_client, invoice_prefix="NEW-", vat_number=" GB 980 7806 84 ")
    assert (ShopSettings.current().invoice_prefix, ShopSettings.current().vat_number) == (
        "NEW-",
        "GB 980 7806 84",
    )


@pytest.mark.both_databases
def test_a_number_is_asked_of_nobody_who_has_none(admin_client: Client) -> None:
    factories.vat(GB=20)
    save(admin_client, vat_scheme=VatScheme.NOT_REGISTERED, not_registered_note="Small.")
    assert ShopSettings.current().vat_scheme == VatScheme.NOT_REGISTERED
