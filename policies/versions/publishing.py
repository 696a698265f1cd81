"""How a version comes to be, by publishing or by import, and how a coming one is withdrawn.

Nothing else creates a PolicyVersion or a VersionWithdrawal. Each way locks the policy, so that numbers and the chain
of hashes have no fork. It never changes or removes a version.
"""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from home.models import User
from policies.ledger import entries
from policies.models.versions import Policy, PolicyVersion, VersionWithdrawal
from policies.text import markup
from policies.versions import records, rules
from policies.versions.content import VersionContent
from policies.versions.rules import Problem


class NotWithdrawableError(Exception):
    """The version has taken effect, or was withdrawn before."""


class RefusedContentError(Exception):
    """The content cannot become a version. `problems` says why, for the editor."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(problem.words for problem in problems))
        self.problems = problems


@transaction.atomic
def record_version(*, policy: Policy, content: VersionContent) -> PolicyVersion | None:
    """Write what a version says as the policy's next version.

    Returns None, and writes no version, where kind, text and facts are those of the version that would precede it.
    Raises RefusedContentError for what `rules` do not allow. What it replaces is withdrawn.
    """
    locked = Policy.objects.select_for_update().get(pk=policy.pk)
    last, now = locked.versions.newest(), timezone.now()
    recorded_at = max(now, last.recorded_at) if last else now  # whatever the clock says, it never decreases
    # Somebody may have waited for the lock beyond the hour of an announced version.
    if not content.import_sha256:
        content = replace(content, effective_at=max(content.effective_at, recorded_at))
    if found := problems(policy=locked, content=content):
        raise RefusedContentError(found)
    if not differs(policy=locked, content=content):
        return None
    if content.policy_kind not in {"", locked.kind}:
        locked.kind = content.policy_kind
        locked.save()
    version = _create_version(locked, content, last=last, recorded_at=recorded_at)
    if content.replaces:
        reason = _("Replaced by version %(number)s.") % {"number": version.number}
        _withdraw(content.replaces, by=content.publisher, reason=reason, now=version.recorded_at)
    _name_policy(locked)
    return version


@transaction.atomic
def withdraw(*, version: PolicyVersion, by: User | None, reason: str) -> None:
    """Withdraw a version before it takes effect. Raises NotWithdrawableError for any other."""
    policy = Policy.objects.select_for_update().get(pk=version.policy_id)
    now = timezone.now()
    if not policy.versions.pending(now).contains(version):
        raise NotWithdrawableError
    _withdraw(version, by=by, reason=reason, now=now)
    _name_policy(policy)


def _withdraw(version: PolicyVersion, *, by: User | None, reason: str, now: datetime) -> None:
    withdrawal = VersionWithdrawal(version=version, withdrawn_at=now, withdrawn_by=_name(by), reason=reason)
    entries.enter(withdrawal, at=now)
    withdrawal.save()


def problems(*, policy: Policy, content: VersionContent) -> list[Problem]:
    """Return why publishing this would be refused; nothing where it makes no version."""
    if differs(policy=policy, content=content):
        return rules.problems(policy, content)
    if content.replaces is None:
        return []
    words = _(
        "Text and facts are those of the version before. Withdraw version %(number)s instead of replacing it."
    )
    return [Problem(words % {"number": content.replaces.number})]


def differs(*, policy: Policy, content: VersionContent) -> bool:
    """Return whether `content` says anything else than the version that would be in force just before it."""
    before = rules.base_of(policy, content)
    if before is None or (before.title, before.facts) != (content.title, content.facts):
        return True
    if content.policy_kind not in {"", before.content["kind"]}:
        return True
    if before.html == content.body.html:
        return False
    # A record keeps the markup of its time: only texts in the same form can be compared. No form changes a letter.
    if _letters(before.text) != _letters(content.body.text):
        return True
    return markup.canonical(before.html) != content.body.html


def _letters(text: str) -> str:
    return "".join(text.split())


def _create_version(
    policy: Policy, content: VersionContent, *, last: PolicyVersion | None, recorded_at: datetime
) -> PolicyVersion:
    version = PolicyVersion(
        policy=policy,
        number=last.number + 1 if last else 1,
        title=content.title,
        effective_at=content.effective_at,
        recorded_at=recorded_at,
        change_summary=content.change_summary,
        change_kind=content.change_kind,
        previous_sha256=last.sha256 if last else "",
        import_source=content.import_source,
        import_sha256=content.import_sha256,
        page_id=content.page_id,
        publisher=content.publisher,
        approver=content.approver,
    )
    said = {
        "html": content.body.html,
        "text": content.body.text,
        "source": content.source,
        "facts": content.facts,
        "based_on": content.based_on and content.based_on.number,
        "replaces": content.replaces and content.replaces.number,
        "editorial_reason": content.editorial_reason,
    }
    authors = ", ".join(dict.fromkeys(_name(author) for author in content.authors))
    people = {"author": authors, "publisher": _name(content.publisher), "approver": _name(content.approver)}
    records.write(version, **said, **people)
    entries.enter(version, at=recorded_at)
    version.save()
    return version


def _name_policy(policy: Policy) -> None:
    """Give the policy the title of the latest of its versions, one that is announced included."""
    latest = policy.versions.latest_to_hold()
    if latest and latest.title != policy.title:
        policy.title = latest.title
        policy.save()


def _name(user: User | None) -> str:
    # The record is public: a name that the person gave, never the e-mail address they sign in with.
    return "" if user is None else (user.get_full_name() or _("Editor"))
