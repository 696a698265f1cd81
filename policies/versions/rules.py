"""What must hold of a draft before it becomes a version: it starts from what holds, and says what it does.

The editor's form, the review page and the publish button ask first; `publishing` asks again under the policy's lock.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from policies.facts import registry
from policies.models.versions import ChangeKind, Policy, PolicyVersion, PolicyVersionQuerySet
from policies.text import html_blocks, limits
from policies.versions import merging, wording
from policies.versions.content import VersionContent


class Problem(NamedTuple):
    """Why a draft cannot become a version, in a sentence, and the field of the form that answers it."""

    words: str
    field: str | None = None


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


def problems(policy: Policy, content: VersionContent) -> list[Problem]:
    """Return why a draft cannot become a version. Imports make versions of the past: none."""
    return [] if content.import_sha256 else list(_problems(policy, content))


def _problems(policy: Policy, content: VersionContent) -> Iterator[Problem]:
    yield from _misleading(content)
    base = base_of(policy, content)
    if content.replaces and not policy.versions.pending(timezone.now()).contains(content.replaces):
        words = _("Version %(number)s is not announced any more: there is nothing to replace.")
        yield Problem(words % content.replaces.number_and_day)
    if base != content.based_on:
        yield Problem(_other_base(base, content.based_on))
    for version in undone(policy, content):
        if version.number not in content.undone_by:
            words = _(
                "Version %(number)s, announced for %(date)s, does not have this change and will undo it on that day. "
                "Tick it under “I know that it is undone by”, and bring the change over to version %(number)s "
                "afterwards."
            )
            yield Problem(words % version.number_and_day, "undone_by")
    if base is not None and content.change_kind == ChangeKind.EDITORIAL:
        yield from _wording_problems(base, content)


def _misleading(content: VersionContent) -> Iterator[Problem]:
    said = {registry.label(key): json.dumps(data, ensure_ascii=False) for key, data in content.facts.items()}
    said |= {_("Title"): content.title, _("Text"): content.body.html, _("Reason"): content.editorial_reason}
    said[_("Summary of the change")] = content.change_summary
    reasons = ((name, limits.misleading(text)) for name, text in said.items())
    yield from (Problem(f"{name}: {reason}.") for name, reason in reasons if reason)


def _other_base(base: PolicyVersion | None, based_on: PolicyVersion | None) -> str:
    if base is None or based_on is None:
        return _(
            "This draft does not start from the text that is in force when it takes effect. Choose “Start from another "
            "text”."
        )
    words = _(
        "This draft starts from version %(number)s, but when it takes effect version %(base)s will be in force. Choose "
        "another date, or start again from version %(base)s (“Start from another text”)."
    )
    return words % {"number": based_on.number, "base": base.number}


def _wording_problems(base: PolicyVersion, content: VersionContent) -> Iterator[Problem]:
    names = wording.forbidden(base.facts, content.facts)
    if content.policy_kind not in {"", base.content["kind"]}:
        names.append(_("the kind of policy"))
    if names:
        words = _("Wording only cannot change these: %(what)s. Mark the change as material.")
        yield Problem(words % {"what": ", ".join(names)}, "change_kind")
    elif not content.editorial_reason and (doubts := wording_doubts(base, content)):
        words = _("You say that this is wording only, but: %(what)s Say why, or mark the change as material.")
        yield Problem(words % {"what": " ".join(doubts)}, "editorial_reason")


def wording_doubts(base: PolicyVersion, content: VersionContent) -> list[str]:
    """Describe what an editorial draft changes beside the wording."""
    title = [] if base.title == content.title else [_("The title changes.")]
    return title + wording.doubts(before=(base.html, base.facts), after=(content.body.html, content.facts))


def undone(policy: Policy, content: VersionContent) -> list[PolicyVersion]:
    """Return the announced versions that would take back what this changes, the next first."""
    new = _Text.of(content.title, content.facts, content.source, content.body.html)

    def base(version: PolicyVersion) -> PolicyVersion | None:
        # One that was written on what this replaces lacks every difference from that.
        replaced = content.replaces if original_base(version) == content.replaces else None
        return replaced or content.based_on

    later = _others(policy, content).pending(content.effective_at)
    return [version for version in later if _undoes(version, base(version), new)]


def will_undo(version: PolicyVersion, predecessor: PolicyVersion | None) -> bool:
    """Return whether an announced version lacks what its predecessor says.

    That was published after the announcement, or what the announced one was written on was withdrawn.
    """
    if predecessor is None:
        return False
    number = version.readable_content.get("based_on")
    is_base = predecessor.number == number if number else predecessor.number < version.number
    return not is_base and _undoes(version, original_base(version), _Text.of_version(predecessor))


def original_base(version: PolicyVersion) -> PolicyVersion | None:
    """Return the version that an announced one was written on, as its record says.

    Older records do not: then it is its predecessor among those recorded before it.
    """
    if isinstance(number := version.readable_content.get("based_on"), int):
        return PolicyVersion.objects.filter(policy=version.policy_id, number=number).first()
    return PolicyVersion.objects.preceding(version).filter(number__lt=version.number).first()


def blocks_of(version: PolicyVersion) -> list[merging.Block]:
    """Return the blocks of a version's text, as its page stored them or as the editor would make them."""
    return _Text.of_version(version).blocks


@dataclass(frozen=True)
class _Text:
    """What a version says, in the pieces of which each can be changed and undone for itself."""

    blocks: list[merging.Block]
    pieces: dict[str, Any]  # the title, each fact, and each of the words of the consent bar

    @classmethod
    def of(cls, title: str, facts: dict[str, Any], source: dict[str, Any], html: str) -> "_Text":
        is_stored = source.get("format") == "streamfield"
        notice = {f"notice {key}": words for key, words in facts.get("notice", {}).items()}
        pieces = {key: data for key, data in facts.items() if key != "notice"}
        blocks = source["blocks"] if is_stored else html_blocks.stored_blocks(html)
        return cls(blocks, {"title": title, **pieces, **notice})

    @classmethod
    def of_version(cls, version: PolicyVersion) -> "_Text":
        # A record that was damaged says nothing here; `verify_policies` reports it.
        said = {"facts": {}, "source": {}, "html": "", **version.readable_content}
        return cls.of(version.title, said["facts"], said["source"], said["html"])


def _undoes(version: PolicyVersion, base: PolicyVersion | None, new: _Text) -> bool:
    if base is None:
        return True
    was, announced = _Text.of_version(base), _Text.of_version(version)
    for key, data in new.pieces.items():
        if was.pieces.get(key) != data != announced.pieces.get(key, data):
            return True
    merged = merging.merge(base=was.blocks, announced=announced.blocks, changed=new.blocks)
    return bool(merged.conflicts) or merged.blocks != announced.blocks
