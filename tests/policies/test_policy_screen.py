"""The staff's list of policies and the screen of one: what they say, where they lead, who sees them."""

import re
from datetime import timedelta

import lxml.html
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Task, Workflow, WorkflowTask

from home.models import User
from home.page_cache import tokens
from policies.models import Policy, PolicyPage
from tests.factories import policy, policy_page, publish, version
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def rules_page_of_module(database_of_module: None) -> int:
    page = policy_page()
    publish(page)
    publish(page, body="<p>Second.</p>")
    publish(page, body="<p>Third.</p>", effective_from=timezone.now() + timedelta(days=3))
    return page.pk


@pytest.fixture
def rules_page(rules_page_of_module: int, db: None) -> PolicyPage:
    return PolicyPage.objects.get(pk=rules_page_of_module)


def screen(client: Client, of: Policy | None = None, query: str = "") -> str:
    found = of or Policy.objects.get()
    response = client.get(f"/admin/policies/inspect/{found.pk}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_says_how_each_policy_stands(client: Client, rules_page: PolicyPage) -> None:
    PolicyPage.objects.get().save_revision()
    html = signed_in(client=client, is_superuser=True).get("/admin/policies/").content.decode()

    for words in (
        "House rules",
        "/house-rules/",
        "Another policy",
        "version 3 in 3 days",
        "Draft",
        "as published",
    ):
        assert words in html


@pytest.mark.slow
def test_the_list_costs_no_more_queries_with_more_policies(client: Client, rules_page: PolicyPage) -> None:
    admin = signed_in(client=client, is_superuser=True)

    def queries() -> int:
        tokens.reset()
        admin.get("/admin/policies/")  # what is looked up once a process, or after a change
        with CaptureQueriesContext(connection) as captured:
            assert admin.get("/admin/policies/").status_code == 200
        return len(captured)

    few = queries()
    for number in range(8):
        publish(policy_page(f"Rules {number}"))
    assert queries() == few


def test_the_screen_of_a_policy_lists_its_versions_and_leads_on(
    client: Client, rules_page: PolicyPage
) -> None:
    html = screen(signed_in(client=client, is_superuser=True))
    found = Policy.objects.get()

    cells = re.findall(r"<td[^>]*>(.*?)</td>", html, re.DOTALL)
    for words in ("Past", "In force", "Coming"):
        assert any(words in cell for cell in cells), words
    for url in (
        "/house-rules/",
        "/house-rules/compare/1/2/",
        "/house-rules/compare/2/3/",
        f"/admin/pages/{rules_page.pk}/edit/",
        f"/admin/policies/{found.pk}/export/",
    ):
        assert f'href="{url}"' in html


def test_a_draft_stands_on_top_with_who_wrote_it(client: Client, rules_page: PolicyPage) -> None:
    admin = signed_in(client=client, is_superuser=True)
    assert "Not published" not in screen(admin)
    writer = User.objects.create_user("writer@example.com", "x", first_name="Wri", last_name="Ter")
    PolicyPage.objects.get().save_revision(user=writer)

    html = screen(admin)
    assert "Not published" in html
    assert "Wri Ter" in html


def test_a_draft_in_review_is_named_so(client: Client, rules_page: PolicyPage) -> None:
    workflow = Workflow.objects.create(name="Review")
    WorkflowTask.objects.create(workflow=workflow, task=Task.objects.create(name="Look"), sort_order=1)
    draft = PolicyPage.objects.get()
    draft.save_revision()
    admin = signed_in(client=client, is_superuser=True)
    workflow.start(draft, User.objects.get())

    assert "In review" in screen(admin)
    assert "In review" in admin.get("/admin/policies/").content.decode()


@pytest.mark.both_databases
def test_any_two_versions_can_be_compared(client: Client, rules_page: PolicyPage) -> None:
    (form,) = lxml.html.fromstring(screen(signed_in("view_policyversion", client=client))).find_class(
        "policies-compare"
    )
    chosen = {select.get("name"): select.xpath("option/@value") for select in form.iter("select")}

    assert chosen == {"old": ["3", "2", "1"], "new": ["3", "2", "1"]}
    answer = client.get(form.get("action"), {"old": "1", "new": "3"})
    assert answer.headers["Location"] == "/house-rules/compare/1/3/"


def test_a_policy_whose_page_was_deleted_is_still_shown(client: Client, rules_page: PolicyPage) -> None:
    rules_page.delete()
    admin = signed_in(client=client, is_superuser=True)

    assert "Deleted" in screen(admin)
    assert admin.get("/admin/policies/").status_code == 200


@pytest.mark.both_databases
@pytest.mark.slow
def test_a_policy_with_many_versions_is_shown_in_pages_at_the_same_cost(client: Client) -> None:
    rules = policy("long-rules")
    version(rules, html="<p>0</p>")
    admin = signed_in(client=client, is_superuser=True)

    def queries(query: str = "") -> int:
        with CaptureQueriesContext(connection) as captured:
            screen(admin, rules, query)
        return len(captured)

    queries()
    few = queries()
    for number in range(1, 60):
        version(rules, html=f"<p>{number}</p>")
    assert queries() == few
    assert queries("?p=2") == few
    assert "Page 2 of 2" in screen(admin, rules, "?p=2")
    assert screen(admin, rules, "?p=nonsense")


def test_staff_without_the_right_see_none_of_it(client: Client, rules_page: PolicyPage) -> None:
    admin = signed_in(client=client)
    found = Policy.objects.get()

    for path in ("", f"inspect/{found.pk}/"):
        assert admin.get(f"/admin/policies/{path}").status_code == 302


@pytest.mark.also_without_shop
def test_the_right_to_see_versions_is_enough_and_lets_nobody_edit(
    client: Client, rules_page: PolicyPage
) -> None:
    admin = signed_in("view_policyversion", client=client)

    assert admin.get("/admin/policies/").status_code == 200
    assert f"/admin/pages/{rules_page.pk}/edit/" not in screen(admin)
    for path in ("new/", "edit/1/", "delete/1/", "copy/1/"):
        assert admin.get(f"/admin/policies/{path}").status_code == 404
