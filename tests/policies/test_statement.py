"""What an editor states of each version: empty in a new draft, required to submit or publish, checked at the field."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format
from wagtail.models import Site

from home.models import User
from policies.models import Policy, PolicyPage, PolicySettings, PolicyVersion
from tests.factories import home_page, policy_form, policy_page, publish

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def edit(page: PolicyPage) -> str:
    return f"/admin/pages/{page.pk}/edit/"


def test_a_new_draft_starts_with_nothing_stated(admin_client: Client) -> None:
    page = policy_page()
    publish(page, summary="We wrote it down.")
    fields = admin_client.get(edit(page)).context["form"]
    for name in ("change_summary", "change_kind", "takes_effect", "effective_from"):
        assert not fields[name].value(), name


def test_what_was_stated_of_a_draft_is_still_there_when_it_is_opened_again(admin_client: Client) -> None:
    page = policy_page()
    publish(page)
    admin_client.post(
        edit(page), policy_form(change_summary="Half a thought.", change_kind="", takes_effect="")
    )
    assert admin_client.get(edit(page)).context["form"]["change_summary"].value() == "Half a thought."


def test_what_was_not_ticked_is_not_taken_from_the_last_version(admin_client: Client) -> None:
    page = policy_page()
    publish(page, kind="editorial")
    sent = policy_form(change_summary="")
    for unticked in ("change_kind", "takes_effect"):
        del sent[unticked]  # as browsers do
    admin_client.post(edit(page), sent)
    draft = PolicyPage.objects.get().get_latest_revision_as_object()
    assert (draft.change_kind, draft.takes_effect) == ("", "")
    answer = admin_client.post(edit(page), {**sent, "change_summary": "Kinder.", "action-submit": "1"})
    assert {"change_kind", "takes_effect"} <= answer.context["form"].errors.keys()


def test_reverting_to_an_old_revision_states_nothing_about_the_new_version(admin_client: Client) -> None:
    page = policy_page()
    publish(page, summary="We wrote it down.")
    old = PolicyPage.objects.get().live_revision
    publish(page, body="<p>Be kinder.</p>", summary="Kinder.")
    admin_client.post(edit(page), policy_form(change_summary="Half a thought."))
    reverted = admin_client.get(f"/admin/pages/{page.pk}/revisions/{old.pk}/revert/").context["form"]
    assert not reverted["change_summary"].value()
    assert not reverted["change_kind"].value()


@pytest.mark.parametrize("field", ["change_summary", "change_kind", "takes_effect"])
@pytest.mark.parametrize("action", ["action-publish", "action-submit"])
def test_what_is_missing_is_refused_at_its_field(admin_client: Client, field: str, action: str) -> None:
    page = policy_page()
    publish(page)
    answer = admin_client.post(edit(page), policy_form(**{field: "", action: "1"}))
    assert list(answer.context["form"].errors) == [field]
    message = answer.content.decode().partition("could not be")[2].partition("</ul>")[0]
    assert f"{answer.context['form'][field].label}: " in message
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("takes_effect", "days", "error"),
    [("later", None, "Enter when"), ("later", -1, "is past"), ("later", 3000, "within the next five years")],
)
def test_a_time_that_cannot_be_meant_is_refused_at_its_field(
    admin_client: Client, takes_effect: str, days: int | None, error: str
) -> None:
    page = policy_page()
    publish(page)
    moment = timezone.localtime() + timedelta(days=days or 0)
    written = "" if days is None else moment.strftime("%Y-%m-%d %H:%M")
    values = policy_form(takes_effect=takes_effect, effective_from=written, **{"action-publish": "1"})
    answer = admin_client.post(edit(page), values)
    assert error in str(answer.context["form"].errors["effective_from"])
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize("left_over", ["2031-01-05T12:00", "tomorrow", "9999-12-31T23:59"])
def test_a_time_left_over_does_not_count_for_a_version_at_once(admin_client: Client, left_over: str) -> None:
    page = policy_page()
    publish(page)
    values = policy_form(takes_effect="now", effective_from=left_over, **{"action-publish": "1"})
    assert "Version 2 is in force" in admin_client.post(edit(page), values, follow=True).content.decode()


def test_a_time_ahead_announces_the_version(admin_client: Client) -> None:
    page = policy_page()
    publish(page)
    written = (timezone.localtime() + timedelta(days=3)).strftime("%Y-%m-%d %H:%M")
    values = policy_form(takes_effect="later", effective_from=written, **{"action-publish": "1"})
    answer = admin_client.post(edit(page), values, follow=True).content.decode()
    assert "Version 2 is announced for" in answer
    assert PolicyVersion.objects.get(number=2).effective_at > timezone.now() + timedelta(days=2)


def test_publishing_says_which_version_it_made_and_that_an_unchanged_text_makes_none(
    admin_client: Client,
) -> None:
    page = policy_page()
    publish(page)
    values = policy_form(**{"action-publish": "1"})
    assert "Version 2 is in force" in admin_client.post(edit(page), values, follow=True).content.decode()
    again = admin_client.post(edit(page), values, follow=True).content.decode()
    assert "those of version 2: no version is made" in again
    assert "has been published" not in again
    assert PolicyVersion.objects.count() == 2


def test_the_notice_period_of_the_settings_is_suggested(admin_client: Client) -> None:
    settings = PolicySettings.for_site(Site.objects.get())
    settings.notice_days = 14
    settings.save()
    page = policy_page()
    publish(page)
    day = timezone.localtime(timezone.now() + timedelta(days=14))
    attrs = admin_client.get(edit(page)).context["form"]["effective_from"].field.widget.attrs
    assert attrs["data-suggestion"] == f"{date_format(day, 'DATE_FORMAT')}: 14 days' notice"
    assert attrs["data-suggested"] == f"{day:%Y-%m-%d}T00:00"


def test_days_beyond_a_year_are_refused_in_the_settings(admin_client: Client) -> None:
    url = f"/admin/settings/policies/policysettings/{Site.objects.get().pk}/"
    sent = {"notice_days": "99999999999", "reminder_days": "99999999999", "substitutes": ""}
    form = admin_client.post(url, sent).context["form"]
    assert form.errors.keys() == {"notice_days", "reminder_days"}
    assert admin_client.post(url, {**sent, "notice_days": "366", "reminder_days": "366"}).status_code == 302


def test_more_days_than_any_calendar_has_stored_from_before_stop_nothing() -> None:
    settings, now = PolicySettings(notice_days=10**11, reminder_days=10**11), timezone.now()
    assert settings.end_of_notice(now) == now + timedelta(days=366)
    assert settings.waiting_since(now) == now - timedelta(days=366)


@pytest.mark.parametrize(
    "path", ["/admin/pages/add/policies/policypage/{home}/", "/admin/pages/{page}/edit/"]
)
def test_who_may_not_publish_policies_cannot_do_so_by_hand_either(client: Client, path: str) -> None:
    page = policy_page()
    publish(page)
    user = User.objects.create_user("editor@example.com", "a-long-password")
    user.groups.add(Group.objects.get(name="Editors"))
    client.force_login(user)
    values = policy_form(slug="other-rules" if "add" in path else "house-rules", **{"action-publish": "1"})
    client.post(path.format(home=home_page().pk, page=page.pk), values)
    assert PolicyVersion.objects.count() == 1
    assert not PolicyPage.objects.filter(slug="other-rules", live=True).exists()


@pytest.mark.parametrize("action", ["delete", "unpublish"])
def test_taking_the_page_away_says_that_the_public_record_stays(admin_client: Client, action: str) -> None:
    page = policy_page()
    publish(page)
    assert (
        "stay available at their public URLs"
        in admin_client.get(f"/admin/pages/{page.pk}/{action}/").content.decode()
    )


@pytest.mark.parametrize(("length", "is_accepted"), [(90, True), (91, False)])
def test_a_slug_is_no_longer_than_a_policy_may_have(
    admin_client: Client, length: int, is_accepted: bool
) -> None:
    page = policy_page()
    sent = policy_form(slug="a" * length, **{"action-publish": "1"})
    answer = admin_client.post(edit(page), sent)
    assert Policy.objects.exists() is is_accepted
    if not is_accepted:
        assert "at most 90 characters" in answer.context["form"].errors["slug"][0]
