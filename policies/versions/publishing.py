"""How a version comes to be, by publishing or by import, and how a coming one is taken back.

Nothing else creates a PolicyVersion or a VersionWithdrawal. Each way locks the policy, so that numbers and the chain
of hashes have no fork. It never changes or removes a version.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from wagtail.log_actions import get_active_log_context

from policies.facts import registry
from policies.models.versions import ChangeKind, Policy, PolicyVersion, VersionWithdrawal
from policies.text import markup
from policies.versions import records

if TYPE_CHECKING:
    from home.models import User
    from policies.models.pages import PolicyPage


class NotWithdrawableError(Exception):
    """The version has taken effect, or was taken back before."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Everything that a version says, before it has a number and a hash. `html` is canonical."""

    title: str
    html: str
    source: dict[str, Any]
    effective_at: datetime
    change_summary: str = ""
    change_kind: str = ChangeKind.MATERIAL
    facts: dict[str, Any] = field(default_factory=dict)
    author: "User | None" = None
    publisher: "User | None" = None
    approver: "User | None" = None
    page: "PolicyPage | None" = None
    import_source: str = ""
    import_sha256: str = ""


def is_publication(page: "PolicyPage") -> bool:
    """Say whether saving this page now publishes one of its revisions.

    Publishing is told by its new `last_published_at`: other saves (a move, an unpublish, a draft) keep the stored one,
    and a copy carries the live revision of another page.
    """
    if page.alias_of_id or not (page.pk and page.live and page.live_revision):
        return False
    if str(page.live_revision.object_id) != str(page.pk):  # a number until it is read from the database
        return False
    stored = type(page).objects.filter(pk=page.pk).values_list("last_published_at", flat=True).first()
    return page.last_published_at is not None and page.last_published_at != stored


def attach_policy(*, page: "PolicyPage") -> Policy:
    """Give the page its policy: its own, else an orphaned one of the same address and kind, else a new one."""
    if page.policy is None:  # an instance read before the first publication does not know of it
        page.policy_id = type(page).objects.filter(pk=page.pk).values_list("policy", flat=True).first()
    page.policy = policy_for(page) or Policy.objects.create(
        slug=_free_slug(page.slug),
        kind=page.policy_kind,
        title=page.title,
        language=settings.LANGUAGE_CODE,
    )
    return page.policy


def policy_for(page: "PolicyPage") -> Policy | None:
    """Find the policy whose version publishing the page would make: its own, else an orphaned one."""
    if page.policy is not None:
        return page.policy
    return Policy.objects.filter(slug=page.slug, kind=page.policy_kind, pages__isnull=True).first()


def _free_slug(wanted: str) -> str:
    taken = set(Policy.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    candidates = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, len(taken) + 2))
    return next(slug for slug in candidates if slug not in taken)


def draft_of(page: "PolicyPage", *, now: datetime | None = None) -> Draft:
    """Read from a page what publishing it now would freeze."""
    moment = now or timezone.now()
    author = page.live_revision.user if page.live_revision else None
    return Draft(
        title=page.title,
        html=render_body(page),
        source={"format": "streamfield", "blocks": json.loads(json.dumps(page.body.get_prep_value()))},
        effective_at=max(page.announced_for or moment, moment),
        change_summary=page.change_summary.strip(),
        change_kind=page.change_kind or ChangeKind.MATERIAL,  # said by nobody: the one that hides nothing
        facts=_facts_of(page),
        author=author,
        publisher=get_active_log_context().user or author,
        approver=_approver_of(page),
        page=page,
    )


def freeze_page(*, page: "PolicyPage") -> PolicyVersion | None:
    """Freeze what the page publishes as the next version; None where nothing changed."""
    return record_version(policy=attach_policy(page=page), draft=draft_of(page))


@transaction.atomic
def record_version(*, policy: Policy, draft: Draft) -> PolicyVersion | None:
    """Write a draft as the policy's next version.

    Returns None, and writes no version, where text and facts are those of the version that would precede it. The
    kind of the policy follows the page that is published in any case.
    """
    locked = Policy.objects.select_for_update().get(pk=policy.pk)
    if draft.page and not draft.import_sha256 and draft.page.policy_kind != locked.kind:
        locked.kind = draft.page.policy_kind
        locked.save()
    if not differs(policy=locked, draft=draft):
        return None
    version = _create_version(locked, draft)
    locked.newest_sha256 = version.sha256
    locked.save(update_fields=["newest_sha256"])
    _name_policy(locked)
    return version


@transaction.atomic
def withdraw(*, version: PolicyVersion, by: "User | None", reason: str) -> VersionWithdrawal:
    """Take a version back before its hour. Raises NotWithdrawableError for one that has begun or is taken back."""
    policy = Policy.objects.select_for_update().get(pk=version.policy_id)
    now = timezone.now()
    if not policy.versions.pending(now).filter(pk=version.pk).exists():
        raise NotWithdrawableError
    withdrawal = VersionWithdrawal.objects.create(
        version=version, withdrawn_at=now, withdrawn_by=_name(by), reason=reason
    )
    policy.withdrawals_sha256 = records.withdrawals_sha256(policy)
    policy.save(update_fields=["withdrawals_sha256"])
    _name_policy(policy)
    return withdrawal


def _create_version(policy: Policy, draft: Draft) -> PolicyVersion:
    last = policy.versions.order_by("-number").first()
    number = last.number + 1 if last else 1
    recorded_at = timezone.now()
    previous = last.sha256 if last else ""
    record = records.encode(
        _content(policy, draft, number=number, recorded_at=recorded_at, previous=previous)
    )
    return PolicyVersion.objects.create(
        policy=policy,
        number=number,
        title=draft.title,
        effective_at=draft.effective_at,
        recorded_at=recorded_at,
        change_summary=draft.change_summary,
        change_kind=draft.change_kind,
        record=record,
        previous_sha256=previous,
        sha256=records.sha256(record),
        import_source=draft.import_source,
        import_sha256=draft.import_sha256,
        page_id=draft.page.pk if draft.page else None,
        publisher=draft.publisher,
        approver=draft.approver,
    )


def _name_policy(policy: Policy) -> None:
    """Call the policy what the latest of its versions is called, one that is announced included."""
    latest = policy.versions.standing().order_by("-effective_at", "-number").first()
    if latest and latest.title != policy.title:
        policy.title = latest.title
        policy.save()


def differs(*, policy: Policy, draft: Draft) -> bool:
    """Say whether a draft says anything else than the version that would be in force just before it."""
    before = policy.in_force(draft.effective_at)
    if before is None or (before.title, before.facts) != (draft.title, draft.facts):
        return True
    # A record keeps the form that markup had in its time: only the same form can be compared.
    return draft.html not in (before.html, markup.canonical(before.html))


def render_body(page: "PolicyPage") -> str:
    """Render the page's text as canonical markup, live facts as they stand now, in the site's language."""
    with translation.override(settings.LANGUAGE_CODE):
        return markup.canonical(page.body.render_as_block())


def _facts_of(page: "PolicyPage") -> dict[str, Any]:
    with translation.override(settings.LANGUAGE_CODE):
        used = {
            block.value: registry.collect(block.value)
            for block in page.body
            if block.block_type == "live_fact"
        }
        found = {**used, **page.extra_facts()}
    # Through JSON, so that what is compared later is what is stored now.
    return json.loads(records.encode(found))


def _approver_of(page: "PolicyPage") -> "User | None":
    states = page.live_revision.task_states.filter(status="approved") if page.live_revision else None
    state = states.order_by("-finished_at").first() if states is not None else None
    return state.finished_by if state else None


def _content(
    policy: Policy, draft: Draft, *, number: int, recorded_at: datetime, previous: str
) -> dict[str, Any]:
    imported = {"name": draft.import_source, "sha256": draft.import_sha256} if draft.import_sha256 else None
    return {
        "format": records.FORMAT,
        "policy": policy.slug,
        "kind": policy.kind,
        "language": policy.language,
        "number": number,
        "title": draft.title,
        "html": draft.html,
        "text": markup.plain_text(draft.html),
        "source": draft.source,
        "facts": draft.facts,
        "change_summary": draft.change_summary,
        "change_kind": draft.change_kind,
        "effective_at": records.timestamp(draft.effective_at),
        "recorded_at": records.timestamp(recorded_at),
        "author": _name(draft.author),
        "publisher": _name(draft.publisher),
        "approver": _name(draft.approver),
        "imported_from": imported,
        "previous_sha256": previous,
    }


def _name(user: "User | None") -> str:
    # The record is public: a name that the person gave, never the address they sign in with.
    return "" if user is None else (user.get_full_name() or _("Editor"))
