"""Compares what the database says of policies with their frozen records; `verify_policies` reports the findings.

It only reads, a few versions at a time. It finds what is inconsistent inside the database. A database that was
rewritten consistently is found out only by a list kept elsewhere: see `policies.ledger.heads`.
"""

from collections.abc import Callable, Iterable, Iterator

from django.utils.timezone import now

from policies.ledger import consent_records
from policies.ledger.account_links import AccountLinks
from policies.models import Policy, PolicyVersion
from policies.versions import records

_CHUNK = 50  # versions read from the database at once
# SQLite takes any value in any column; reading a value of the wrong kind raises one of these.
_UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError, RecursionError)


def first_damage(policy: Policy, *, on_read: Callable[[], object] = lambda: None) -> str:
    """Describe the first damage of a policy's records or of the columns that repeat them; empty if there is none.

    A version that is published during the check looks like damage, so a policy with damage is checked once more.
    """
    return _damage(policy, on_read) and _damage(Policy.objects.get(pk=policy.pk), lambda: None)


def first_damaged_consent(*, on_read: Callable[[], object] = lambda: None) -> str:
    """Describe the first consent record that does not fit the version that it names; empty if there is none."""
    try:
        return next(consent_records.problems(now=now(), on_read=on_read), "")
    except _UNREADABLE as error:
        return f"a row cannot be read: {error}"


def doubts(policy: Policy) -> list[str]:
    """Return what looks wrong but may be intended; the database cannot tell."""
    newest = policy.versions.newest()
    if newest is None or policy.page is not None or policy.kind == newest.content.get("kind", policy.kind):
        return []
    kinds = f"its kind is “{policy.kind}”, that of version {newest.number} “{newest.content['kind']}”"
    advice = "Publish it on a page with the same slug and of the kind that is right."
    return [f"{kinds}, and no page is left that says which is meant. {advice}"]


def problems(versions: Iterable[PolicyVersion]) -> Iterator[str]:
    """Check versions of one policy, given in the order of their numbers; yield every problem."""
    previous, links = "", AccountLinks()
    for number, version in enumerate(versions, start=1):
        for what in _problems(version, number, previous, links):
            yield f"version {version.number} is broken: {what}"
        previous = version.sha256


def _problems(version: PolicyVersion, number: int, previous: str, links: AccountLinks) -> Iterator[str]:
    if version.number != number:
        yield f"expected version {number}: a version is missing"
    if records.sha256(version.record) != version.sha256:
        yield "the hash is not that of the record"
    if version.previous_sha256 != previous:
        yield "the chain to the version before is broken"
    if content := version.readable_content:
        for name, value in records.repeated_columns(version).items():
            if content.get(name) != value:
                yield f"column {name} differs from the record"
        yield from links.problems(version)
    else:
        yield "the record is no JSON object, or an empty one"
    if version.is_withdrawn and version.withdrawal.withdrawn_at >= version.effective_at:
        yield "it was withdrawn after it had taken effect"


def head_is_missing(policy: Policy) -> bool:
    """Return whether the newest version that the policy remembers is not there any more."""
    newest = policy.versions.order_by("-number").values_list("sha256", flat=True).first()
    return policy.newest_sha256 != (newest or "")


def _damage(policy: Policy, on_read: Callable[[], object]) -> str:
    try:
        return _broken_version(policy, on_read) or _missing(policy) or _changed_heading(policy)
    except _UNREADABLE as error:
        return f"a row cannot be read: {error}"


def _broken_version(policy: Policy, on_read: Callable[[], object]) -> str:
    related = ("policy", "withdrawal", "publisher", "approver")
    versions = policy.versions.select_related(*related).order_by("number").iterator(chunk_size=_CHUNK)
    return next(problems(_reported(versions, on_read)), "")


def _missing(policy: Policy) -> str:
    if head_is_missing(policy):
        return "the newest version is missing"
    if policy.withdrawals_sha256 != records.withdrawals_sha256(policy):
        return "a withdrawal was added, changed or removed"
    return ""


def _changed_heading(policy: Policy) -> str:
    """Compare the policy's own row with its versions, where it repeats them."""
    newest = policy.versions.newest()
    if newest is None:
        return ""
    latest = policy.versions.latest_to_hold()
    if latest is not None and policy.title != latest.title:
        return f"its title is not that of version {latest.number}"
    if policy.language != newest.content.get("language", policy.language):
        return f"its language is not that of version {newest.number}"
    # The kind follows the page, also where publishing it made no version because text and facts stayed.
    page = policy.page
    if page is not None and policy.kind not in {newest.content.get("kind"), page.specific.policy_kind}:
        return f"its kind is neither that of version {newest.number} nor that of its page"
    return ""


def _reported(versions: Iterator[PolicyVersion], on_read: Callable[[], object]) -> Iterator[PolicyVersion]:
    for version in versions:
        yield version
        on_read()
