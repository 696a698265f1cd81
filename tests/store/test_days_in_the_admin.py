"""Days in the admin: entered in the browser's own field; what is no day in the form of a browser is refused."""

from datetime import date

import pytest
from django.test import Client

from store.models import ClosedPeriod, ProductVariant
from tests import factories
from tests.store.shop_settings import save

pytestmark = pytest.mark.django_db
SETTINGS = "/admin/settings/store/shopsettings/"


def test_each_day_is_entered_in_the_browsers_own_field(admin_client: Client, mug: ProductVariant) -> None:
    shop = factories.shop_settings()
    ClosedPeriod.objects.create(shop=shop, begin=date(2026, 12, 5), end=date(2026, 12, 6), sentence="Away.")
    for url, field in (
        (f"{SETTINGS}{shop.site_id}/", 'name="closed-0-begin" value="2026-12-05"'),
        (f"/admin/pages/{mug.page_id}/edit/", 'name="available_on"'),
        ("/admin/vat-rates/new/", 'name="valid_from"'),
        ("/admin/orders/?placed_at_from=2026-12-05", 'name="placed_at_from" value="2026-12-05"'),
    ):
        page = admin_client.get(url).content.decode()
        assert f'<input type="date" {field}' in page, url
        assert "initDateChooser(" not in page, url


@pytest.mark.parametrize("typed", ["05.12.2026", "05/12/2026", "5 Dec 2026", "tomorrow"])
def test_a_day_in_another_form_is_refused_and_never_becomes_today(
    admin_client: Client, mug: ProductVariant, typed: str
) -> None:
    factories.shop_settings()
    row = {"begin": typed, "end": "2026-12-06", "sentence": "Away.", "takes_orders": "on", "id": ""}
    rows = {f"closed-0-{name}": value for name, value in row.items()}
    counts = {"closed-TOTAL_FORMS": "1", "closed-MIN_NUM_FORMS": "0", "closed-MAX_NUM_FORMS": "1000"}
    assert "Enter a valid date." in save(admin_client, **counts, **rows)
    assert not ClosedPeriod.objects.exists()
    save(admin_client, **counts, **rows | {"closed-0-begin": "2026-12-05"})
    assert ClosedPeriod.objects.get().begin == date(2026, 12, 5)
