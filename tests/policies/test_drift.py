"""Drift: what differs is said in plain words, and a draft that says how it is now is offered, once."""

from datetime import timedelta
from typing import Any

import pytest
from cookie_consent.models import Cookie
from django.test import Client
from django.utils import timezone
from hypothesis import given
from wagtail.models import Page

from home.models import User
from policies.facts import changes, drift, registry
from policies.models import Policy, PolicyPage, PolicyVersion
from tests.factories import cookie_policy, declare_cookies, policy_page, publish
from tests.policies.admin_screens import ask_for_draft
from tests.policies.stated_facts import DATA, set_brand
from tests.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def page_of_rules(database_of_module: None) -> int:
    """A policy that states who we are, after the telephone number changed."""
    set_brand(name="Jomso", phone="111")
    page = policy_page(body=[("live_fact", "company"), ("live_fact", "recipients")])
    publish(page)
    set_brand(phone="222")
    return page.pk


@pytest.fixture
def rules(page_of_rules: int, db: None) -> PolicyPage:
    return PolicyPage.objects.get(pk=page_of_rules)


def find_drift(policy: Policy) -> list[drift.Drift]:
    now = timezone.now()
    return drift.find_drift_of_version(policy.in_force(now), coming=policy.versions.pending(now))


# --- In plain words --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"street": "Old Street"}, {"street": "New Street"}, ["street: “Old Street” became “New Street”"]),
        ({"phone": ""}, {"phone": "030"}, ["telephone: “030” added"]),
        ({"phone": "030"}, {"phone": ""}, ["telephone: “030” removed"]),
        ({"is_required": True}, {"is_required": False}, ["always on: yes became no"]),
        ([{"name": "Stripe"}], [], ["Stripe removed"]),
        ([], [{"name": "Stripe", "country": "IE"}], ["Stripe added"]),
        (
            [{"key": "orders", "label": "Orders", "days": 3650}],
            [{"key": "orders", "label": "Orders", "days": 2555}],
            ["Orders, kept: 3650 days became 2555 days"],
        ),
        (
            [{"key": "orders", "label": "Orders", "days": 1}],
            [{"key": "orders", "label": "Orders", "days": None}],
            ["Orders, kept: 1 day became as long as the purpose lasts"],
        ),
        (
            [{"varname": "stats", "name": "Statistics", "cookies": [{"name": "_pk"}]}],
            [{"varname": "stats", "name": "Statistics", "cookies": [{"name": "_ga_*"}, {"name": "_pk"}]}],
            ["Statistics, cookies: _ga_* added"],
        ),
        (["a", "b"], ["b", "c"], ["“c” added", "“a” removed"]),
        (["a", "b"], ["b", "a"], ["another order"]),
        ({"some_new_thing": 1}, {"some_new_thing": 2}, ["some new thing: 1 became 2"]),
        ({"a": None}, {}, ["changed"]),
    ],
)
def test_what_differs_is_named(old: Any, new: Any, words: list[str]) -> None:
    assert changes.describe(old, new) == words


@given(DATA, DATA)
def test_something_is_said_exactly_where_something_differs(old: Any, new: Any) -> None:
    words = changes.describe(old, new)
    assert bool(words) == (old != new)
    assert all(words)


# --- Finding it ------------------------------------------------------------------------------------------
def test_the_fact_that_differs_is_found_with_its_label(rules: PolicyPage) -> None:
    [found] = find_drift(Policy.objects.get())

    assert (found.key, found.label, found.announced) == ("company", "Who we are", None)
    assert found.changes == ["telephone: “111” became “222”"]


def test_a_new_cookie_is_a_drift_of_the_cookie_policy_whether_or_not_its_text_prints_them() -> None:
    group = declare_cookies("analytics", "visits")
    cookie_policy()
    assert find_drift(Policy.objects.get()) == []
    Cookie.objects.create(cookiegroup=group, name="_ga_*", description="Counts")

    [found] = find_drift(Policy.objects.get())
    assert found.changes == ["Analytics, cookies: _ga_* added"]


def test_an_announced_version_that_states_the_new_fact_is_named(rules: PolicyPage) -> None:
    coming = publish(rules, effective_from=timezone.now() + timedelta(days=2))

    [found] = find_drift(Policy.objects.get())
    assert found.announced == coming


def test_an_announced_version_that_states_yet_another_fact_is_not(rules: PolicyPage) -> None:
    publish(rules, effective_from=timezone.now() + timedelta(days=2))
    set_brand(phone="333")

    [found] = find_drift(Policy.objects.get())
    assert found.announced is None


def test_a_fact_that_no_app_states_any_more_is_passed_over(
    rules: PolicyPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {key: fact for key, fact in registry.facts().items() if key != "company"}
    monkeypatch.setattr(registry, "facts", lambda: others)

    assert find_drift(Policy.objects.get()) == []


@pytest.mark.parametrize("record", ["no JSON", "[]", "{}", '{"facts": 5}'])
def test_a_record_that_cannot_be_read_has_no_facts(record: str) -> None:
    assert drift.find_drift_of_version(PolicyVersion(record=record)) == []


# --- The draft -------------------------------------------------------------------------------------------
@pytest.mark.also_without_shop
def test_the_draft_states_the_new_fact_once_it_is_published(rules: PolicyPage, client: Client) -> None:
    response = ask_for_draft(signed_in(client=client, is_superuser=True))

    assert response.redirect_chain == [(f"/admin/pages/{rules.pk}/edit/", 302)]
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    assert draft.change_summary == "Who we are: telephone: “111” became “222”."
    assert draft.change_summary in response.content.decode()
    assert draft.body.get_prep_value() == rules.body.get_prep_value()
    assert Policy.objects.get().versions.count() == 1
    publish(draft, summary=draft.change_summary)
    assert find_drift(Policy.objects.get()) == []


def test_the_draft_of_the_cookie_policy_keeps_the_words_of_the_bar(client: Client) -> None:
    group = declare_cookies("analytics", "visits")
    page = cookie_policy()
    Cookie.objects.create(cookiegroup=group, name="_ga_*", description="Counts")
    ask_for_draft(signed_in(client=client, is_superuser=True))

    draft = Page.objects.get(pk=page.pk).specific.get_latest_revision_as_object()
    assert draft.notice_title == page.notice_title
    assert "_ga_* added" in draft.change_summary


def test_a_draft_that_is_there_is_left_as_it_is(rules: PolicyPage, client: Client) -> None:
    rules.change_summary = "My own words."
    rules.save_revision()
    response = ask_for_draft(signed_in(client=client, is_superuser=True))

    assert response.redirect_chain == [(f"/admin/pages/{rules.pk}/edit/", 302)]
    assert "had a draft already" in response.content.decode()
    assert PolicyPage.objects.get().get_latest_revision_as_object().change_summary == "My own words."


def test_two_clicks_make_one_draft(rules: PolicyPage, client: Client) -> None:
    admin = signed_in(client=client, is_superuser=True)
    ask_for_draft(admin)
    revisions = rules.revisions.count()
    ask_for_draft(admin)

    assert rules.revisions.count() == revisions


def test_no_draft_is_made_where_nothing_differs(rules: PolicyPage, client: Client) -> None:
    publish(rules)
    response = ask_for_draft(signed_in(client=client, is_superuser=True))

    assert "nothing to bring up to date" in response.content.decode()
    assert not PolicyPage.objects.get().has_unpublished_changes


def test_no_draft_is_made_of_a_locked_page(rules: PolicyPage, client: Client) -> None:
    owner = User.objects.create_user("owner@example.com", "x")
    Page.objects.filter(pk=rules.pk).update(locked=True, locked_by=owner, locked_at=timezone.now())
    response = ask_for_draft(signed_in(client=client, is_superuser=True))

    assert "The page is locked" in response.content.decode()
    assert not PolicyPage.objects.get().has_unpublished_changes


def test_a_deleted_page_is_said_so(rules: PolicyPage, client: Client) -> None:
    rules.delete()

    assert "no page any more" in ask_for_draft(signed_in(client=client, is_superuser=True)).content.decode()


def test_who_may_not_edit_the_page_makes_no_draft(rules: PolicyPage, client: Client) -> None:
    admin = signed_in("view_policyversion", client=client)
    response = ask_for_draft(admin)

    assert response.redirect_chain == [("/admin/", 302)]
    assert not PolicyPage.objects.get().has_unpublished_changes


@pytest.mark.also_without_shop
def test_a_link_makes_no_draft(rules: PolicyPage, client: Client) -> None:
    url = f"/admin/policies/{Policy.objects.get().pk}/draft/"

    assert signed_in(client=client, is_superuser=True).get(url).status_code == 405
    assert not PolicyPage.objects.get().has_unpublished_changes


def test_a_long_summary_names_the_facts_only(rules: PolicyPage) -> None:
    set_brand(street="s" * 100, city="c" * 80, country="o" * 80, legal_name="l" * 120, postal_code="p" * 20)
    set_brand(company_number="n" * 40, email=f"{'e' * 60}@example.com")
    found = find_drift(Policy.objects.get())
    many = [found[0]] * 3

    assert drift.suggested_summary(many) == "Brought up to date: Who we are, Who we are, Who we are."
    assert len(drift.suggested_summary([found[0]] * 200)) <= 600
