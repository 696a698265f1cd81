"""The staff's list of versions: who sees it, what it says, and that it changes nothing."""

from datetime import timedelta

import pytest
from django.contrib.admin.utils import label_for_field
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from policies.models import PolicyVersion
from tests.factories import policy_page, publish
from tests.staff import signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.both_databases
def test_it_lists_versions_with_their_status_and_filters_by_it(client: Client) -> None:
    page = policy_page()
    publish(page)
    publish(page, body="<p>Second.</p>")
    publish(page, body="<p>Third.</p>", effective_from=timezone.now() + timedelta(days=3))
    admin = signed_in(client=client, is_superuser=True)

    listed = admin.get("/admin/policy-versions/results/").context["object_list"]
    assert {version.number: version.status for version in listed} == {1: "past", 2: "in_force", 3: "coming"}

    coming = admin.get("/admin/policy-versions/results/?status=coming").content.decode()
    assert "House rules, version 3" in coming
    assert "House rules, version 2" not in coming
    assert "Another policy, /house-rules/" in coming
    version = next(version for version in listed if version.number == 3)
    assert f'href="/admin/policy-versions/inspect/{version.pk}/"' in coming


def test_the_page_of_a_version_leads_to_the_public_ones(client: Client) -> None:
    page = policy_page()
    publish(page)
    version = publish(page, body="<p>Second.</p>")

    admin = signed_in(client=client, is_superuser=True)
    answer = admin.get(f"/admin/policy-versions/inspect/{version.pk}/").content.decode()

    assert version.sha256 in answer
    for address in (
        "/house-rules/versions/2/",
        "/house-rules/compare/1/2/",
        "/house-rules/versions/2/record.json",
    ):
        assert f'href="{address}"' in answer


def test_the_page_of_a_version_names_what_it_has_and_leaves_out_what_it_has_not(client: Client) -> None:
    page = policy_page()
    publish(page)
    version = publish(page, body="<p>Second.</p>")
    fields = (
        signed_in(client=client, is_superuser=True)
        .get(f"/admin/policy-versions/inspect/{version.pk}/")
        .context["fields"]
    )
    labels = {field["label"] for field in fields}
    assert "SHA-256 of the version before" in labels
    assert not {"Imported from", "Approved by"} & labels
    assert label_for_field("publisher_name", PolicyVersion) == "published by"


@pytest.mark.also_without_shop
def test_times_are_written_alike_in_the_list_and_on_the_screen_of_a_policy(client: Client) -> None:
    version = publish(policy_page())
    admin = signed_in(client=client, is_superuser=True)
    for at in (version.effective_at, version.recorded_at):
        written = date_format(timezone.localtime(at), "DATETIME_FORMAT")
        assert written in admin.get("/admin/policy-versions/results/").content.decode()
        assert written in admin.get(f"/admin/policies/inspect/{version.policy_id}/").content.decode()


def test_nobody_can_change_a_version_there_superusers_included(client: Client) -> None:
    version = publish(policy_page())
    admin = signed_in(client=client, is_superuser=True)

    for path in ("new/", f"edit/{version.pk}/", f"delete/{version.pk}/", f"copy/{version.pk}/"):
        assert admin.get(f"/admin/policy-versions/{path}").status_code == 404


def test_staff_without_the_right_do_not_see_it(client: Client) -> None:
    publish(policy_page())

    assert signed_in(client=client).get("/admin/policy-versions/").status_code == 302


def test_the_right_to_view_is_enough(client: Client) -> None:
    publish(policy_page())

    assert signed_in("view_policyversion", client=client).get("/admin/policy-versions/").status_code == 200
