"""“Wording only” is that: figures, periods, links and facts need a reason, cookies and recipients never pass."""

import time
from typing import Any

import pytest
from cookie_consent.models import Cookie
from django.test import Client
from wagtail.models import Site
from wagtail.test.utils.form_data import streamfield

from home.models import BrandSettings
from policies.models import CookieDetails, CookiePolicyPage, PolicyPage, PolicyVersion
from policies.versions import publication_preview, publishing, wording
from tests.factories import (
    cookie_policy,
    declare_cookies,
    outside_services,
    policy_form,
    policy_page,
    publish,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def doubts(before: str, after: str) -> list[str]:
    return wording.doubts(before=(f"<p>{before}</p>", {}), after=(f"<p>{after}</p>", {}))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("We keep them for a session.", "We keep them for 99 months."),
        ("We keep them for two weeks.", "We keep them for two months."),
        ("Within ten working days.", "Within two working days."),
        ("We delete it after 30 days.", "We delete it after 3 days."),
        ("It costs 12,75 €.", "It costs 12,75 $."),
        ("It costs €5.", "It costs £5."),
        ("It costs GBP 5.", "It costs EUR 5."),
        ("Five people read it.", "Fifty people read it."),
        ("Half of it.", "A third of it, or ½."),
        ("We give 10 %.", "We give 1 %."),
        ("In force since 2024-05-01.", "In force since 2024-06-01."),
        ("Nach dreißig Tagen.", "Nach neunzig Tagen."),
        ("Orders 10 years, messages 30 days.", "Orders 30 days, messages 10 years."),
        ("Call 0123 4567.", "Call us."),
        ('Read <a href="https://a.example/">this</a>.', 'Read <a href="https://b.example/">this</a>.'),
        ('Read <a href="https://a.example/">this</a>.', "Read this."),
        ("Write to us.", '<a href="mailto:x@example.com">Write</a> to us.'),
        ("Thirty days to send it back.", "Three hundred days to send it back."),
        ("It is a thirty-day term.", "It is a ninety-day term."),
        ("We ask once.", "We ask twice."),
        ("Paid annually.", "Paid daily."),
        ("It costs 5 euros.", "It costs 5 dollars."),
        ("It costs five euros.", "It costs five dollars."),
        ("We give 10 percent.", "We give 10 euros."),
        ("We give 10 %.", "We give 10 ‰."),
        ("Within two (2) months.", "Within two (2) years."),
        ("Up to 2.5 kg.", "Up to 2.5 t."),
        ("Kept cold, at -5 degrees.", "Kept cold, at +5 degrees."),
        ("Nach zwei Wochen.", "Nach zwei Monaten."),
        ("Es kostet 5 Euro.", "Es kostet 5 Dollar."),
        ("Refunds take 30 days, complaints 14 days.", "Refunds take 14 days, complaints 30 days."),
        (
            '<a href="https://a.example/">Terms</a> <a href="https://b.example/">Privacy</a>',
            '<a href="https://b.example/">Terms</a> <a href="https://a.example/">Privacy</a>',
        ),
        (
            '<a href="https://a.example/">Terms</a> <a href="https://b.example/">Privacy</a>',
            '<a href="https://a.example/">Privacy</a> <a href="https://b.example/">Terms</a>',
        ),
        (
            "<table><tr><th>Name</th><td>shared</td></tr><tr><th>Phone</th><td>private</td></tr></table>",
            "<table><tr><th>Name</th><td>private</td></tr><tr><th>Phone</th><td>shared</td></tr></table>",
        ),
    ],
)
def test_what_is_more_than_wording_is_found(before: str, after: str) -> None:
    assert doubts(before, after)
    assert doubts(after, before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Be kind.", "Be kinder, please."),
        ("We keep it no longer than 10 years.", "We keep it at most 10 years."),
        ("We delte it after 30 days.", "We delete it after 30 days."),
        ("One of us, someone often.", "Someone of us, and one more, often."),
        ('Read <a href="https://a.example/">this</a>.', 'Please read <a href="https://a.example/">it</a>.'),
        ("Our house, 5 High Street.", "Our home, 5 High Street."),
        ("We keep it for 30 days.", "We store it for 30 days."),
        ("<table><tr><td>shared</td></tr></table>", "<table><tr><td>given away</td></tr></table>"),
    ],
)
def test_wording_is_wording(before: str, after: str) -> None:
    assert doubts(before, after) == []


@pytest.mark.parametrize("text", ["-" * 50_000, "a" * 50_000, "a-" * 25_000, "1 " * 25_000, "(" * 25_000])
def test_a_text_of_one_letter_takes_no_time(text: str) -> None:
    begun = time.monotonic()
    doubts(text, "Be kind.")
    assert time.monotonic() - begun < 10


def test_each_doubt_names_what_was_and_what_is() -> None:
    [figures] = doubts("After 30 days.", "After 3 days.")
    assert figures == "Figures and periods: 30 days became 3 days."
    assert doubts("After 30 days.", "Later.") == ["Figures and periods: 30 days removed."]
    assert doubts("Later.", "After 30 days.") == ["Figures and periods: 30 days added."]
    [order] = doubts("1 and 2.", "2 and 1.")
    assert "another order" in order


# --- Of a draft --------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def page_of_module(database_of_module: None) -> int:
    page = policy_page(body="<p>We delete it after 30 days.</p>")
    publish(page)
    return page.pk


@pytest.fixture
def kept(page_of_module: int, db: None) -> PolicyPage:
    return PolicyPage.objects.get(pk=page_of_module)


def editorial(page: PolicyPage, **fields: Any) -> PolicyVersion:
    return publish(page, kind="editorial", **{"editorial_reason": "", **fields})


def test_a_figure_needs_a_reason_which_the_record_keeps(kept: PolicyPage) -> None:
    body = "<p>We delete it after 31 days.</p>"
    for reason in ("", "  "):
        with pytest.raises(publishing.RefusedContentError, match="30 days became 31 days"):
            editorial(kept, body=body, editorial_reason=reason)
    second = editorial(kept, body=body, editorial_reason="The system always kept 31.")
    assert second.content["editorial_reason"] == "The system always kept 31."


def test_another_title_needs_a_reason(kept: PolicyPage) -> None:
    with pytest.raises(publishing.RefusedContentError, match="The title changes"):
        publish(kept, title="What we keep for 99 years", kind="editorial", editorial_reason="")
    assert (
        publish(kept, title="What we keep", kind="editorial", editorial_reason="A clearer name.").number == 2
    )


def test_a_change_of_words_needs_none(kept: PolicyPage) -> None:
    assert editorial(kept, body="<p>We erase it after 30 days.</p>").number == 2


def test_a_material_change_needs_none(kept: PolicyPage) -> None:
    assert publish(kept, body="<p>We erase it after 3 days.</p>").number == 2


def test_a_fact_needs_a_reason(kept: PolicyPage) -> None:
    publish(kept, body=[("live_fact", "company")])
    settings = BrandSettings.for_site(Site.objects.get())
    settings.legal_name = "Another company"
    settings.save()
    with pytest.raises(publishing.RefusedContentError, match="Who we are"):
        editorial(kept)
    assert editorial(kept, editorial_reason="A typing error.").number == 3


@pytest.mark.parametrize("reason", ["", "I like it that way."])
def test_a_cookie_that_lives_99_months_instead_of_a_session_is_no_wording(reason: str) -> None:
    declare_cookies("analytics", "_visits", duration="session")
    page = cookie_policy()
    CookieDetails.objects.update(duration="99 months")
    with pytest.raises(publishing.RefusedContentError, match="Mark the change as material"):
        editorial(page, editorial_reason=reason)
    assert PolicyVersion.objects.count() == 1
    assert publish(page).number == 2


def test_a_cookie_more_or_less_is_no_wording_in_any_policy_that_lists_them(kept: PolicyPage) -> None:
    declare_cookies("analytics", "_visits", "_pages")
    publish(kept, body=[("live_fact", "cookies")])
    Cookie.objects.filter(name="_pages").delete()
    with pytest.raises(publishing.RefusedContentError, match="Cookies in use"):
        editorial(kept, editorial_reason="It was never set.")


def test_another_recipient_is_no_wording(kept: PolicyPage) -> None:
    publish(kept, body=[("live_fact", "recipients")])
    outside_services(allow_openstreetmap=True, embeds_category=declare_cookies("media"))
    with pytest.raises(publishing.RefusedContentError, match="Who receives data"):
        editorial(kept, editorial_reason="They only count.")


def test_other_words_of_the_consent_bar_are_a_fact_that_needs_a_reason() -> None:
    page = cookie_policy()
    with pytest.raises(publishing.RefusedContentError, match="Words of the consent bar"):
        editorial(page, notice_text="We count visits if you let us.")
    assert (
        editorial(page, notice_text="We count visits if you let us.", editorial_reason="Plainer.").number == 2
    )


# --- What editor and reviewer see ---------------------------------------------------------------------------------
def test_the_editor_reads_what_changes_at_the_form_and_may_give_the_reason(
    admin_client: Client, kept: PolicyPage
) -> None:
    edit = f"/admin/pages/{kept.pk}/edit/"
    assert "why it is wording only" in admin_client.get(edit).content.decode().lower()
    body = streamfield([("imported", "<p>We delete it after 31 days.</p>")])
    values = policy_form(body=body, change_kind="editorial", **{"action-publish": "1"})
    refused = admin_client.post(edit, values)
    assert "30 days became 31 days" in refused.content.decode()
    assert list(refused.context["form"].errors) == ["editorial_reason"]
    assert PolicyVersion.objects.count() == 1
    admin_client.post(edit, {**values, "editorial_reason": "A typing error."})
    assert PolicyVersion.objects.get(number=2).content["editorial_reason"] == "A typing error."


def test_the_reviewer_reads_what_changes_and_why(admin_client: Client, kept: PolicyPage) -> None:
    draft = kept.get_latest_revision_as_object()
    draft.body, draft.change_kind = [("imported", "<p>We delete it after 31 days.</p>")], "editorial"
    draft.change_summary, draft.takes_effect, draft.based_on = (
        "A correction.",
        "now",
        PolicyVersion.objects.get(),
    )
    draft.save_revision()
    kept = PolicyPage.objects.get()
    kept.get_workflow().start(kept, None)
    review = f"/admin/policies/{kept.pk}/review/"
    assert "30 days became 31 days" in admin_client.get(review).content.decode()
    sent = {"decision": "approve", "seen": publication_preview.preview_latest_draft(kept).fingerprint}
    assert "Say why, or mark" in admin_client.post(review, sent).content.decode()
    draft.editorial_reason = "A typing error."
    draft.save_revision(overwrite_revision=kept.latest_revision)
    assert admin_client.post(review, sent).status_code == 422  # the reason was not among what was approved
    shown = admin_client.get(review).content.decode()
    assert "A typing error." in shown
    assert "30 days became 31 days" in shown
    sent["seen"] = publication_preview.preview_latest_draft(PolicyPage.objects.get()).fingerprint
    admin_client.post(review, sent)
    assert PolicyVersion.objects.get(number=2).content["editorial_reason"] == "A typing error."


def test_the_reason_stands_in_the_public_record(client: Client, kept: PolicyPage) -> None:
    editorial(kept, body="<p>We delete it after 31 days.</p>", editorial_reason="A typing error.")
    record = client.get("/house-rules/versions/2/record.json").json()
    assert record["editorial_reason"] == "A typing error."


def test_a_reason_is_asked_anew_for_each_draft(admin_client: Client, kept: PolicyPage) -> None:
    editorial(kept, body="<p>We delete it after 31 days.</p>", editorial_reason="A typing error.")
    edit = f"/admin/pages/{kept.pk}/edit/"
    assert not admin_client.get(edit).context["form"]["editorial_reason"].value()
    values = policy_form(change_kind="editorial", body=streamfield([("imported", "<p>After 99 days.</p>")]))
    admin_client.post(edit, {**values, "action-publish": "1"})
    assert PolicyVersion.objects.count() == 2


def test_nothing_is_asked_of_a_cookie_policy_that_stays_as_it_is() -> None:
    page = cookie_policy()
    publish(page, kind="editorial", editorial_reason="")
    assert PolicyVersion.objects.count() == 1
    assert CookiePolicyPage.objects.get().live
