"""Who is asked about cookies again, how many that would be, and what they are told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from policies.consent import notices
from policies.consent.choices import ConsentRecord, asked_again, decide, save_choice
from policies.consent.cookies import cookie_for
from policies.models import CookiePolicyPage, Policy, PolicyVersion
from policies.versions import publication_preview
from tests.factories import cookie_policy, declare_cookies, policy, version

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(scope="module")
def choices(database_of_module: None) -> None:
    """Publish the cookie policy; three visitors choose, and one choice has expired."""
    declare_cookies("analytics")
    cookie_policy()
    now = timezone.now()
    notice = notices.current(now)
    for method, moment in (("all", now), ("none", now), ("all", now - timedelta(days=400)), ("none", now)):
        save_choice(notice=notice, method=method, now=moment)


def draft(**values: object) -> str:
    page = CookiePolicyPage.objects.get().get_latest_revision_as_object()
    for name, value in {"change_summary": "Other words.", "takes_effect": "now", **values}.items():
        setattr(page, name, value)
    page.save_revision(clean=False)
    return " ".join(publication_preview.preview_latest_draft(CookiePolicyPage.objects.get()).effects)


def test_a_material_change_asks_all_whose_choice_is_valid(choices: None) -> None:
    words = draft(notice_text="Other words.", change_kind="material")
    assert (
        "3 of 3 visitors whose choice is valid will be asked again, because the change is material" in words
    )


def test_an_editorial_change_asks_nobody(choices: None) -> None:
    assert "0 of 3 visitors" in draft(notice_text="Other words.", change_kind="editorial")


@pytest.mark.both_databases
def test_a_draft_after_an_announced_category_asks_all_again_even_if_it_is_editorial(choices: None) -> None:
    declare_cookies("media")
    now = timezone.now()
    cookie_policy(effective_from=now + timedelta(days=9))
    announced = PolicyVersion.objects.get(number=2)
    later = {
        "notice_text": "Other words.",
        "takes_effect": "later",
        "effective_from": now + timedelta(days=20),
        "based_on": announced,
    }
    words = draft(change_kind="editorial", editorial_reason="Typing errors.", **later)
    assert "3 of 3 visitors" in words
    assert "new: Media" in words
    page = CookiePolicyPage.objects.get()
    assert publication_preview.preview_latest_draft(page).problems == []


def test_a_new_cookie_of_a_known_category_asks_nobody_where_it_is_called_editorial(choices: None) -> None:
    declare_cookies("analytics", "another")
    assert "0 of 3 visitors" in draft(change_kind="editorial")


def test_choices_that_no_longer_stand_are_not_counted(choices: None) -> None:
    cookie_policy(notice_text="Other words.")
    assert "0 of 0 visitors" in draft(notice_text="Third words.", change_kind="material")


@pytest.mark.both_databases
def test_choices_that_say_nothing_of_a_newer_category_are_not_counted(choices: None) -> None:
    declare_cookies("media")
    cookie_policy()
    assert "0 of 0 visitors" in draft(notice_text="Other words.", change_kind="material")


def test_choices_about_another_policy_are_not_counted(choices: None) -> None:
    now = timezone.now()
    other = replace(notices.current(now), version_id=version(policy("other-cookies")).pk)
    save_choice(notice=other, method="all", now=now)
    assert "3 of 3 visitors" in draft(notice_text="Other words.", change_kind="material")


def test_after_a_text_without_words_for_the_bar_nobody_was_asked_before() -> None:
    version(policy("cookie-policy", kind=Policy.Kind.COOKIES))
    declare_cookies("analytics")
    cookie_policy(effective_from=timezone.now() + timedelta(days=1))
    assert "0 of 0 visitors" in draft()


@pytest.mark.both_databases
@pytest.mark.parametrize(("kind", "asked"), [("editorial", 0), ("material", 3)])
def test_the_count_is_what_then_happens(choices: None, kind: str, asked: int) -> None:
    """Hold the promise against the decision itself, for a change of each kind."""
    before = notices.current(timezone.now())
    records = ConsentRecord.objects.filter(expires_at__gt=timezone.now())
    cookies = [cookie_for(record) for record in records]
    promised = asked_again(
        notice=before, varnames=["analytics"], is_material=kind == "material", now=timezone.now()
    )
    cookie_policy(change_kind=kind, notice_text="Other words")
    after = notices.current(timezone.now())
    then = [decide(cookie, after, gpc=False, now=timezone.now()).ask for cookie in cookies]
    assert promised == (sum(then), len(then)) == (asked, 3)


def test_who_is_asked_again_is_told_what_changed_the_meaning_since(client: Client, choices: None) -> None:
    client.post("/cookies/", {"notice": "1", "choice": "all"})
    cookie_policy(notice_text="Second words.", change_summary="We count clicks.")
    cookie_policy(notice_text="Third words.", change_summary="A comma.", change_kind="editorial")
    shown = client.get("/cookies/").content.decode()
    assert "We count clicks." in shown
    assert "A comma." not in shown.partition("consent-settings")[0].partition("We count clicks.")[2]
    assert 'href="/cookie-policy/compare/1/3/"' in shown


def test_whose_choice_stands_is_told_nothing(client: Client, choices: None) -> None:
    cookie_policy(notice_text="Second words.", change_summary="We count clicks.")
    client.post("/cookies/", {"notice": "2", "choice": "all"})
    shown = client.get("/cookies/").content.decode()
    assert "has changed since" not in shown
