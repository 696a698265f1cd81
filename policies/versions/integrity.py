"""Holds what the database says of policies against their frozen records: chain, columns, pages and approvals.

It only reads, a few versions at a time. The ledger says whether a record is what was entered, see `verification`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from wagtail.models import TaskState

from policies.ledger import encoding
from policies.ledger.verification import UNREADABLE, Finding
from policies.models import Policy, PolicyPage, PolicyVersion
from policies.versions import records
from policies.versions.account_links import AccountLinks

_CHUNK = 50  # versions read from the database at once
_DECIDED = timedelta(minutes=5)  # publishing follows its approval sooner


def findings(now: datetime, on_read: Callable[[], object]) -> Iterator[Finding]:
    """Yield what is wrong with each policy and its versions.

    A version that is published while one reads looks like damage, so what is found is looked for once more.
    """
    for policy in Policy.objects.order_by("slug"):
        if _damage(policy, now, on_read):
            damage = _damage(Policy.objects.get(pk=policy.pk), now, lambda: None)
            yield from (Finding(policy.slug, words) for words in damage)


def _damage(policy: Policy, now: datetime, on_read: Callable[[], object]) -> list[str]:
    found: list[str] = []
    try:
        found += _problems(policy, now, on_read)
    except UNREADABLE as error:
        found.append(f"a row cannot be read: {error}")
    return found


def _problems(policy: Policy, now: datetime, on_read: Callable[[], object]) -> Iterator[str]:
    related = ("policy", "withdrawal", "publisher", "approver", "page")
    versions = policy.versions.select_related(*related).order_by("number")
    previous, links, spans = None, AccountLinks(), _Spans()
    for number, version in enumerate(versions.iterator(chunk_size=_CHUNK), start=1):
        on_read()
        for words in _version_problems(version, number, previous, now):
            yield f"version {version.number} is broken: {words}"
        if version.readable_content:
            yield from (f"version {version.number} is broken: {words}" for words in links.problems(version))
        if words := spans.problem(version):
            yield f"version {version.number} is broken: {words}"
        previous = version
    if previous is not None:
        yield from _policy_problems(policy, previous)


def _version_problems(
    version: PolicyVersion, number: int, previous: PolicyVersion | None, now: datetime
) -> Iterator[str]:
    if version.number != number:
        yield f"expected version {number}: a version is missing"
    if encoding.sha256(version.record) != version.sha256:
        yield "the hash is not that of the record"
    if version.previous_sha256 != (previous.sha256 if previous else ""):
        yield "the chain to the version before is broken"
    if not (content := version.readable_content):
        yield "the record is no JSON object, or an empty one"
    columns = records.repeated_columns(version) if content else {}
    yield from (
        f"column {name} differs from the record" for name in columns if content.get(name) != columns[name]
    )
    if version.recorded_at > now or (previous and version.recorded_at < previous.recorded_at):
        yield "it was recorded in the future, or before the version before"
    if not version.import_sha256 and version.effective_at < version.recorded_at:
        yield "it took effect before it was recorded, and was not imported"
    if version.is_withdrawn and version.withdrawal.withdrawn_at >= version.effective_at:
        yield "it was withdrawn after it had taken effect"


class _Spans:
    """Knows when the versions read so far held: nothing is imported into a time that one published here covers."""

    def __init__(self) -> None:
        self.begun: list[tuple[datetime, int, bool]] = []

    def problem(self, version: PolicyVersion) -> str:
        """Return what is wrong with where a version begins, and remember it."""
        begin = (version.effective_at, version.number)
        before = max((span for span in self.begun if span[:2] < begin), default=None)
        if not version.is_withdrawn:
            self.begun.append((*begin, bool(version.import_sha256)))
        if version.import_sha256 and before and not before[2]:
            return f"it was imported into the time of version {before[1]}, which was published here"
        return ""


def _policy_problems(policy: Policy, newest: PolicyVersion) -> Iterator[str]:
    """Hold the policy's own row, and that of its page, against its versions, where they repeat them."""
    latest = policy.versions.not_withdrawn().order_by("-effective_at", "-number").first()
    if latest is not None and policy.title != latest.title:
        yield f"its title is not that of version {latest.number}"
    for name in ("language", "kind"):
        if getattr(policy, name) != newest.content.get(name, getattr(policy, name)):
            yield f"its {name} is not that of version {newest.number}"
    if strangers := policy.versions.exclude(page=None).exclude(page__policy=policy).count():
        yield f"{strangers} version(s) were published on a page that belongs to another policy now"
    elif policy.page is not None:
        yield from _page_problems(policy, policy.page.specific)


def _page_problems(policy: Policy, page: PolicyPage) -> Iterator[str]:
    """Hold the page's row and the approvals beside it against the last version that was published on it."""
    version = policy.versions.filter(page=page).newest()
    if version is None or not page.live or version.content["source"]["format"] != "streamfield":
        return
    if (page.title, page.policy_kind) != (version.title, version.content["kind"]):
        yield f"title or kind of its page are not those of version {version.number}, which was published on it"
    if page.body.get_prep_value() != version.content["source"]["blocks"] and _is_other_text(page, version):
        yield f"the text of its page is not that of version {version.number}, which was published on it"
    decided = TaskState.objects.filter(
        workflow_state__in=page.workflow_states,
        finished_at__range=(version.recorded_at - _DECIDED, version.recorded_at),
    )
    states = decided.values_list("status", "finished_by")
    named = (TaskState.STATUS_APPROVED, version.approver_id)
    if version.approver_id and states and named not in states:
        yield f"the approval beside version {version.number} is not that of “{version.approver_name}”"


def _is_other_text(page: PolicyPage, version: PolicyVersion) -> bool:
    """Return whether a page says something else: equal blocks make equal text, other blocks may."""
    if any(block.block_type == "live_fact" for block in page.body):
        return False  # what it says of the system may have changed since
    return "".join(page.render_body().text.split()) != "".join(version.text.split())
