"""What must hold of a draft before it becomes a version: it starts from what holds, and says what it does.

The editor's form, the review page and the publish button ask first; `publishing` asks again under the policy's lock.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from policies.models.versions import ChangeKind, Policy, PolicyVersion, PolicyVersionQuerySet
from policies.text import html_blocks
from policies.versions import merging, wording
from policies.versions.content import VersionContent


def page_has_other_text(policy: Policy, now: datetime) -> bool:
    """Return whether the page, without a draft, may have another text than the one in force."""
    published = policy.versions.filter(import_sha256="").newest()
    return policy.versions.pending(now).exists() or (
        published is not None and published != policy.in_force(now)
    )


def base_of(policy: Policy, content: VersionContent) -> PolicyVersion | None:
    """Return the version that would be in force when this takes effect, what it replaces set aside."""
    return _others(policy, content).in_force(content.effective_at)


def _others(policy: Policy, content: VersionContent) -> PolicyVersionQuerySet:
    return policy.versions.exclude(pk__in=[content.replaces.pk] if content.replaces else [])


def problems(policy: Policy, content: VersionContent) -> list[str]:
    """Return why a draft cannot become a version, a sentence each. Imports make versions of the past: none."""
    return [] if content.import_sha256 else list(_problems(policy, content))


def _problems(policy: Policy, content: VersionContent) -> Iterator[str]:
    base = base_of(policy, content)
    if content.replaces and not policy.versions.pending(timezone.now()).contains(content.replaces):
        yield _("Version %(number)s is not announced any more: there is nothing to replace.") % _name(
            content.replaces
        )
    if base != content.based_on:
        yield _other_base(base, content.based_on)
    for version in undone(policy, content):
        if version.number not in content.undone_by:
            words = _(
                "Version %(number)s, announced for %(date)s, does not have this change and will undo it on that day. "
                "Tick that you know, and rebase version %(number)s afterwards."
            )
            yield words % _name(version)
    if base is not None and content.change_kind == ChangeKind.EDITORIAL:
        yield from _wording_problems(base, content)


def _other_base(base: PolicyVersion | None, based_on: PolicyVersion | None) -> str:
    if base is None or based_on is None:
        return _(
            "This draft does not start from the text that holds when it takes effect. Start again from that."
        )
    words = _(
        "This draft starts from version %(number)s, but when it takes effect version %(base)s will be in force. Choose "
        "another date, or start again from version %(base)s."
    )
    return words % {"number": based_on.number, "base": base.number}


def _wording_problems(base: PolicyVersion, content: VersionContent) -> Iterator[str]:
    if names := wording.forbidden(base.facts, content.facts):
        words = _("Wording only cannot change these: %(what)s. Mark the change as material.")
        yield words % {"what": ", ".join(names)}
    elif not content.editorial_reason and (doubts := wording_doubts(base, content)):
        words = _("You call this wording only. Say why, since: %(what)s")
        yield words % {"what": " ".join(doubts)}


def wording_doubts(base: PolicyVersion, content: VersionContent) -> list[str]:
    """Describe what an editorial draft changes beside the wording."""
    return wording.doubts(before=(base.html, base.facts), after=(content.body.html, content.facts))


def undone(policy: Policy, content: VersionContent) -> list[PolicyVersion]:
    """Return the announced versions that would take back what this changes, the next first."""
    later = _others(policy, content).pending(content.effective_at)
    new = content.source["blocks"] if content.source.get("format") == "streamfield" else None
    return [version for version in later if _undoes(version, content.based_on, new)]


def will_undo(version: PolicyVersion, predecessor: PolicyVersion | None) -> bool:
    """Return whether an announced version takes back what its predecessor changed after the announcement."""
    if predecessor is None or predecessor.number < version.number:
        return False
    return _undoes(version, original_base(version), blocks_of(predecessor))


def original_base(version: PolicyVersion) -> PolicyVersion | None:
    """Return the version that an announced one was written on: its predecessor among those recorded before it."""
    return PolicyVersion.objects.preceding(version).filter(number__lt=version.number).first()


def blocks_of(version: PolicyVersion) -> list[merging.Block]:
    """Return the blocks of a version's text, as its page stored them or as the editor would make them."""
    source: dict[str, Any] = version.content["source"]
    if source.get("format") == "streamfield":
        return source["blocks"]
    return html_blocks.stored_blocks(version.html)


def _undoes(version: PolicyVersion, base: PolicyVersion | None, new: list[merging.Block] | None) -> bool:
    if base is None or new is None:
        return True
    announced = blocks_of(version)
    merged = merging.merge(base=blocks_of(base), announced=announced, changed=new)
    return bool(merged.conflicts) or merged.blocks != announced


def _name(version: PolicyVersion) -> dict[str, object]:
    return {"number": version.number, "date": version.effective_day}
