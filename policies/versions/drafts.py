"""Drafts that the site makes for the editor: a version put back, facts brought up to date. It never publishes."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _
from wagtail.models import Page, Revision

from home.models import User
from policies.facts import drift
from policies.facts.drift import Drift
from policies.models import PolicyPage, PolicyVersion
from policies.models.pages import NOTICE_FIELDS
from policies.redline import comparison
from policies.text import html_blocks
from policies.versions import merging, rules
from policies.versions.forms import STATEMENT_FIELDS

LONGEST_MESSAGE = 300  # messages may travel in a cookie


class NoDraftError(Exception):
    """No draft can be made. The message says why, for the editor."""


def refuse_page(page: Page, user: User | AnonymousUser, *, replaces_draft: bool = True) -> None:
    """Raise NoDraftError for a page that the user may not edit, or not now.

    Also where an unfinished draft would be set aside, unless that is wanted.
    """
    if not page.permissions_for_user(user).can_edit():
        raise NoDraftError(_("You may not edit this page."))
    if page.workflow_in_progress:
        raise NoDraftError(_("The page is under review: nothing can be changed until that is over."))
    if page.permissions_for_user(user).page_locked():
        raise NoDraftError(_("The page is locked: nothing can be changed until somebody unlocks it."))
    if page.has_unpublished_changes and not replaces_draft:
        raise NoDraftError(_("The page has a draft. Publish it first, or say that it is to be replaced."))


def refuse_unseen(page: Page, seen: str) -> None:
    """Raise NoDraftError where another draft was saved since `seen`: the number of the revision that was the latest."""
    if seen != str(page.latest_revision_id or ""):
        raise NoDraftError(_("Somebody else saved this page meanwhile. Look again, then choose."))


def save_draft(*, page: PolicyPage, user: User | AnonymousUser, **fields: Any) -> Revision:
    """Save a new draft of a page with other values, by default a change of what is in force.

    What is stated about the version starts empty. Raises NoDraftError for a page that the user may not edit, or not
    now.
    """
    refuse_page(page, user)
    draft = page.get_latest_revision_as_object()
    draft.start_from_what_holds()
    values = {**dict.fromkeys(STATEMENT_FIELDS, ""), "effective_from": None, **fields}
    for name, value in values.items():
        setattr(draft, name, value)
    return draft.save_revision(user=user, log_action=True, clean=False)


@transaction.atomic
def state_new_facts(*, page: Page, user: User | AnonymousUser, drifts: Iterable[Drift]) -> Revision:
    """Make a draft of the text in force that says which facts changed; they come in when it is published.

    Raises NoDraftError where the page has a draft already: that one states the new facts as well.
    """
    locked = PolicyPage.objects.select_for_update().get(pk=page.pk)
    if locked.has_unpublished_changes:
        raise NoDraftError(_("The page had a draft already. It will state the facts at its publication."))
    summary, policy = drift.suggested_summary(drifts), locked.policy
    in_force = policy.in_force() if policy else None
    if in_force is None:
        raise NoDraftError(_("No version of this policy is in force."))
    return put_back(version=in_force, user=user, change_summary=summary)


def put_back(*, version: PolicyVersion, user: User | AnonymousUser, **fields: Any) -> Revision:
    """Make a draft with the text of a version. Live facts in it are live again, not those of that time."""
    page = page_of(version)
    return save_draft(page=page, user=user, **{**_text(page, version), **fields})


@transaction.atomic
def rebase(
    *, version: PolicyVersion, user: User | AnonymousUser, replaces_draft: bool = False
) -> tuple[Revision, list[str]]:
    """Make a draft of an announced version with the changes that were published since, and the facts of today.

    It replaces that version. Returns it with the changes that could not be made, because the announced text changes the
    same, each in words with its section. Raises NoDraftError where it would supersede an unfinished draft,
    unless that is wanted.
    """
    changed = PolicyVersion.objects.preceding(version).first()
    is_announced = version.policy.versions.pending(timezone.now()).contains(version)
    is_outdated = rules.will_undo(version, changed) or drift.find_drift_of_version(version)
    if not (is_announced and is_outdated):
        words = _("This version undoes nothing that was published since, and its facts are those of today.")
        raise NoDraftError(words)
    page = page_of(version)
    refuse_page(page, user, replaces_draft=replaces_draft)
    text, conflicts = _merge(page, version, changed) if changed else (_text(page, version), [])
    draft = save_draft(
        page=page,
        user=user,
        **text,
        change_summary=version.change_summary,
        change_kind=version.change_kind,
        takes_effect="later",
        effective_from=version.effective_at,
        based_on=changed,
        replaces=version,
    )
    return draft, conflicts


def _merge(
    page: PolicyPage, version: PolicyVersion, changed: PolicyVersion
) -> tuple[dict[str, Any], list[str]]:
    """Return the fields of a page that have the text of a version with what another changed; and what it could not."""
    base = rules.original_base(version)
    old, new = rules.blocks_of(base) if base else [], rules.blocks_of(changed)
    merged = merging.merge(base=old, announced=rules.blocks_of(version), changed=new)
    text, was, now = (_text(page, one) if one else {} for one in (version, base, changed))
    now.pop("body")
    conflicts = [_told(old, new, conflict) for conflict in merged.conflicts]
    # The title and the words of the consent bar: those that only the newer version changed. It may have no such words.
    for name in [name for name in now if name in text and was.get(name) != now[name]]:
        if text[name] == was.get(name):
            text[name] = now[name]
        elif text[name] != now[name]:
            words = _("%(name)s: “%(was)s” became “%(now)s”.")
            label = capfirst(str(label_for_field(name, type(page))))
            conflicts.append(words % {"name": label, "was": was.get(name) or "–", "now": now[name]})
    text["body"] = page.body.stream_block.to_python(merged.blocks)
    return text, conflicts


def _told(base: list[merging.Block], changed: list[merging.Block], conflict: merging.Conflict) -> str:
    """Return the section and the changed words of what both changed."""
    was, now = conflict
    text, first = (base, was[0]) if was else (changed, now[0])
    before = text[: text.index(first)]
    redline = comparison.compare(html_blocks.to_html(before + was), html_blocks.to_html(before + now))
    told = (
        f"{section}: {'; '.join(change.label for change in found)}" for section, found in redline.sections
    )
    return Truncator(" ".join(told)).chars(LONGEST_MESSAGE)


def page_of(version: PolicyVersion) -> PolicyPage:
    """Return the page of a version's policy. Raises NoDraftError where it is gone."""
    page = version.policy.page
    if page is None:
        words = _("This policy has no page any more. Create one with the slug “%(slug)s” first.")
        raise NoDraftError(words % {"slug": version.policy.slug})
    return page.specific


def _text(page: PolicyPage, version: PolicyVersion) -> dict[str, Any]:
    """Return the fields of a page that have the text of a version."""
    frozen = version.facts.get("notice", {})
    notice = {field: frozen[word] for field, word in NOTICE_FIELDS.items() if word in frozen}
    return {"title": version.title, "body": _body(page, version), **notice}


def _body(page: PolicyPage, version: PolicyVersion) -> Any:
    if version.content["source"]["format"] == "streamfield":
        # Blocks may be rendered differently today: then the frozen HTML is what was published. Live facts may differ.
        page.body = page.body.stream_block.to_python(version.content["source"]["blocks"])
        if page.render_body().text == version.text or any(
            block.block_type == "live_fact" for block in page.body
        ):
            return page.body
    return html_blocks.to_blocks(version.html)
