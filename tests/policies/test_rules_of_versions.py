"""What a draft must be to become a version: written on what holds when it takes effect, and known for what undoes it.

Every way to publish asks the same rules; a refused one changes nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from wagtail.test.utils.form_data import streamfield

from policies.models import Policy, PolicyPage, PolicyVersion, VersionWithdrawal
from policies.versions import publication_preview, publishing, rules
from policies.versions.content import VersionContent
from tests.factories import home_page, policy, policy_form, publish, version, withdraw
from tests.policies.announcing import BRAVE, FAIR, KIND, numbered, undoing

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases, pytest.mark.every_case, pytest.mark.slow]


def in_force() -> str:
    return Policy.objects.get().in_force().text


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
    before_the_lock = [[]]  # in the form, or on the review page

    def ask_under_the_lock(**of: Any) -> list[rules.Problem]:
        return before_the_lock.pop() if before_the_lock else ask(**of)

    publish_directly("<p>Be quiet.</p>")
    monkeypatch.setattr(publishing, "problems", ask_under_the_lock)
    assert "start again from version 3" in way(admin_client, page)
    assert PolicyVersion.objects.count() == 3
    assert PolicyPage.objects.get().has_unpublished_changes


def test_what_happens_while_a_page_is_created_is_told_as_well(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    version(policy("old-rules"))
    answers = [[rules.Problem("Refused under the lock.")], []]
    monkeypatch.setattr(publishing, "problems", lambda **_of: answers.pop())
    values = policy_form(slug="old-rules", **{"action-publish": "1"})
    url = f"/admin/pages/add/policies/policypage/{home_page().pk}/"
    assert "Refused under the lock." in admin_client.post(url, values, follow=True).content.decode()
    assert not PolicyPage.objects.get(slug="old-rules").live
    assert answers == []


def test_a_new_page_that_goes_on_with_a_policy_is_refused_in_its_form(admin_client: Client) -> None:
    version(policy("old-rules"), html="<p>Within 3 days.</p>")
    body = streamfield([("imported", "<p>Within 9 days.</p>")])
    values = policy_form(slug="old-rules", body=body, change_kind="editorial", **{"action-publish": "1"})
    url = f"/admin/pages/add/policies/policypage/{home_page().pk}/"
    answer = admin_client.post(url, values)
    assert answer.status_code == 200
    assert "You say that this is wording only" in answer.content.decode()
    assert not PolicyPage.objects.filter(slug="old-rules").exists()


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
