"""Holds what the database says of policies against their frozen records: chain, columns, pages and approvals.

It only reads, a few versions at a time. The ledger says whether a record is what was entered, see `verification`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from wagtail.models import PageLogEntry, Revision, TaskState

from policies.ledger import encoding
from policies.ledger.verification import MAX_DELAY, UNREADABLE, Finding, Level, unreadable
from policies.models import CookiePolicyPage, LedgerHead, Policy, PolicyPage, PolicyVersion, VersionWithdrawal
from policies.text import markup
from policies.versions import records, stored_form
from policies.versions.recorded_names import RecordedNames

_CHUNK = 50  # versions read from the database at once
_DECIDED = timedelta(minutes=5)  # publishing follows its approval sooner


def findings(now: datetime, on_read: Callable[[], object]) -> Iterator[Finding]:
    """Yield what is wrong with each policy and its versions."""
    for policy in Policy.objects.order_by("slug"):
        yield from findings_about(policy, now, on_read)
    kinds = Policy.objects.exclude(kind=Policy.Kind.OTHER).values("kind").annotate(number=Count("pk"))
    for kind in kinds.filter(number__gt=1).values_list("kind", flat=True):
        words = _("there are several policies of the kind “%(kind)s”: the site uses the oldest")
        yield Finding(_("policies"), words % {"kind": kind}, Level.WARNING)
    yield from _strange_pages()
    yield from stored_form.findings()


def _strange_pages() -> Iterator[Finding]:
    """Find pages of policies that are as the site makes none."""
    scheduled = Revision.page_revisions.exclude(approved_go_live_at=None).values_list("object_id", flat=True)
    is_scheduled = Q(pk__in=list(scheduled)) | Q(go_live_at__isnull=False) | Q(expire_at__isnull=False)
    problems = {
        _("its page has a time for going live or for expiring, which the site never sets"): is_scheduled,
        _("its page is an alias of another"): Q(alias_of__isnull=False),
        _("its page is live, but belongs to no policy"): Q(live=True, policy=None),
    }
    for words, is_strange in problems.items():
        for slug in PolicyPage.objects.filter(is_strange).values_list("slug", flat=True):
            yield Finding(slug, words)


def findings_about(policy: Policy, now: datetime, on_read: Callable[[], object]) -> Iterator[Finding]:
    """Yield what is wrong with a policy and its versions."""
    try:
        yield from (Finding(policy.slug, words) for words in _problems(policy, now, on_read))
    except UNREADABLE as error:
        yield Finding(policy.slug, unreadable(error))


def _problems(policy: Policy, now: datetime, on_read: Callable[[], object]) -> Iterator[str]:
    related = ("policy", "withdrawal__ledger_entry", "publisher", "approver", "page")
    versions = policy.versions.select_related(*related).order_by("number")
    previous, names, spans = None, RecordedNames(), _Spans()
    words = _("version %(number)s is broken: %(problem)s")
    for number, version in enumerate(versions.iterator(chunk_size=_CHUNK), start=1):
        on_read()
        found = [*_version_problems(version, number, previous, now), *spans.problems(version)]
        if version.readable_content:
            found += names.problems(version)
        yield from (words % {"number": version.number, "problem": problem} for problem in found)
        previous = version
    if previous is None:
        yield _("it has no version: it was not made by the site")
    else:
        yield from _policy_problems(policy, previous)


def _version_problems(
    version: PolicyVersion, number: int, previous: PolicyVersion | None, now: datetime
) -> Iterator[str]:
    if version.number != number:
        yield _("expected version %(number)s: a version is missing") % {"number": number}
    if encoding.sha256(version.record) != version.sha256:
        yield _("the hash is not that of the record")
    if version.previous_sha256 != (previous.sha256 if previous else ""):
        yield _("the chain to the version before is broken")
    if not (content := version.readable_content):
        yield _("the record is no JSON object, or an empty one")
    columns = records.repeated_columns(version) if content else {}
    words = _("column %(name)s differs from the record")
    yield from (words % {"name": name} for name in columns if content.get(name) != columns[name])
    if version.recorded_at > now + MAX_DELAY or (previous and version.recorded_at < previous.recorded_at):
        yield _("it was recorded in the future, or before the version before")
    if not version.import_sha256 and version.effective_at < version.recorded_at:
        yield _("it took effect before it was recorded, and was not imported")
    if version.is_withdrawn and _is_late(version.withdrawal):
        yield _("it was withdrawn after it had taken effect")
    if version.approver_id and version.page and _is_other_approval(version.page, version):
        yield _("the approval beside it is not that of “%(name)s”") % {"name": version.approver_name}


def _is_late(withdrawal: VersionWithdrawal) -> bool:
    """Return whether a version had taken effect when it was withdrawn, by its own word or by the heads around it."""
    begun, entry = withdrawal.version.effective_at, withdrawal.ledger_entry
    if withdrawal.withdrawn_at >= begun:
        return True
    heads = LedgerHead.objects.filter(number__gt=0)
    if entry is not None and entry.position is not None:
        heads = heads.filter(last_position__lt=entry.position)
    before = heads.order_by("-number").values_list("time", flat=True).first()
    return entry is not None and before is not None and before >= begun


class _Spans:
    """Knows when the versions read so far held: nothing is imported into a time that one published here covers."""

    def __init__(self) -> None:
        self.begun: list[tuple[datetime, int, bool]] = []

    def problems(self, version: PolicyVersion) -> Iterator[str]:
        """Yield what is wrong with where a version begins, and remember it."""
        begin = (version.effective_at, version.number)
        before = max((span for span in self.begun if span[:2] < begin), default=None)
        if not version.is_withdrawn:
            self.begun.append((*begin, bool(version.import_sha256)))
        if version.import_sha256 and before and not before[2]:
            words = _("it was imported into the time of version %(number)s, which was published here")
            yield words % {"number": before[1]}


def _policy_problems(policy: Policy, newest: PolicyVersion) -> Iterator[str]:
    """Hold the policy's own row, and that of its page, against its versions, where they repeat them."""
    latest = policy.versions.not_withdrawn().order_by("-effective_at", "-number").first()
    if latest is not None and policy.title != latest.title:
        yield _("its title is not that of version %(number)s") % {"number": latest.number}
    words = _("its %(name)s is not that of version %(number)s")
    for name in ("language", "kind"):
        if getattr(policy, name) != newest.content.get(name, getattr(policy, name)):
            yield words % {"name": name, "number": newest.number}
    last = policy.versions.filter(import_sha256="").newest()
    if last is not None and last.page_id is None and _has_lost_its_page(last):
        words = _("version %(number)s was published on no page, or on one that no log says was deleted")
        yield words % {"number": last.number}
    if elsewhere := policy.versions.exclude(page=None).exclude(page__in=policy.pages.all()).count():
        words = _(
            "%(number)s version(s) were published on a page that belongs to another policy now, or to none"
        )
        yield words % {"number": elsewhere}
    elif policy.pages.count() > 1:
        yield _("it has more than one page")
    elif (page := policy.page) is not None:
        yield from _page_problems(policy, page.specific)


def _has_lost_its_page(version: PolicyVersion) -> bool:
    """Return whether a version has no page any more, and Wagtail's log does not say that somebody deleted it."""
    then = (version.recorded_at - MAX_DELAY, version.recorded_at + MAX_DELAY)
    log = PageLogEntry.objects.all()
    published = log.filter(action="wagtail.publish", label=version.title, timestamp__range=then)
    is_deleted = log.filter(action="wagtail.delete", page__in=published.values("page")).exists()
    return not is_deleted and (version.policy.page is not None or published.exists())


def _page_problems(policy: Policy, page: PolicyPage) -> Iterator[str]:
    """Hold the page's row, which stands outside of the record, against what was published on it last."""
    version = policy.versions.filter(page=page).newest()
    if version is None or not page.live:
        if version and not version.import_sha256 and not _was_unpublished(page, version):
            yield _("its page is not live, and no log says that somebody unpublished it")
        return
    published, candidates = page.live_revision_id, policy.versions.filter(pk=version.pk)
    moment = page.last_published_at or version.recorded_at
    if is_again := moment > version.recorded_at:  # and the text was one that there was already
        candidates = policy.versions.order_by("-number")
        if not _publications(page, moment).filter(revision=published).exists():
            yield _("its page says that it was published again, but no log does")
        published = _publications(page, version.recorded_at).values_list("revision", flat=True).first()
    approver = _approver(published, version)
    # The log of what was published again may be gone, and its approval with it.
    if approver != version.approver_id and (approver or not is_again):
        words = _("the approval beside version %(number)s is not that which its record names")
        yield words % {"number": version.number}
    if version.import_sha256:  # its text is the latest to hold, not the last imported
        candidates = policy.versions.order_by("-number")
    # Not its live draft: Wagtail's autosave overwrites that, and purge_revisions deletes it.
    if not any(_is_shown(page, one) for one in candidates.iterator(chunk_size=_CHUNK)):
        words = _("title, kind or text of its page are not those of version %(number)s, published on it")
        yield words % {"number": version.number}


def _publications(page: PolicyPage, moment: datetime) -> QuerySet[PageLogEntry]:
    """Return what Wagtail's log says of publications of a page at a moment."""
    log = PageLogEntry.objects.filter(page=page.pk, action="wagtail.publish").order_by("timestamp")
    return log.filter(timestamp__range=(moment, moment + _DECIDED))


def _was_unpublished(page: PolicyPage, version: PolicyVersion) -> bool:
    log = PageLogEntry.objects.filter(page=page.pk, timestamp__gt=version.recorded_at - MAX_DELAY)
    return log.filter(action__startswith="wagtail.unpublish").exists()


def _is_shown(page: PolicyPage, version: PolicyVersion) -> bool:
    """Return whether a page is as a version says."""
    heading = (page.title, page.policy_kind) == (version.title, version.content["kind"])
    return heading and _has_text(page, version)


def _has_text(page: PolicyPage, version: PolicyVersion) -> bool:
    """Return whether a page says what a version said; its blocks may be other ones that say the same."""
    if isinstance(page, CookiePolicyPage) and version.facts.get("notice") != page.notice_words:
        return False
    # What was imported says nothing of blocks.
    blocks = version.content["source"].get("blocks")
    if blocks is not None and page.body.get_prep_value() == blocks:
        return True
    then = version.html if blocks is None else page.body.stream_block.to_python(blocks).render_as_block()
    return markup.canonical(then) == markup.canonical(page.body.render_as_block())


def _approver(published: int | None, version: PolicyVersion) -> int | None:
    """Return who approved a draft before it was published, as the review's own rows say."""
    approved = TaskState.objects.filter(revision=published, status=TaskState.STATUS_APPROVED)
    last = approved.filter(finished_at__lte=version.recorded_at).order_by("-finished_at").first()
    return last.finished_by_id if last else None


def _is_other_approval(page: PolicyPage, version: PolicyVersion) -> bool:
    """Return whether somebody else decided when a version was published; that row may be gone with its draft."""
    span = (version.recorded_at - _DECIDED, version.recorded_at)
    states = TaskState.objects.filter(workflow_state__in=page.workflow_states, finished_at__range=span)
    named = (TaskState.STATUS_APPROVED, version.approver_id)
    return bool(states) and named not in states.values_list("status", "finished_by")
