"""Drafts that the site makes for the editor: a version put back, facts brought up to date. It never publishes."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import Page, Revision

from home.models import User
from policies.facts import drift
from policies.facts.drift import Drift
from policies.models import PolicyPage, PolicyVersion
from policies.models.pages import NOTICE_FIELDS
from policies.text import html_blocks
from policies.versions.forms import STATEMENT_FIELDS


class NoDraftError(Exception):
    """No draft can be made. The message says why, for the editor."""


def refuse_page(page: Page, user: User | AnonymousUser) -> None:
    """Raise NoDraftError for a page that the user may not edit, or not now."""
    if not page.permissions_for_user(user).can_edit():
        raise NoDraftError(_("You may not edit this page."))
    if page.workflow_in_progress:
        raise NoDraftError(_("The page is under review: nothing can be changed until that is over."))
    if page.permissions_for_user(user).page_locked():
        raise NoDraftError(_("The page is locked: nothing can be changed until somebody unlocks it."))


def save_draft(*, page: PolicyPage, user: User | AnonymousUser, **fields: Any) -> Revision:
    """Save a new draft of a page with other values; what is stated about the version starts empty.

    Raises NoDraftError for a page that the user may not edit, or not now.
    """
    refuse_page(page, user)
    draft = page.get_latest_revision_as_object()
    empty = {name: None if name == "effective_from" else "" for name in STATEMENT_FIELDS}
    for name, value in {**empty, **fields}.items():
        setattr(draft, name, value)
    return draft.save_revision(user=user, log_action=True, clean=False)


@transaction.atomic
def state_new_facts(*, page: Page, user: User | AnonymousUser, drifts: Iterable[Drift]) -> Revision:
    """Make a draft of the published text that says which facts changed; they come in when it is published.

    Raises NoDraftError where the page has a draft already: that one states the new facts as well.
    """
    locked = PolicyPage.objects.select_for_update().get(pk=page.pk)
    if locked.has_unpublished_changes:
        raise NoDraftError(_("The page had a draft already. It will state the facts at its publication."))
    return save_draft(page=locked.specific, user=user, change_summary=drift.suggested_summary(drifts))


def put_back(*, version: PolicyVersion, user: User | AnonymousUser) -> Revision:
    """Make a draft with the text of a version. Live facts in it are live again, not those of that time."""
    page = version.policy.page
    if page is None:
        words = _("This policy has no page any more. Create one with the slug “%(slug)s” first.")
        raise NoDraftError(words % {"slug": version.policy.slug})
    frozen = version.facts.get("notice", {})
    notice = {field: frozen[word] for field, word in NOTICE_FIELDS.items() if word in frozen}
    body = _body(page.specific, version)
    return save_draft(page=page.specific, user=user, title=version.title, body=body, **notice)


def _body(page: PolicyPage, version: PolicyVersion) -> Any:
    if version.content["source"]["format"] == "streamfield":
        # Blocks may be rendered differently today: then the frozen HTML is what was published. Live facts may differ.
        page.body = page.body.stream_block.to_python(version.content["source"]["blocks"])
        if page.render_body().text == version.text or any(
            block.block_type == "live_fact" for block in page.body
        ):
            return page.body
    return html_blocks.to_blocks(version.html)
