"""Attacks on what stands beside the versions: accounts, approvals, policies and pages."""

import json

from django.db import connection
from django.utils import timezone

from policies.models import Policy, PolicyPage
from tests.factories import policy_page
from tests.policies.attacks.catalogue import Attacks, in_force, moment, must_change, newest
from tests.policies.lived_site import LivedSite

ATTACKS = Attacks()
attack, by_sql = ATTACKS.add, ATTACKS.add_sql


# --- Accounts and approvals --------------------------------------------------------------------------------
@attack("names another account")
def approver_exchanged(site: LivedSite) -> None:
    must_change(
        "UPDATE policies_policyversion SET approver_id = %s WHERE id = %s", site.editor.pk, in_force(site).pk
    )


@attack("column approver names an account, the record nobody", again=True)
def approver_made_up(site: LivedSite) -> None:
    must_change(
        "UPDATE policies_policyversion SET approver_id = %s WHERE id = %s", site.lawyer.pk, newest(site).pk
    )


@attack("the approval beside it is not that of")
def approval_by_another(site: LivedSite) -> None:
    must_change("UPDATE wagtailcore_taskstate SET finished_by_id = %s", site.editor.pk)


@attack("the approval beside it is not that of")
def approval_turned_into_a_rejection(site: LivedSite) -> None:
    must_change("UPDATE wagtailcore_taskstate SET status = 'rejected'")


@attack("the approval beside it is not that of")
def approval_by_nobody(site: LivedSite) -> None:
    must_change("UPDATE wagtailcore_taskstate SET finished_by_id = NULL")


@attack("the approval beside version 4 is not that which its record names", again=True)
def approval_made_up(site: LivedSite) -> None:
    live = site.rules.__class__.objects.get(pk=site.rules.pk).live_revision_id
    must_change("UPDATE wagtailcore_taskstate SET revision_id = %s", live)


# --- Policies and pages ------------------------------------------------------------------------------------
def of_policy(slug: str, change: str) -> str:
    return f"UPDATE policies_policy SET {change} WHERE slug = '{slug}'"  # noqa: S608


by_sql("policy_renamed", "its title is not that of version 4", of_policy("house-rules", "title = 'x'"))
by_sql("policy_in_another_language", "its language is not that", of_policy("house-rules", "language = 'de'"))
by_sql(
    "policy_of_another_kind",
    "its kind is not that of version 4",
    of_policy("house-rules", "kind = 'terms'"),
    again=True,
)
by_sql("policy_at_another_address", "column policy differs", of_policy("house-rules", "slug = 'house'"))


def of_page(site: LivedSite, change: str, *values: object) -> None:
    must_change(
        f"UPDATE policies_policypage SET {change} WHERE page_ptr_id = %s",  # noqa: S608
        *values,
        site.rules.pk,
    )


@attack("its kind is not that of version 4")
def kind_with_its_page(site: LivedSite) -> None:
    must_change(of_policy("house-rules", "kind = 'terms'"))
    of_page(site, "kind = 'terms'")


@attack("title, kind or text of its page", again=True)
def kind_of_the_page_alone(site: LivedSite) -> None:
    of_page(site, "kind = 'terms'")


@attack("title, kind or text of its page")
def title_of_the_page(site: LivedSite) -> None:
    must_change("UPDATE wagtailcore_page SET title = 'x' WHERE id = %s", site.rules.pk)


@attack("belongs to another policy now", again=True)
def page_moved_to_another_chain(site: LivedSite) -> None:
    of_page(site, "policy_id = %s", Policy.objects.get(slug="terms").pk)


@attack("belongs to another policy now")
def page_taken_from_its_chain(site: LivedSite) -> None:
    of_page(site, "policy_id = NULL")


@attack("it has more than one page")
def new_page_put_to_a_chain(site: LivedSite) -> None:
    page = policy_page("New rules")
    must_change(
        "UPDATE policies_policypage SET policy_id = %s WHERE page_ptr_id = %s", site.rules.policy_id, page.pk
    )


def rewritten(page_id: int, old: str, new: str) -> None:
    must_change(
        "UPDATE policies_policypage SET body = %s WHERE page_ptr_id = %s",
        body_of(page_id).replace(old, new),
        page_id,
    )


def body_of(page_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM policies_policypage WHERE page_ptr_id = %s", [page_id])
        found = cursor.fetchone()[0]
    return found if isinstance(found, str) else json.dumps(found)


TEXT_OF_PAGE = "title, kind or text of its page are not those of version"


@attack(TEXT_OF_PAGE, again=True)
def text_of_the_page(site: LivedSite) -> None:
    rewritten(site.rules.pk, "Be fair.", "Be cruel.")


@attack(TEXT_OF_PAGE, again=True)
def markup_of_the_page(site: LivedSite) -> None:
    rewritten(site.rules.pk, "Be fair.", "Be <b>fair</b>.")


@attack(TEXT_OF_PAGE, again=True)
def text_of_a_page_that_shows_live_facts(site: LivedSite) -> None:
    rewritten(site.privacy.pk, "Less.", "All of it.")


@attack(TEXT_OF_PAGE, again=True)
def text_of_an_earlier_version_on_the_page(site: LivedSite) -> None:
    rewritten(site.privacy.pk, "Less.", "Little.")


def published_just_now(page_id: int) -> None:
    must_change(
        "UPDATE wagtailcore_page SET last_published_at = %s WHERE id = %s", moment(timezone.now()), page_id
    )


@attack("its page says that it was published again, but no log does")
def text_of_an_earlier_version_published_just_now(site: LivedSite) -> None:
    published_just_now(site.privacy.pk)
    rewritten(site.privacy.pk, "Less.", "Little.")


@attack("terms: the approval beside version 2 is not that which its record names")
def approval_made_up_of_what_was_published_again(site: LivedSite) -> None:
    page = PolicyPage.objects.get(pk=site.terms.pk)
    page.get_latest_revision().publish(user=site.editor)
    must_change("UPDATE wagtailcore_taskstate SET revision_id = %s", page.live_revision_id)


@attack(TEXT_OF_PAGE)
def text_of_an_imported_page(site: LivedSite) -> None:
    rewritten(PolicyPage.objects.get(slug="old-rules").pk, "Of 2020.", "Of 2021.")


@attack(TEXT_OF_PAGE, again=True)
def kind_of_an_imported_page(site: LivedSite) -> None:
    must_change(
        "UPDATE policies_policypage SET kind = 'terms' WHERE page_ptr_id = %s",
        PolicyPage.objects.get(slug="old-rules").pk,
    )


@attack("on a page that belongs to another policy now, or to none")
def version_of_a_page_that_does_not_exist(site: LivedSite) -> None:
    must_change("UPDATE policies_policyversion SET page_id = 999999 WHERE id = %s", newest(site).pk)


by_sql(
    "words_of_the_consent_bar",
    TEXT_OF_PAGE,
    "UPDATE policies_cookiepolicypage SET reject_label = 'Accept, too'",
)
