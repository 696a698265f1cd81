"""What a draft must be to become a version: written on what holds when it takes effect, and known for what undoes it.

Every way to publish asks the same rules; a refused one changes nothing.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from wagtail.test.utils.form_data import streamfield

from home.models import ContentPage
from policies.models import Policy, PolicyPage, PolicyVersion, VersionWithdrawal
from policies.versions import publication_preview, publishing, rules
from policies.versions.content import VersionContent
from policies.versions.dashboard import statuses
from tests.factories import (
    cookie_policy,
    declare_cookies,
    home_page,
    policy_form,
    policy_page,
    publish,
    version,
    withdraw,
)

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

KIND, FAIR = ("imported", "<p>Be kind.</p>"), ("imported", "<p>Be fair.</p>")
BRAVE = ("imported", "<p>Be brave, always and everywhere.</p>")


@pytest.fixture
def soon() -> datetime:
    return (timezone.now() + timedelta(days=10)).replace(second=0, microsecond=0)


@pytest.fixture
def announced(soon: datetime) -> PolicyPage:
    """Publish “Be kind. Be fair.”, and announce “Be kind. Be brave …” as version 2."""
    page = policy_page(body=[KIND, FAIR])
    publish(page)
    publish(page, body=[KIND, BRAVE], effective_from=soon, summary="Brave.")
    return PolicyPage.objects.get()


def numbered(number: int) -> PolicyVersion:
    return PolicyVersion.objects.get(number=number)


def in_force() -> str:
    return Policy.objects.get().in_force().text


def undoing() -> list[tuple[int, int]]:
    [status] = statuses([Policy.objects.get()], now=timezone.now())
    return [(version.number, undone.number) for version, undone in status.undoing]


# --- The story that was measured -------------------------------------------------------------------------------
def test_an_editorial_sentence_does_not_publish_the_announced_change(
    admin_client: Client, announced: PolicyPage
) -> None:
    edit = f"/admin/pages/{announced.pk}/edit/"
    stated = {"change_summary": "A clearer word.", "change_kind": "editorial", "takes_effect": "now"}
    on_the_announced_text = policy_form(
        body=streamfield([KIND, BRAVE, ("imported", "<p>Please.</p>")]), **stated, **{"action-publish": "1"}
    )
    assert admin_client.get(edit).status_code == 302  # the announced text is not shown for editing
    assert (
        admin_client.post(edit, on_the_announced_text).status_code == 200
    )  # nor taken from a form opened before
    assert PolicyVersion.objects.count() == 2

    admin_client.post(f"/admin/policies/{announced.pk}/begin/", {"beginning": "now"})
    assert "Be fair." in admin_client.get(edit).content.decode()
    values = policy_form(
        body=streamfield([KIND, ("imported", "<p>Be fair, please.</p>")]), **stated, **{"action-publish": "1"}
    )
    refused = admin_client.post(edit, values).content.decode()
    assert "Version 2, announced for" in refused
    assert "will undo it" in refused
    assert admin_client.post(edit, {**values, "undone_by": ["2"]}).status_code == 302
    assert in_force() == "Be kind.\nBe fair, please."
    assert numbered(3).change_kind == "editorial"
    assert undoing() == [(2, 3)]


# --- The base --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("based_on", "days", "is_accepted"),
    [
        (1, 0, True),
        (1, 5, True),
        (1, 15, False),
        (2, 0, False),
        (2, 5, False),
        (2, 15, True),
        (None, 0, False),
    ],
)
def test_a_draft_is_based_on_what_is_in_force_when_it_takes_effect(
    announced: PolicyPage, based_on: int | None, days: int, *, is_accepted: bool
) -> None:
    base = numbered(based_on) if based_on else None
    PolicyPage.objects.update(latest_revision=None)  # so that a draft which says nothing is not dated either
    at = timezone.now() + timedelta(days=days) if days else None

    def attempt() -> PolicyVersion:
        content = page_content(announced, based_on=base, at=at)
        return publishing.record_version(policy=Policy.objects.get(), content=content)

    if is_accepted:
        assert attempt().content["based_on"] == based_on
    else:
        with pytest.raises(publishing.RefusedContentError, match="start"):
            attempt()
        assert PolicyVersion.objects.count() == 2


def page_content(
    page: PolicyPage, *, based_on: PolicyVersion | None, at: datetime | None, **fields: Any
) -> VersionContent:
    draft = page.get_latest_revision_as_object()
    draft.body, draft.change_summary = [("imported", "<p>Be new.</p>")], "New."
    content = draft.version_content(now=timezone.now())
    values = {"based_on": based_on, "undone_by": [1, 2, 3, 4], "effective_at": at or timezone.now(), **fields}
    return replace(content, **values)


def test_a_draft_based_on_a_version_that_was_withdrawn_is_refused(
    announced: PolicyPage, soon: datetime
) -> None:
    second = numbered(2)
    withdraw(second)
    with pytest.raises(publishing.RefusedContentError, match="start again from version 1"):
        publish(announced, body="<p>Be new.</p>", based_on=second, effective_from=soon + timedelta(days=1))
    assert PolicyVersion.objects.count() == 2


def test_one_that_waited_for_the_lock_beyond_the_hour_of_an_announced_version_is_refused(
    announced: PolicyPage, soon: datetime
) -> None:
    content = page_content(announced, based_on=numbered(1), at=None)
    with (
        time_machine.travel(soon + timedelta(seconds=1), tick=False),
        pytest.raises(publishing.RefusedContentError, match="start again from version 2"),
    ):
        publishing.record_version(policy=Policy.objects.get(), content=content)


def test_the_record_names_what_it_is_based_on_and_what_it_replaces(
    announced: PolicyPage, soon: datetime
) -> None:
    third = publish(announced, body=[BRAVE], replaces=numbered(2), based_on=numbered(1), effective_from=soon)
    assert (third.content["based_on"], third.content["replaces"]) == (1, 2)


# --- Instead of an announced version -----------------------------------------------------------------------------
def test_what_is_replaced_is_withdrawn_in_the_same_moment(announced: PolicyPage, soon: datetime) -> None:
    third = publish(announced, body=[KIND], replaces=numbered(2), based_on=numbered(1), effective_from=soon)
    withdrawal = VersionWithdrawal.objects.get()
    assert (withdrawal.version.number, withdrawal.reason) == (2, "Replaced by version 3.")
    assert withdrawal.withdrawn_at == third.recorded_at
    assert withdrawal.ledger_entry is not None


def test_what_was_withdrawn_or_has_taken_effect_cannot_be_replaced(
    announced: PolicyPage, soon: datetime
) -> None:
    second = numbered(2)
    with (
        time_machine.travel(soon + timedelta(seconds=1), tick=False),
        pytest.raises(publishing.RefusedContentError, match="not announced any more"),
    ):
        publish(announced, body=[KIND], replaces=second, based_on=numbered(1))
    withdraw(second)
    with pytest.raises(publishing.RefusedContentError, match="not announced any more"):
        publish(announced, body=[KIND], replaces=second, based_on=numbered(1))
    assert VersionWithdrawal.objects.count() == 1


def test_replacing_with_the_text_in_force_asks_to_withdraw_instead(
    announced: PolicyPage, soon: datetime
) -> None:
    with pytest.raises(publishing.RefusedContentError, match="Withdraw version 2 instead"):
        publish(announced, body=[KIND, FAIR], replaces=numbered(2), based_on=numbered(1), effective_from=soon)
    assert not VersionWithdrawal.objects.exists()


# --- What announced versions undo --------------------------------------------------------------------------------
def test_a_change_that_the_announced_version_has_as_well_is_not_undone(announced: PolicyPage) -> None:
    publish(announced, body=[KIND, BRAVE], undone_by=[])
    assert undoing() == []


@pytest.mark.parametrize(
    "change",
    [
        {"body": [FAIR]},
        {"body": [KIND, FAIR, ("imported", "<p>Please.</p>")]},
        {"body": [("imported", "<p>Be kinder.</p>"), FAIR]},
        {"title": "Rules of the house"},
    ],
)
def test_a_change_that_it_does_not_have_needs_a_tick_and_stays_red_until_then(
    announced: PolicyPage, soon: datetime, change: dict[str, Any]
) -> None:
    change = {"body": [KIND, FAIR], **change}
    for ticks in ([], [1], [3]):
        with pytest.raises(publishing.RefusedContentError, match="will undo it on that day"):
            publish(announced, undone_by=ticks, **change)
    assert PolicyVersion.objects.count() == 2
    publish(announced, undone_by=[2], **change)
    assert undoing() == [(2, 3)]
    withdraw(numbered(2))
    assert undoing() == []


def test_other_words_of_the_consent_bar_are_undone_too(soon: datetime) -> None:
    page = cookie_policy(notice_text="First words.")
    cookie_policy(notice_title="An announced title", effective_from=soon)
    with pytest.raises(publishing.RefusedContentError, match="will undo it"):
        publish(page, notice_title="Cookies here", notice_text="Better words.", undone_by=[])
    publish(page, notice_title="Cookies here", notice_text="Better words.", undone_by=[2])
    assert undoing() == [(2, 3)]


def test_cookies_that_were_declared_since_are_undone_too(soon: datetime) -> None:
    page = cookie_policy()
    cookie_policy(notice_title="An announced title", effective_from=soon)
    declare_cookies("analytics", "_new")
    with pytest.raises(publishing.RefusedContentError, match="will undo it"):
        publish(page, notice_title="Cookies here", undone_by=[])


def test_each_of_several_announced_versions_needs_its_tick(announced: PolicyPage, soon: datetime) -> None:
    publish(announced, body=[KIND, BRAVE, FAIR], effective_from=soon + timedelta(days=5))
    with pytest.raises(publishing.RefusedContentError) as refused:
        publish(announced, body=[FAIR], undone_by=[])
    assert [re.search(r"Version (\d)", problem)[1] for problem in refused.value.problems] == ["2", "3"]
    publish(announced, body=[FAIR], undone_by=[2, 3])
    assert undoing() == [(2, 4)]


def test_a_version_announced_after_one_that_is_withdrawn_is_red(
    announced: PolicyPage, soon: datetime
) -> None:
    publish(announced, body=[KIND, BRAVE, FAIR], effective_from=soon + timedelta(days=5))
    assert undoing() == []
    withdraw(numbered(2))
    assert undoing() == [(3, 1)]


def test_a_version_announced_after_one_that_is_replaced_is_told(
    announced: PolicyPage, soon: datetime
) -> None:
    publish(
        announced, body=[KIND, BRAVE, ("imported", "<p>Thanks.</p>")], effective_from=soon + timedelta(days=5)
    )
    how = {"replaces": numbered(2), "based_on": numbered(1), "effective_from": soon}
    with pytest.raises(publishing.RefusedContentError, match="Version 3, announced for"):
        publish(announced, body=[FAIR], undone_by=[], **how)
    publish(announced, body=[FAIR], undone_by=[3], **how)
    assert undoing() == [(3, 4)]


def test_the_dashboard_shows_it_in_red_and_offers_to_rebase(
    admin_client: Client, announced: PolicyPage
) -> None:
    publish(announced, body=[FAIR])
    shown = admin_client.get("/admin/").content.decode()
    assert "version 2 will undo what version 3 changed" in shown
    assert "Rebase version 2" in shown
    assert "The site matches the published policies" not in shown


def test_the_dashboard_opens_where_a_record_cannot_be_read(
    admin_client: Client, announced: PolicyPage
) -> None:
    publish(announced, body=[FAIR])
    for record in ("no json", "[]", "{}"):
        damage(record)
        assert admin_client.get("/admin/").status_code == 200


def damage(record: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE policies_policyversion SET record = %s WHERE number = 2", [record])


# --- Every way to publish ----------------------------------------------------------------------------------------
def stale_draft(page: PolicyPage) -> PolicyPage:
    """Save a draft, and let something happen that makes its base another."""
    draft = page.get_latest_revision_as_object()
    draft.body, draft.based_on = [("imported", "<p>Be cruel.</p>")], numbered(1)
    draft.change_summary, draft.takes_effect, draft.effective_from = "Cruel.", "now", None
    draft.undone_by = [2]
    draft.save_revision(clean=False)
    return PolicyPage.objects.get()


def by_form(client: Client, page: PolicyPage) -> str:
    values = policy_form(body=streamfield([("imported", "<p>Be cruel.</p>")]), **{"action-publish": "1"})
    return client.post(f"/admin/pages/{page.pk}/edit/", values, follow=True).content.decode()


def by_submitting(client: Client, page: PolicyPage) -> str:
    values = policy_form(body=streamfield([("imported", "<p>Be cruel.</p>")]), **{"action-submit": "1"})
    return client.post(f"/admin/pages/{page.pk}/edit/", values, follow=True).content.decode()


def by_review(client: Client, page: PolicyPage) -> str:
    page.get_workflow().start(page, None)
    seen = publication_preview.preview_latest_draft(page).fingerprint
    sent = {"decision": "approve", "seen": seen}
    return client.post(f"/admin/policies/{page.pk}/review/", sent, follow=True).content.decode()


@pytest.mark.parametrize("way", [by_form, by_submitting, by_review])
def test_the_admin_says_why_and_changes_nothing(
    admin_client: Client, announced: PolicyPage, soon: datetime, way: Callable[[Client, PolicyPage], str]
) -> None:
    page = stale_draft(announced)
    publish_directly("<p>Be quiet.</p>")
    assert "start again from version 3" in way(admin_client, page)
    assert PolicyVersion.objects.count() == 3
    assert in_force() == "Be quiet."


def publish_directly(html: str) -> PolicyVersion:
    """Publish something past the page, as a second process would."""
    return version(Policy.objects.get(), html=html)


def test_the_revision_is_refused_and_the_page_stays_as_it_was(announced: PolicyPage) -> None:
    page = stale_draft(announced)
    publish_directly("<p>Be quiet.</p>")
    before = PolicyPage.objects.values().get()
    with pytest.raises(publishing.RefusedContentError):
        page.latest_revision.publish()
    assert PolicyPage.objects.values().get() == before


@pytest.mark.parametrize("way", [by_form, by_review])
def test_what_happens_between_form_and_lock_is_told_as_well(
    admin_client: Client,
    announced: PolicyPage,
    monkeypatch: pytest.MonkeyPatch,
    way: Callable[[Client, PolicyPage], str],
) -> None:
    page, ask = stale_draft(announced), publishing.problems
    before_the_lock = [None] * {by_form: 2, by_review: 1}[way]  # the form and the button, or the review page

    def ask_under_the_lock(**of: Any) -> list[str]:
        if before_the_lock:
            before_the_lock.pop()
            return []
        return ask(**of)

    publish_directly("<p>Be quiet.</p>")
    monkeypatch.setattr(publishing, "problems", ask_under_the_lock)
    assert "start again from version 3" in way(admin_client, page)
    assert PolicyVersion.objects.count() == 3
    assert PolicyPage.objects.get().has_unpublished_changes


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


# --- Drafts under review when something is announced -----------------------------------------------------------------
def test_a_review_begun_before_an_announcement_asks_for_the_tick(
    admin_client: Client, soon: datetime
) -> None:
    page = policy_page(body=[KIND, FAIR])
    publish(page)
    draft = page.get_latest_revision_as_object()
    draft.body, draft.change_summary, draft.based_on = [FAIR], "Less.", numbered(1)
    draft.save_revision()
    page = PolicyPage.objects.get()
    page.get_workflow().start(page, None)
    seen = publication_preview.preview_latest_draft(page).fingerprint
    version(Policy.objects.get(), html="<p>Be brave.</p>", at=soon)
    sent = {"decision": "approve", "seen": seen}
    answer = admin_client.post(f"/admin/policies/{page.pk}/review/", sent)
    assert answer.status_code == 422
    assert "Version 2, announced for" in answer.content.decode()
    sent = {"decision": "reject", "comment": "See version 2.", "seen": seen}
    admin_client.post(f"/admin/policies/{page.pk}/review/", sent)
    assert admin_client.get(f"/admin/pages/{page.pk}/edit/").status_code == 200
    assert PolicyVersion.objects.count() == 2


def test_a_tick_for_a_version_that_has_taken_effect_meanwhile_is_no_error(
    admin_client: Client, announced: PolicyPage, soon: datetime
) -> None:
    admin_client.post(f"/admin/policies/{announced.pk}/begin/", {"beginning": "now"})
    later = soon + timedelta(days=30)
    publish(announced, body=[KIND, BRAVE, FAIR], effective_from=later, based_on=numbered(2))
    admin_client.post(f"/admin/policies/{announced.pk}/begin/", {"beginning": "now"})
    withdraw(numbered(2))
    for ticks in (["2"], ["99"], ["x"], ["2; DROP"]):
        values = {**policy_form(change_summary=f"Half {ticks}."), "undone_by": ticks}
        assert admin_client.post(f"/admin/pages/{announced.pk}/edit/", values).status_code == 302
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    assert draft.undone_by == []


def test_the_rules_are_asked_with_the_replaced_version_set_aside(
    announced: PolicyPage, soon: datetime
) -> None:
    content = page_content(announced, based_on=numbered(1), at=soon, replaces=numbered(2))
    assert rules.base_of(Policy.objects.get(), content) == numbered(1)
    assert rules.undone(Policy.objects.get(), content) == []
