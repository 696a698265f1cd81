"""Where a draft of a policy begins while a version is announced: the text it starts from, and what it then changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from django.utils.translation import gettext as _

from home.models import User
from policies.facts import drift
from policies.models import PolicyPage, PolicyVersion
from policies.versions import drafts, rules


@dataclass(frozen=True)
class Beginning:
    """One choice. `start` is the version whose text the draft has at first."""

    key: str
    label: str
    explanation: str
    start: PolicyVersion
    based_on: PolicyVersion | None
    replaces: PolicyVersion | None = None
    effective_from: datetime | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """What the draft says of itself."""
        takes_effect = (
            {"takes_effect": "later", "effective_from": self.effective_from} if self.effective_from else {}
        )
        return {"based_on": self.based_on, "replaces": self.replaces, **takes_effect}


def must_be_chosen(page: PolicyPage, *, now: datetime) -> bool:
    """Return whether the editor must say what the draft changes: it has not begun, or what it began with is over."""
    policy = page.policy
    if policy is None:
        return False
    if not page.has_unpublished_changes:
        return rules.page_has_other_text(policy, now)
    draft, pending = page.get_latest_revision_as_object(), list(policy.versions.pending(now))
    if draft.replaces is not None and draft.replaces not in pending:
        return True
    if pending and draft.based_on is None and draft.replaces is None:
        return True
    return draft.draft_base(now) not in {policy.in_force(now), *pending}


def of_page(page: PolicyPage, *, now: datetime) -> list[Beginning]:
    """Return what a new draft of a page may change: what is in force first, then each announced version."""
    policy = page.policy
    if policy is None:
        return []
    pending, in_force = list(policy.versions.pending(now)), policy.in_force(now)
    found = [_change_of(in_force, pending)] if in_force else []
    for version in pending:
        names = version.number_and_day
        base = PolicyVersion.objects.preceding(version).first()
        found += [
            Beginning(
                f"instead-{version.number}",
                _("Instead of version %(number)s") % names,
                _("Starts from the announced text. When you publish, version %(number)s is withdrawn.")
                % names,
                version,
                base,
                replaces=version,
                effective_from=version.effective_at,
            ),
            Beginning(
                f"after-{version.number}",
                _("After version %(number)s") % names,
                _("Starts from the announced text. It must take effect after %(date)s.") % names,
                version,
                version,
            ),
        ]
    return found


def begin(*, page: PolicyPage, key: str, keep_text: bool, seen: str, user: User | AnonymousUser) -> None:
    """Make the draft that was chosen; or let a draft that exists keep its text, and say only what it changes.

    Raises NoDraftError for a choice that is not offered any more, and where another draft (`seen`: the revision that
    was the latest) was saved meanwhile.
    """
    if seen:
        drafts.refuse_unseen(page, seen)
    chosen = next((one for one in of_page(page, now=timezone.now()) if one.key == key), None)
    if chosen is None:
        words = _("Choose one of these. The list may have changed since you opened the page.")
        raise drafts.NoDraftError(words)
    if keep_text and page.has_unpublished_changes:
        drafts.save_draft(page=page, user=user, **_statement(page), **chosen.fields)
    else:
        drafts.put_back(version=chosen.start, user=user, **chosen.fields, **_summary(chosen))


def _statement(page: PolicyPage) -> dict[str, Any]:
    draft = page.get_latest_revision_as_object()
    return {name: getattr(draft, name) for name in ("change_summary", "change_kind", "editorial_reason")}


def _summary(chosen: Beginning) -> dict[str, str]:
    """Suggest what to say of a draft that brings the facts in force up to date."""
    drifts = drift.find_drift_of_version(chosen.start) if chosen.key == "now" else []
    return {"change_summary": drift.suggested_summary(drifts)} if drifts else {}


def _change_of(in_force: PolicyVersion, pending: list[PolicyVersion]) -> Beginning:
    label, words = _("What is in force now"), _("Starts from the text of version %(number)s.")
    if pending:
        label = _("Before version %(number)s: what is in force now") % {"number": pending[0].number}
        words = _(
            "Starts from the text of version %(number)s. The announced versions undo your change until "
            "you bring it over to them."
        )
    return Beginning("now", label, words % {"number": in_force.number}, in_force, in_force)
