"""The record of processing (GDPR, article 30): what this site does with personal data, as it stands now.

Each row is read from what the site runs by: the register of personal data, the facts of who runs it and who receives
data, and the settings. Nobody types any of it into the record. What no site can know is not in it: a representative, a
data protection officer, and what the company does with personal data elsewhere.
"""

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from home.hooks import collect
from home.models import BrandSettings, WorkerHeartbeat
from home.spreadsheets import as_text
from home.templatetags.time_tags import period
from policies.facts import company, recipients
from policies.models import LedgerCheck
from policies.personal_data import access_log, register


class Part(models.TextChoices):
    CONTROLLER = "controller", gettext_lazy("Who is responsible")
    PROCESSING = "processing", gettext_lazy("What is processed")
    RECIPIENT = "recipient", gettext_lazy("Who receives data")
    SAFEGUARD = "safeguard", gettext_lazy("How it is protected")


class Row(NamedTuple):
    part: Part
    name: str
    purpose: str = ""
    people: str = ""
    data: str = ""
    country: str = ""
    kept: str = ""
    note: str = ""


HEADINGS: tuple[str | Promise, ...] = (
    gettext_lazy("Part"),
    gettext_lazy("Name"),
    gettext_lazy("What for"),
    gettext_lazy("Whose data"),
    gettext_lazy("Which data"),
    gettext_lazy("Where"),
    gettext_lazy("Kept for"),
    gettext_lazy("Details"),
)


class Safeguard(NamedTuple):
    """A measure that protects personal data, and how it is in place now; no words if it is not."""

    label: str
    words: str


def record() -> list[Row]:
    """Return the whole record."""
    return [*_controller(), *_processing(), *_recipients(), *_safeguards()]


def _controller() -> Iterator[Row]:
    name, *contact = company.company().values()
    if not BrandSettings.current().is_stated:
        contact = [_("Not yet stated: state your name, address and e-mail address under Settings → Brand.")]
    yield Row(Part.CONTROLLER, name, note=", ".join(filter(None, contact)))


def _processing() -> Iterator[Row]:
    for entry in register.registered():
        keep = entry.keep()
        kept = _("As long as the purpose lasts") if keep is None else period(keep.days)
        people = ", ".join(str(one.label) for one in entry.people)
        words = (str(entry.label), str(entry.purpose), people, str(entry.what))
        yield Row(Part.PROCESSING, *words, kept=kept, note=str(entry.note))


def _recipients() -> Iterator[Row]:
    found = recipients.recipients()
    if gap := recipients.gap(found):
        yield Row(Part.RECIPIENT, "–", note=f"{gap} {recipients.FACT.remedy}")
    for one in found:
        note = one.get("contract") or one.get("privacy_url", "")
        yield Row(
            Part.RECIPIENT, one["name"], one["purpose"], "", one.get("data", ""), one["country"], "", note
        )
    if sends_by_smtp():
        words = _("Delivers the e-mails that the site sends, as its settings say")
        yield Row(Part.RECIPIENT, settings.EMAIL_HOST, words, data=_("E-mail addresses, subjects and texts"))


def _safeguards() -> Iterator[Row]:
    found: list[Safeguard] = collect("register_safeguards", key=lambda safeguard: safeguard.label)
    return (Row(Part.SAFEGUARD, label, note=words or _("Not in place")) for label, words in found)


def sends_by_smtp() -> bool:
    """Return whether e-mails go to a mail server, and not into a folder."""
    return "smtp" in settings.POST_OFFICE["BACKENDS"]["default"]


def safeguards() -> list[Safeguard]:
    """Return what policies know of themselves."""
    logged = _(
        "Each time staff read, search or export personal data is logged; the log is kept for %(period)s"
    )
    deleted = (
        _("The worker deletes every hour what was kept long enough") if WorkerHeartbeat.is_heard() else ""
    )
    checked = ""
    if check := LedgerCheck.objects.first():
        time = date_format(timezone.localtime(check.finished_at), "DATETIME_FORMAT")
        words = _("Checked on %(time)s, findings: %(count)s")
        checked = words % {"time": time, "count": len(check.findings)}
    return [
        Safeguard(_("Log of access"), logged % {"period": period(access_log.KEEP.days)}),
        Safeguard(_("Deletion at the end of each period"), deleted),
        Safeguard(_("Check of what was recorded"), checked),
    ]


# --- As staff read it -----------------------------------------------------------------------------------------
def as_csv() -> str:
    """Return the record as CSV; no cell is a formula."""
    out = io.StringIO()
    lines = (map(str, HEADINGS), *((row.part.label, *row[1:]) for row in record()))
    csv.writer(out).writerows(map(as_text, map(str, line)) for line in lines)
    return f"\ufeff{out.getvalue()}"  # the mark by which spreadsheets know UTF-8


class Table(NamedTuple):
    title: str | Promise
    lines: list[tuple[str | Promise, ...]]  # the first is that of the headings


def as_tables() -> list[Table]:
    """Return a table for each part, without the columns that it does not need."""
    rows, found = record(), []
    for part in Part:
        lines = [row[1:] for row in rows if row.part == part]
        used = [(heading, *cells) for heading, *cells in zip(HEADINGS[1:], *lines, strict=True) if any(cells)]
        found.append(Table(part.label, [*zip(*used, strict=True)]))
    return found
