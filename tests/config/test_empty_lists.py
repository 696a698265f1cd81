"""Lists of the admin on the first day: each says what to do first, and leads there."""

import re

import pytest
from django.test import Client

from tests.config.test_menus import person
from tests.menus import menu_entries

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.also_without_shop]
OTHERS = {
    "Delivery countries",
    "Shipping",
    "Carriers",
    "VAT rates",
    "VAT classes",
    "Cookies",
    "Recipients of data",
}


def test_an_empty_list_says_what_to_do_first_and_leads_there(client: Client) -> None:
    user = person()
    client.force_login(user)
    seen = set()
    for path, url in menu_entries(user):
        name = path.rpartition("→")[2].strip()
        html = " ".join(client.get(url, follow=True).content.decode().split()) if url.startswith("/") else ""
        found = re.search(r"(?:yet\.|Why not|There is nothing to count yet\.)[^<]*<a href=\"([^\"]+)\"", html)
        if found:
            assert client.get(found[1].replace("&amp;", "&"), follow=True).status_code == 200, path
            seen.add(name)
    shop = {"All orders", "Papers", "Messages from Stripe", "Stock", "Carriers", "Delivery countries"}
    expected = {"Received", "Policies", "Policy versions", "Consent records", "Cookies", "Recipients of data"}
    assert expected <= seen
    assert not shop & {path.rpartition("→")[2].strip() for path, _url in menu_entries(user)} - seen
