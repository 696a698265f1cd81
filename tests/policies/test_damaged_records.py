"""What readers and staff see where SQL has damaged a record: a plain page or a red panel, never an error page."""

import json
from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from policies.ledger import daily_check
from policies.models import ConsentRecord, LedgerCheck, LedgerHead, PolicyPage, PolicyVersion
from tests.factories import cookie_policy, declare_cookies, policy_page, publish
from tests.policies.admin_screens import dashboard
from tests.policies.forging import reword
from tests.policies.verifying import damage, seal, sql
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.slow]
RECORDS = ["x", "", "{}", "[]", "5", "[" * 5000, '{"html": 5, "text": 5, "facts": 5}']
SURROGATE = json.dumps({"html": "<p>\ud800</p>", "text": "\ud800", "facts": {}})
PUBLIC = ["", "versions/{0}/", "on/{1}/", "compare/1/{0}/", "compare/1/{0}/list/"]
OTHERS = ["versions/", "feed/", "versions/{0}/record.json", "versions/{0}/proof.json"]
FAR = (
    ["infinity", "-infinity", "20000-01-01"]
    if connection.vendor == "postgresql"
    else ["x", "2026-13-01 00:00:00"]
)
ADMIN = ["/admin/", *(reverse(f"{name}:index") for name in ("policy-overview", "policy-versions"))]


@pytest.fixture(scope="module")
def rules_of_module(database_of_module: None) -> int:
    """Publish a policy with two versions, the second in force and a third announced."""
    declare_cookies()
    cookie_policy()
    page = policy_page("House rules")
    publish(page)
    publish(page, body="<p>Be fair.</p>")
    publish(page, body="<p>Be wise.</p>", effective_from=timezone.now() + timedelta(days=9))
    return page.pk


@pytest.fixture
def rules(rules_of_module: int, db: None) -> PolicyPage:
    return PolicyPage.objects.get(pk=rules_of_module)


def damaged(number: int, **values: object) -> None:
    for column, value in values.items():
        statement = f"UPDATE policies_policyversion SET {column} = %s WHERE number = %s"  # noqa: S608
        assert sql(f"{statement} AND title = 'House rules'", value, number)


def urls(number: int, paths: list[str]) -> list[str]:
    return [f"/house-rules/{path.format(number, timezone.localdate())}" for path in paths]


def statuses(client: Client, paths: list[str]) -> dict[str, int]:
    client.raise_request_exception = False
    return {path: client.get(path).status_code for path in paths}


@pytest.mark.parametrize("record", [*RECORDS, SURROGATE], ids=range(len(RECORDS) + 1))
def test_a_damaged_record_in_force_is_said_to_be_damaged(
    rules: PolicyPage, client: Client, record: str
) -> None:
    damaged(2, record=record)
    assert set(statuses(client, urls(2, PUBLIC)).values()) == {503}
    assert "Its record is damaged. We have been told." in client.get("/house-rules/").content.decode()
    assert 500 not in statuses(client, ["/", "/cookies/", *urls(2, OTHERS)]).values()
    admin = signed_in(client=client, is_superuser=True)
    assert set(statuses(admin, ADMIN).values()) == {200}
    assert "house-rules" in " ".join(one.about for one in daily_check.findings(now=timezone.now()))


@pytest.mark.parametrize("record", [*RECORDS, SURROGATE], ids=range(len(RECORDS) + 1))
def test_a_damaged_record_that_is_announced_leaves_the_dashboard_usable(
    rules: PolicyPage, client: Client, record: str
) -> None:
    damaged(3, record=record)
    assert client.get("/house-rules/").status_code == 200
    assert set(statuses(client, urls(3, PUBLIC[1:2])).values()) == {503}
    admin = signed_in(client=client, is_superuser=True)
    assert set(statuses(admin, ADMIN).values()) == {200}
    assert "The record of version 3 was changed" in dashboard(admin)
    assert 500 not in statuses(admin, [f"/admin/pages/{rules.pk}/edit/"]).values()


@pytest.mark.every_case
@pytest.mark.parametrize("base", ["x", [1], {"a": 1}, 1.5, 10**30])
def test_a_base_that_is_no_number_is_none(rules: PolicyPage, client: Client, base: object) -> None:
    content = PolicyVersion.objects.get(title="House rules", number=3).content
    damaged(3, record=json.dumps({**content, "based_on": base}))
    assert set(statuses(signed_in(client=client, is_superuser=True), ADMIN).values()) == {200}


@pytest.mark.every_case
@pytest.mark.also_without_shop
@pytest.mark.parametrize("moment", FAR)
@pytest.mark.parametrize("column", ["effective_at", "recorded_at"])
def test_a_moment_that_cannot_be_read_is_said_to_be_damage(
    rules: PolicyPage, client: Client, column: str, moment: str
) -> None:
    damaged(2, **{column: moment})
    assert 500 not in statuses(client, ["/", *urls(2, [*PUBLIC, *OTHERS])]).values()
    admin = signed_in(client=client, is_superuser=True)
    assert statuses(admin, ADMIN[:1]) == {"/admin/": 200}
    assert daily_check.run(now=timezone.now())
    assert "policies-drift--damaged" in dashboard(admin)


@pytest.mark.every_case
@pytest.mark.parametrize("moment", FAR[:1])
def test_a_head_with_such_a_moment_breaks_nothing(client: Client, moment: str) -> None:
    seal()
    newest = LedgerHead.objects.latest("number").number
    sql("UPDATE policies_ledgerhead SET time = %s WHERE number = %s", moment, newest)
    assert 500 not in statuses(client, ["/.well-known/policy-ledger.json"]).values()
    assert statuses(signed_in(client=client, is_superuser=True), ADMIN[:1]) == {"/admin/": 200}


@pytest.mark.every_case
@pytest.mark.parametrize("found", [5, "x", [5], [[1]], {"a": 1}])
def test_findings_that_no_check_wrote_turn_the_dashboard_red(
    rules: PolicyPage, client: Client, found: object
) -> None:
    LedgerCheck.objects.create(pk=1, finished_at=timezone.now(), findings=found)
    assert "policies-drift--damaged" in dashboard(signed_in(client=client, is_superuser=True))


def test_a_mistake_of_the_site_itself_is_not_called_a_damaged_record(
    rules: PolicyPage, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_args: object, **_named: object) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr("policies.text.headings.contents", stumble)
    monkeypatch.setattr("policies.versions.dashboard.RunningSystem", stumble)
    assert set(statuses(client, urls(2, PUBLIC[:1])).values()) == {500}
    shown = dashboard(signed_in(client=client, is_superuser=True))
    assert "How the policies stand cannot be shown. The log says why." in shown
    assert "backup" not in shown


def test_a_damaged_cookie_policy_asks_nobody_and_leaves_the_other_pages(
    rules: PolicyPage, client: Client
) -> None:
    sql("UPDATE policies_policyversion SET record = 'x' WHERE title != 'House rules'")
    assert set(statuses(client, ["/", "/house-rules/", "/cookies/"]).values()) == {200}


@pytest.mark.every_case
@pytest.mark.parametrize("facts", [{"cookies": [{}]}, {"services": [{"key": "a", "category": "media"}]}])
def test_facts_that_cannot_be_read_take_no_page_down(
    rules: PolicyPage, client: Client, facts: dict[str, object]
) -> None:
    client.post("/cookies/", {"notice": "1", "choice": "all"})
    reword(**facts)
    cache.clear()
    public = ["/", "/house-rules/", "/cookie-policy/", "/cookies/", "/house-rules/compare/1/2/"]
    assert set(statuses(client, public).values()) == {200}
    answer = client.post("/cookies/", {"notice": "1", "choice": "all"})
    assert (answer.status_code, "There is nothing to choose" in answer.content.decode()) == (400, True)
    page = PolicyPage.objects.get(slug="cookie-policy")
    paths = [reverse("consent_report"), f"/admin/policies/{page.pk}/publication-preview/", ADMIN[0]]
    assert set(statuses(signed_in(client=client, is_superuser=True), paths).values()) == {200}


@pytest.mark.every_case
@pytest.mark.also_without_shop
@pytest.mark.parametrize("choices", ["[1]", '"x"', "null", '{"analytics": "yes"}', '{"analytics": {"a": 1}}'])
def test_a_choice_that_cannot_be_read_is_none_for_its_visitor_and_is_shown_to_be_damaged(
    rules: PolicyPage, client: Client, choices: str
) -> None:
    client.post("/cookies/", {"notice": "1", "choice": "all"})
    assert sql("UPDATE policies_consentrecord SET choices = %s", choices)
    client.raise_request_exception = False
    paths = ["/cookies/receipt.json", "/cookies/proof.json", "/cookies/"]
    assert list(statuses(client, paths).values()) == [404, 404, 200]
    admin = signed_in(client=client, is_superuser=True)
    record = ConsentRecord.objects.defer("choices").get()
    for path in (reverse("consents:index"), reverse("consents:inspect", args=[record.pk])):
        assert "damaged, see verify_policies" in admin.get(path).content.decode()
    assert set(statuses(admin, [reverse("consent_report")]).values()) == {200}
    assert str(record.public_id) in " ".join(damage())


def test_a_time_before_all_others_is_refused_in_the_editor(rules: PolicyPage, client: Client) -> None:
    latest = rules.get_latest_revision_as_object()
    sent = {"title": "House rules", "slug": rules.slug, "body-count": "0", "change_summary": "x"}
    sent |= {"change_kind": "material", "takes_effect": "later", "effective_from": "0001-01-01 00:00"}
    admin = signed_in(client=client, is_superuser=True)
    with timezone.override("Europe/Berlin"):
        form = type(rules).get_edit_handler().get_form_class()(sent, instance=latest, for_user=None)
        assert "effective_from" in form.errors
    client.raise_request_exception = False
    answer = admin.post(f"/admin/pages/{rules.pk}/edit/", sent)
    assert answer.status_code == 200
    assert rules.get_latest_revision_as_object().effective_from == latest.effective_from


def test_a_page_with_a_huge_number_is_none_to_import_to(rules: PolicyPage, client: Client) -> None:
    admin = signed_in(client=client, is_superuser=True)
    client.raise_request_exception = False
    answer = admin.post("/admin/policy-import/", {"page": "9" * 40, "text": "# A"})
    assert answer.status_code in {200, 400, 422}
    assert "Select a valid choice" in answer.content.decode()


@pytest.mark.also_without_shop
def test_a_policys_page_of_another_type_leaves_the_admin_usable(rules: PolicyPage, client: Client) -> None:
    other = ContentType.objects.get(app_label="home", model="contentpage")
    sql("UPDATE wagtailcore_page SET content_type_id = %s WHERE id = %s", other.pk, rules.pk)
    admin = signed_in(client=client, is_superuser=True)
    paths = [*ADMIN, reverse("consent_report"), "/house-rules/"]
    assert set(statuses(admin, paths).values()) == {200}
