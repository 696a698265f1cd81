"""Imports versions of a policy from Markdown files: reads, dates, converts, and writes each as a frozen version.

A file becomes a version effective at the start of its day in the site's time zone, the n-th file of a day (name
`YYYY-MM-DD-n`) n − 1 seconds later. Importing the same files again changes nothing. A file that cannot be taken whole
is refused with the reason and leaves nothing behind. This is the only way to an effective time in the past, and it
never reaches into a span that a version published here covers.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from wagtail.models import Page, Site

from policies.importing import markdown
from policies.importing.markdown import Document
from policies.models import Policy, PolicyPage
from policies.models.pages import TakesEffect
from policies.models.versions import ChangeKind
from policies.text import html_blocks
from policies.text.limits import MAX_FILE_BYTES, TextRefusedError, misleading, refuse_file
from policies.versions import publishing
from policies.versions.content import VersionContent

MAX_FILES_OF_A_DAY = 1000
STEPS_OF_A_FILE = 2


class Result(StrEnum):
    """What became of a file."""

    MADE = "made"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """What became of one file, and why."""

    path: Path
    result: Result
    reason: str


@dataclass(frozen=True)
class _Source:
    """A file that was read: its document, the hash of its bytes, and when it takes effect."""

    path: Path
    sha256: str
    document: Document
    effective_at: datetime


def import_files(
    paths: Iterable[Path],
    *,
    slug: str,
    title: str = "",
    allow_future: bool = False,
    is_dry_run: bool = False,
    on_step: Callable[[], object] = lambda: None,
) -> Iterator[Outcome]:
    """Import files into the policy with this slug; yield what became of each, in the order of their dates.

    `title` is that of texts which name none. Files dated in the future are refused unless `allow_future`: they would
    announce a version. With `is_dry_run` everything happens and is taken back at the end. Each file takes
    STEPS_OF_A_FILE steps: it is read, and it is written; `on_step` is called after each.
    """
    latest = datetime.max.replace(tzinfo=UTC) if allow_future else timezone.now()
    if not is_dry_run:
        yield from _import_files(paths, slug, title, latest, on_step)
        return
    with transaction.atomic():
        outcomes = list(_import_files(paths, slug, title, latest, on_step))
        transaction.set_rollback(True)
    yield from outcomes


def _import_files(
    paths: Iterable[Path], slug: str, title: str, latest: datetime, on_step: Callable[[], object]
) -> Iterator[Outcome]:
    policy = Policy.objects.filter(slug=slug).first()
    known = set(policy.versions.values_list("import_source", "import_sha256")) if policy else set()
    title = title or (policy.title if policy else "")
    sources: list[_Source] = []
    for path in paths:
        try:
            content = _content(path)
            sha256 = hashlib.sha256(content).hexdigest()
            if (path.name, sha256) in known:  # converting it again would take most of the time
                on_step()
                yield Outcome(path, Result.UNCHANGED, _("it was imported before"))
            else:
                sources.append(_read(path, content, sha256, title, latest))
        except TextRefusedError as refusal:
            on_step()  # it will not be written
            yield Outcome(path, Result.REFUSED, str(refusal))
        on_step()
    for source in sorted(sources, key=lambda source: source.effective_at):
        try:
            outcome = _record(source, slug)
        except TextRefusedError as refusal:
            outcome = Outcome(source.path, Result.REFUSED, str(refusal))
        on_step()
        yield outcome


def _content(path: Path) -> bytes:
    """Return the bytes of a file. A link is refused: it may lead to a file that nobody meant to publish."""
    if not path.name.isprintable():
        raise TextRefusedError(_("its name holds characters that cannot be shown"))
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise TextRefusedError(_("it is no text but a pipe or a device"))
            content = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise TextRefusedError(_("there is no such file")) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise TextRefusedError(_("it is a symbolic link; name the file itself")) from None
        raise TextRefusedError(_("it cannot be read: %(why)s"), why=error.strerror) from None
    refuse_file(len(content))
    return content


def _read(path: Path, content: bytes, sha256: str, title: str, latest: datetime) -> _Source:
    document = markdown.convert(markdown.decode(content), fallback_title=title)
    if not document.title or misleading(document.title):
        raise TextRefusedError(_("it has no title: no heading, none in its front matter, and no --title"))
    effective_at = _moment(*markdown.date_of(path.name, document))
    if effective_at > latest:
        words = _("its date, %(day)s, is in the future; --allow-future announces it")
        raise TextRefusedError(words, day=_day(effective_at))
    return _Source(path, sha256, document, effective_at)


def _moment(day: date, place: int) -> datetime:
    if not 1 <= place <= MAX_FILES_OF_A_DAY:
        raise TextRefusedError(_("its name counts files of a day from 1 to 1000 only"))
    if day < date(1900, 1, 1):
        raise TextRefusedError(_("its date is outside of the calendar, which begins in 1900"))
    start = datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())
    return start.astimezone(UTC) + timedelta(seconds=place - 1)


def _day(moment: datetime) -> date:
    return timezone.localdate(moment, timezone.get_default_timezone())


@transaction.atomic
def _record(source: _Source, slug: str) -> Outcome:
    """Write one file as a version, with its policy and page where they are missing."""
    policy = Policy.objects.select_for_update().filter(slug=slug).first()
    same = {"import_source": source.path.name, "import_sha256": source.sha256}
    if policy and policy.versions.filter(**same).exists():
        return Outcome(source.path, Result.UNCHANGED, _("it was imported before"))
    if policy is None:
        policy = _new_policy(source, slug)
    content = VersionContent(
        title=source.document.title,
        body=source.document.body,
        source={"format": "markdown", "text": source.document.source},
        effective_at=source.effective_at,
        change_kind=ChangeKind.NOT_STATED,
        page_id=policy.page.pk if policy.page else None,
        import_source=source.path.name,
        import_sha256=source.sha256,
    )
    if not publishing.differs(policy=policy, content=content):
        return Outcome(source.path, Result.UNCHANGED, _("its text is that of the version before it"))
    _refuse_published_span(policy, source)
    version = publishing.record_version(policy=policy, content=content)
    assert version is not None  # it differs
    _show_on_page(policy)
    return Outcome(source.path, Result.MADE, _("version %(number)d") % {"number": version.number})


def _refuse_published_span(policy: Policy, source: _Source) -> None:
    before = policy.in_force(source.effective_at)
    if before is not None and not before.import_sha256:
        words = _("on %(day)s version %(number)d holds, which was published here; imports cannot change that")
        raise TextRefusedError(words, day=_day(source.effective_at), number=before.number)


def _new_policy(source: _Source, slug: str) -> Policy:
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    if site is None:
        raise TextRefusedError(_("the site has no home page to put the policy under"))
    if not Policy.is_slug_free(slug) or Page.objects.child_of(site.root_page).filter(slug=slug).exists():
        raise TextRefusedError(_("the URL “%(slug)s” is taken by another page"), slug=slug)
    return Policy.objects.create(
        slug=slug, kind=Policy.Kind.OTHER, title=source.document.title, language=settings.LANGUAGE_CODE
    )


def _show_on_page(policy: Policy) -> None:
    """Let the editor go on from the latest text: on a new page, or on one that nobody has edited yet.

    No revision is made, so nothing is published a second time.
    """
    latest = policy.versions.latest_to_hold()
    page = policy.page or PolicyPage(slug=policy.slug, policy=policy, kind=policy.kind)
    if latest is None or page.latest_revision_id:
        return
    page.title = page.draft_title = latest.title
    page.body = html_blocks.to_blocks(latest.html)
    page.change_summary = _("Imported.")
    # Nobody said what it changed; a page cannot be saved without, and this hides nothing.
    page.change_kind, page.takes_effect = latest.change_kind or ChangeKind.MATERIAL, TakesEffect.NOW
    if page.pk:
        page.save()
    else:
        Site.objects.get(is_default_site=True).root_page.add_child(instance=page)
