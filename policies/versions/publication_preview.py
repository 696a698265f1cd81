"""What publishing a draft would do: the redline against the version in force, and the effects on visitors.

It reads drafts and versions and changes nothing. The editor sees it on the tab *Publish*, the lawyer on the review.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.contrib.admin.utils import label_for_field
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from policies.consent import choices, notices
from policies.facts import registry, typed
from policies.facts.changes import describe
from policies.facts.drift import UNUSED, RunningSystem, unused
from policies.facts.typed import TypedValue
from policies.ledger import encoding
from policies.models import Policy, PolicyPage, PolicySettings, PolicyVersion
from policies.models.versions import ChangeKind
from policies.redline import comparison, layout
from policies.text.quotes import isolated
from policies.versions import publishing, rules
from policies.versions.content import VersionContent


@dataclass(frozen=True)
class PublicationPreview:
    """What a draft says, compared with the version that it would follow."""

    page: PolicyPage
    policy: Policy | None
    content: VersionContent
    before: PolicyVersion | None
    now: datetime

    @property
    def kind(self) -> Policy.Kind:
        return Policy.Kind(self.content.policy_kind)

    @property
    def is_material(self) -> bool:
        return self.content.change_kind == ChangeKind.MATERIAL

    @property
    def name(self) -> str:
        """What tells the policy from others of the same title."""
        url = self.policy.get_absolute_url() if self.policy else self.page.get_url()
        return f"“{isolated(self.content.title)}” ({self.kind.label}, {url})"

    @cached_property
    def makes_version(self) -> bool:
        """Whether the draft says anything else than the version before it."""
        return self.policy is None or publishing.differs(policy=self.policy, content=self.content)

    @property
    def headline(self) -> str:
        """The first thing that publishing would do."""
        return _beginning(self) if self.makes_version else _same_as(self.before)

    @property
    def missing(self) -> list[str]:
        """The labels of what the statement about the version lacks."""
        return [str(label_for_field(name, type(self.page))) for name in self.page.missing_statements]

    @property
    def has_time(self) -> bool:
        """Whether it is chosen when the version takes effect."""
        return not {"takes_effect", "effective_from"} & set(self.page.missing_statements)

    @cached_property
    def redline(self) -> comparison.Redline:
        """The words that change; against nothing, where there is no version yet."""
        return comparison.compare(self.before.safe_html if self.before else "", self.content.body.html)

    @property
    def passages(self) -> list[layout.Passage]:
        """The redline with its unchanged stretches folded."""
        return layout.inline(self.redline.html)

    @cached_property
    def changed_facts(self) -> list[tuple[str, list[str]]]:
        """The facts that the draft states differently: the name of each, and what changes, a sentence each."""
        before, after = self.before.facts if self.before else {}, self.content.facts
        keys = [key for key in registry.changed_keys(before, after) if before.get(key) or after.get(key)]
        return [(registry.label(key), describe(before.get(key), after.get(key))) for key in keys]

    @property
    def sentences(self) -> list[str]:
        """The redline in words, for where no colour and no line-through can show it."""
        facts = [f"{label}: {change}." for label, changes in self.changed_facts for change in changes]
        if self.before is None:
            return [_("The whole text is new."), *facts]
        words = _("The title: “%(before)s” becomes “%(after)s”.")
        titles = {"before": isolated(self.before.title), "after": isolated(self.content.title)}
        title = [] if self.before.title == self.content.title else [words % titles]
        return [*title, *self.redline.sentences(), *facts]

    @cached_property
    def problems(self) -> list[str]:
        """Why the draft cannot become a version, a sentence each."""
        found = publishing.problems(policy=self.policy, content=self.content) if self.policy else []
        return [problem.words for problem in found]

    @cached_property
    def undoing(self) -> list[str]:
        """What will take back the change, as its author knows, a sentence each."""
        words = _("Version %(number)s, announced for %(date)s, will undo this, as its author ticked.")
        found = rules.undone(self.policy, self.content) if self.policy else []
        return [words % one.number_and_day for one in found if one.number in self.content.undone_by]

    @property
    def wording_doubts(self) -> list[str]:
        """What an editorial draft changes beside the wording."""
        # Without a reason it is a problem, and told as one.
        if self.before and self.content.editorial_reason and not self.is_material:
            return rules.wording_doubts(self.before, self.content)
        return []

    @cached_property
    def typed_values(self) -> list[TypedValue]:
        """What the text repeats by hand although live facts say it, as they do or as they once did."""
        system = RunningSystem()
        html = typed.with_notice(self.content.body.html, self.content.facts)
        return typed.find(html, [*system.former_values, *system.values], now=system.values)

    @property
    def gaps(self) -> list[str]:
        """What the facts in the text do not state yet, a sentence each."""
        return registry.gaps(self.content.facts)

    @cached_property
    def effects(self) -> list[str]:
        """What follows from publishing, a sentence each."""
        return list(_effects(self))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that publishing would freeze: an approval is valid only for this content."""
        frozen = ("policy_kind", "source", "title", "facts", "change_summary")
        stated = {
            **{name: getattr(self.content, name) for name in frozen},
            "html": self.content.body.html,
            "policy": self.policy.slug if self.policy else self.page.slug,
            "change_kind": self.page.change_kind,
            "based_on": self.content.based_on and self.content.based_on.number,
            "replaces": self.content.replaces and self.content.replaces.number,
            "undone_by": list(self.content.undone_by),
            "editorial_reason": self.content.editorial_reason,
            "announced_for": str(self.page.announced_for),
        }
        return encoding.sha256(encoding.encode(stated))


def preview_latest_draft(page: PolicyPage) -> PublicationPreview:
    """Return what publishing the newest draft of a page would do, or the page itself where it has none."""
    now = timezone.now()
    latest = page.get_latest_revision_as_object()
    policy = latest.find_policy()
    content = latest.version_content(now=now)
    return PublicationPreview(latest, policy, content, policy and rules.base_of(policy, content), now)


def new_version(page: PolicyPage) -> PolicyVersion | None:
    """Return the version that publishing a page has just made; None where text and facts were those before it."""
    version = page.policy.versions.newest() if page.policy else None
    is_new = version and page.last_published_at and version.recorded_at >= page.last_published_at
    return version if is_new else None


def outcome(page: PolicyPage) -> str:
    """Return in a sentence what publishing a page has just done to its policy."""
    version, now = new_version(page), timezone.now()
    if version is None:
        return _same_as(page.policy.in_force(page.effective_at(now)) if page.policy else None)
    if version.effective_at > now:
        return _("Version %(number)s is announced for %(date)s.") % version.number_and_day
    return _("Version %(number)s is in force.") % {"number": version.number}


def _effects(preview: PublicationPreview) -> Iterator[str]:
    policy, before = preview.policy, preview.before
    # The kind decides who reads the policy: the shop shows the terms, the consent bar the cookie policy.
    if policy and policy.kind != preview.kind:
        words = _("Its kind changes: “%(before)s” becomes “%(after)s”.")
        yield words % {"before": policy.get_kind_display(), "after": preview.kind.label}
    yield preview.headline
    if not preview.makes_version:
        return
    yield from _on_announced(preview)
    yield from (UNUSED % {"category": name} for name in unused(preview.content.facts, RunningSystem()))
    if before is None:
        return
    if not preview.page.change_kind:
        yield _("The kind of change is not chosen yet.")
    elif preview.kind == Policy.Kind.COOKIES:
        yield _asked_again(preview)
    elif preview.is_material:
        yield _("The change is material: visitors read beside the text that its meaning changed.")
    else:
        yield _("The change is editorial: nobody is told again.")
    if preview.page.change_kind == ChangeKind.MATERIAL and preview.has_time:
        yield from _short_notice(preview)


def _on_announced(preview: PublicationPreview) -> Iterator[str]:
    replaced = preview.content.replaces
    if replaced is not None:
        yield _("Version %(number)s, announced for %(date)s, is withdrawn.") % replaced.number_and_day
    for version in preview.policy.versions.pending(preview.now) if preview.policy else ():
        if preview.has_time and version.effective_at > preview.content.effective_at and version != replaced:
            words = _("Version %(number)s, announced for %(date)s, replaces it on that day.")
            yield words % version.number_and_day


def _beginning(preview: PublicationPreview) -> str:
    newest = preview.policy.versions.newest() if preview.policy else None
    number = newest.number + 1 if newest else 1
    effective_at = preview.content.effective_at
    if not preview.has_time:
        words = _("Version %(number)s will be published. When it takes effect is not chosen yet.")
        return words % {"number": number}
    if effective_at <= preview.now:
        return _("Version %(number)s will be published and take effect at once.") % {"number": number}
    days = (timezone.localdate(effective_at) - timezone.localdate(preview.now)).days
    return ngettext(
        "Version %(number)s will be announced for %(date)s, in %(days)s day. Until then nothing else changes.",
        "Version %(number)s will be announced for %(date)s, in %(days)s days. Until then nothing else changes.",
        days,
    ) % {"number": number, "date": date_format(timezone.localtime(effective_at)), "days": days}


def _asked_again(preview: PublicationPreview) -> str:
    offered = [category for category in notices.categories_of(preview.content.facts) if category.is_offered]
    notice = notices.current(preview.now)
    varnames = [category.varname for category in offered]
    asked, valid = choices.asked_again(
        notice=notice, varnames=varnames, is_material=preview.is_material, now=preview.now
    )
    new = [category.name for category in offered if notice is None or category.varname not in notice.varnames]
    if preview.is_material:
        why = _("the change is material")
    elif new:
        why = _("these categories are new: %(names)s") % {"names": ", ".join(new)}
    else:
        why = _("the change is editorial and no category is new")
    return ngettext(
        "%(asked)s of %(valid)s visitor whose choice is valid will be asked again, because %(why)s.",
        "%(asked)s of %(valid)s visitors whose choice is valid will be asked again, because %(why)s.",
        valid,
    ) % {"asked": asked, "valid": valid, "why": why}


def _short_notice(preview: PublicationPreview) -> Iterator[str]:
    advice = PolicySettings.current()
    if preview.content.effective_at < advice.end_of_notice(preview.now) - timedelta(days=1):
        words = _("It takes effect sooner than the notice period of %(days)s days (Settings → Policies).")
        yield words % {"days": advice.notice_days}


def _same_as(version: PolicyVersion | None) -> str:
    words = _("Text and facts are those of version %(number)s: no version is made.")
    return words % {"number": version.number if version else "–"}
