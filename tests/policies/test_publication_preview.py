"""What the editor is told before publishing: the redline against what holds, and what follows."""

import html
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from policies.models import CookiePolicyPage, PolicyPage, PolicyVersion
from policies.versions import publication_preview
from tests.factories import (
    NOTICE_WORDS,
    cookie_policy,
    declare_cookies,
    home_page,
    outside_services,
    policy_page,
    publish,
)
from tests.policies.verifying import sql

pytestmark = pytest.mark.django_db


def draft(page: PolicyPage, **values: object) -> None:
    latest = PolicyPage.objects.get(pk=page.pk).specific.get_latest_revision_as_object()
    for name, value in values.items():
        setattr(latest, name, value)
    latest.save_revision(clean=False)


def effects(page: PolicyPage) -> str:
    return " ".join(
        publication_preview.preview_latest_draft(PolicyPage.objects.get(pk=page.pk).specific).effects
    )


def test_a_policy_that_was_never_published_gets_version_1() -> None:
    assert "Version 1 will be published and take effect at once" in effects(policy_page())


def test_the_preview_of_a_first_version_shows_its_whole_text(admin_client: Client) -> None:
    page = policy_page()
    answer = admin_client.get(f"/admin/policies/{page.pk}/publication-preview/").content.decode()
    assert page.render_body().text in answer


def test_a_changed_word_is_shown_against_the_version_in_force() -> None:
    page = policy_page()
    publish(page)
    draft(page, body=[("imported", "<p>Be brave.</p>")])
    found = publication_preview.preview_latest_draft(PolicyPage.objects.get())
    assert found.before.number == 1
    assert (found.redline.words_added, found.redline.words_removed) == (1, 1)
    assert "Version 2 will be published" in effects(page)


def test_an_unchanged_text_is_called_so() -> None:
    page = policy_page()
    publish(page)
    assert effects(page) == "Text and facts are those of version 1: no version is made."


def test_it_says_nothing_of_the_time_and_the_kind_of_change_that_nobody_chose_yet() -> None:
    page = policy_page()
    publish(page)
    publish(page, body="<p>Be brave.</p>", effective_from=timezone.now() + timedelta(days=9))
    draft(page, body=[("imported", "<p>Be calm.</p>")], takes_effect="", change_kind="", effective_from=None)
    assert effects(page) == (
        "Version 3 will be published. When it takes effect is not chosen yet. "
        "The kind of change is not chosen yet."
    )
    draft(page, takes_effect="later", change_kind="material")  # but no time
    assert "When it takes effect is not chosen yet. The change is material" in effects(page)
    assert "notice period" not in effects(page)


def test_it_says_how_far_ahead_and_which_announced_version_comes_later() -> None:
    page = policy_page()
    publish(page)
    publish(page, body="<p>Be brave.</p>", effective_from=timezone.now() + timedelta(days=9))
    soon = timezone.now() + timedelta(days=3)
    draft(page, body=[("imported", "<p>Be calm.</p>")], takes_effect="later", effective_from=soon)
    words = effects(page)
    assert "in 3 days" in words
    assert "Version 2, announced for" in words


def test_less_notice_than_the_settings_ask_for_is_said_of_a_material_change_only() -> None:
    page = policy_page()
    publish(page)
    draft(page, body=[("imported", "<p>Be calm.</p>")], change_kind="material", takes_effect="now")
    assert "sooner than the notice period of 30 days" in effects(page)
    draft(page, change_kind="editorial")
    assert "notice period" not in effects(page)
    assert "nobody is told" in effects(page)


def test_it_names_what_visitors_would_be_asked_about_though_no_service_uses_it() -> None:
    media = declare_cookies("media", "_osm_session")
    outside_services(allow_openstreetmap=True, embeds_category=media)
    page = cookie_policy()
    declare_cookies("media", "other")
    assert "which no service uses" not in effects(page)
    declare_cookies("media", "vuid", provider="Vimeo")
    declare_cookies("analytics", "visits")
    assert "It asks about “Analytics”, which no service uses." in effects(page)
    assert "It asks about “vuid”, which no service uses." in effects(page)


def test_it_names_what_is_still_to_be_said() -> None:
    page = policy_page()
    publish(page)
    draft(page, change_summary="", change_kind="", takes_effect="later", effective_from=None)
    assert publication_preview.preview_latest_draft(PolicyPage.objects.get()).missing == [
        "what changed",
        "kind of change",
        "in force from",
    ]


def test_looking_ahead_writes_nothing(admin_client: Client) -> None:
    page = policy_page()
    publish(page)
    draft(page, body=[("imported", "<p>Be calm.</p>")])
    with CaptureQueriesContext(connection) as asked:
        answer = admin_client.get(f"/admin/policies/{page.pk}/publication-preview/")
    assert not [query for query in asked if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert "<ins" in answer.content.decode()
    assert PolicyVersion.objects.count() == 1
    assert admin_client.post(f"/admin/policies/{page.pk}/publication-preview/").status_code == 405


@pytest.mark.both_databases
def test_changed_words_of_the_consent_bar_are_shown_where_they_are_approved(admin_client: Client) -> None:
    page = cookie_policy()
    first = publication_preview.preview_latest_draft(page)
    assert first.changed_facts == []
    draft(page, accept_label="Agree", change_kind="material")
    found = publication_preview.preview_latest_draft(CookiePolicyPage.objects.get())
    [(label, [change])] = found.changed_facts
    assert label == "Words of the consent bar"
    assert "Accept all" in change
    assert "Agree" in change
    assert f"{label}: {change}." in found.sentences
    for part in ("publication-preview", "review"):
        answer = html.unescape(admin_client.get(f"/admin/policies/{page.pk}/{part}/").content.decode())
        assert change in answer
        assert f'data-said="0 changes in the text; {label}"' in answer


def test_a_first_version_shows_the_facts_that_it_freezes() -> None:
    page = CookiePolicyPage(title="Cookie policy", body=[("imported", "<p>Few.</p>")], **NOTICE_WORDS)
    home_page().add_child(instance=page)
    found = publication_preview.preview_latest_draft(page)
    assert found.sentences[0] == "The whole text is new."
    assert any("Words of the consent bar" in one and "Reject all" in one for one in found.sentences)
    assert not [label for label, _changes in found.changed_facts if "services" in label]


def test_a_script_in_the_stored_text_is_not_shown_to_staff(admin_client: Client) -> None:
    page = policy_page()
    publish(page, body="<p>Be kind.</p>")
    script = "kind.<script>alert(1)</script></p>"
    record = PolicyVersion.objects.get().record.replace("kind.</p>", script)
    sql("UPDATE policies_policyversion SET record = %s", record)
    draft(page, body=[("imported", "<p>Be calm.</p>")])
    for part in ("publication-preview", "review"):
        answer = admin_client.get(f"/admin/policies/{page.pk}/{part}/").content.decode()
        assert "calm" in answer
        assert "alert(1)" not in answer
