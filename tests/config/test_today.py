"""Today, the first page of the admin: what waits, for each role what it can use, and the steps of the first day."""

import pytest
from django.test import Client
from wagtail.models import Site

from home.models import BrandSettings, User
from home.today import first_steps
from tests.config.dashboard import OWNER, sign_in, tiles, today
from tests.factories import policy, version

pytestmark = [pytest.mark.django_db, pytest.mark.also_without_shop]


def test_it_counts_nothing_that_somebody_has_no_use_for(client: Client) -> None:
    sign_in(client, "Legal reviewers")
    html = today(client)
    assert tiles(html) == {}
    assert 'role="search"' not in html
    assert "Before the first sale" not in html


def test_who_edits_pages_can_search_them(client: Client) -> None:
    sign_in(client, "Editors")
    assert 'role="search"' in today(client)


def test_the_steps_of_the_first_day_are_ticked_from_the_system_itself(client: Client) -> None:
    sign_in(client, OWNER)
    words = "State your name, address and e-mail address"
    assert f">{words}</a>" in today(client)
    done = {"legal_name": "Jomso", "street": "1 Street", "city": "Town", "email": "shop@example.com"}
    BrandSettings.objects.update_or_create(site=Site.objects.get(), defaults=done)
    assert f"<s>{words}</s>" in today(client)


def test_the_steps_go_when_an_owner_dismisses_them_and_nobody_else_can(client: Client) -> None:
    sign_in(client, "Editors")
    client.post("/admin/first-steps/dismiss/")
    assert not BrandSettings.current().first_steps_dismissed
    User.objects.update(is_superuser=True)
    assert "Before the first sale" in today(client)
    assert client.get("/admin/first-steps/dismiss/").status_code == 405
    client.post("/admin/first-steps/dismiss/")
    assert "Before the first sale" not in today(client)


def test_the_steps_go_when_all_are_done(client: Client) -> None:
    sign_in(client, OWNER)
    kinds = {"privacy", "terms"}
    for kind in kinds:
        version(policy(kind, kind=kind))
    assert next(step for step in first_steps() if step.key == "policies").is_done()


def test_an_empty_list_of_pages_leads_to_the_form_of_the_first(client: Client) -> None:
    sign_in(client, OWNER)
    top = Site.objects.get().root_page_id
    page = " ".join(client.get(f"/admin/pages/{top}/").content.decode().split())
    assert f'There is no page below this one yet. <a href="/admin/pages/{top}/add_subpage/">' in page
