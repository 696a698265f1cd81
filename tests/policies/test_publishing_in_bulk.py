"""Publishing many pages at once, which asks nobody anything: pages, and no policy among them."""

import pytest
from django.test import Client

from home.models import ContentPage
from policies.models import PolicyVersion
from tests.factories import home_page, policy_page, publish

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.mark.parametrize("with_children", [False, True])
def test_nobody_publishes_a_policy_in_bulk(admin_client: Client, *, with_children: bool) -> None:
    page = policy_page()
    page.save_revision()
    of = home_page() if with_children else page
    sent = {"include_descendants": "on"} if with_children else {}
    url = f"/admin/bulk/wagtailcore/page/publish/?id={of.pk}&next=/admin/"
    answer = admin_client.post(url, sent, follow=True).content.decode()
    assert "Publish each policy on its own page" in answer
    assert not PolicyVersion.objects.exists()


def test_other_pages_are_still_published_in_bulk(admin_client: Client) -> None:
    publish(policy_page())
    about = home_page().add_child(instance=ContentPage(title="About", slug="about", live=False))
    about.save_revision()
    url = f"/admin/bulk/wagtailcore/page/publish/?id={about.pk}&next=/admin/"
    admin_client.post(url, {"include_descendants": "on"})
    assert ContentPage.objects.get(slug="about").live
