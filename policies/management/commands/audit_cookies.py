"""`manage.py audit_cookies [URL]`: a browser visits a site in every state of consent; what it keeps must be declared.

States: before any choice, with a Global Privacy Control signal, rejected, each optional category alone, all, withdrawn
after all; and what visitors do on purpose (a thing into the basket), before any choice. Needs no database: the site
may be any that runs this code, the live one too, where it leaves a few consent records. Ends with 0 when all is as
declared, 1 on any finding, 2 when it could not be done.
"""

import json
import re
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from policies.cookie_audit import rules
from policies.cookie_audit.rules import Finding, Row

if TYPE_CHECKING:
    from policies.cookie_audit.browser import Plan, Seeing

MOST = 1000  # pages, seconds or minutes; more is a mistake
NO_LIBRARY = (
    "The audit needs Playwright. Install it and a browser:\n  {python} -m pip install playwright\n  {browser}"
)
NO_BROWSER = "{why} Install one:\n  {browser}"


class Command(BaseCommand):
    """Prints what was seen, what is wrong with it, and a sum."""

    help = "Visit a site in every state of consent and hold what the browser keeps against what is declared."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", nargs="?", metavar="URL", help="the site (default: SITE_URL)")
        parser.add_argument("--pages", type=_whole, default=40, help="pages to open in a state, at most (40)")
        parser.add_argument("--timeout", type=_number, default=20.0, help="seconds for a page (20)")
        parser.add_argument("--limit", type=_number, default=30.0, help="minutes for all of it (30)")
        parser.add_argument(
            "--quiet-for", type=_number, default=0.5, help="seconds without a request that end a page (0.5)"
        )
        parser.add_argument(
            "--alone", action="store_true", help="note what is asked of other hosts, but let none be reached"
        )
        parser.add_argument("--browser", type=Path, metavar="PATH", help="the Chromium or Chrome to use")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there, too")

    def handle(self, *args: Any, **options: Any) -> None:
        url = _site_url(options["url"] or settings.SITE_URL)
        target: Path | None = options["json"]
        if target and (target.is_dir() or not target.absolute().parent.is_dir()):
            raise CommandError(f"--json: {target} is no file that can be written.", returncode=2)
        plan, seeing, origin = self._look(url, options)
        findings = rules.findings(seeing.sightings, plan.declared, is_https=origin.startswith("https:"))
        rows = rules.rows(seeing.sightings, plan.declared)
        self._report(plan, seeing, rows, findings, origin)
        if target:
            self._write(target, _as_data(plan, seeing, rows, findings, origin))
        if findings:
            raise CommandError(f"{len(findings)} finding(s), see above.", returncode=1)
        if seeing.failures:
            raise CommandError("Some pages could not be looked at, see above.", returncode=2)
        self.stdout.write(self.style.SUCCESS("All that was found is declared, and nothing came early."))

    def _look(self, url: str, options: dict[str, Any]) -> tuple["Plan", "Seeing", str]:
        """Visit everything; every reason why that is impossible ends the command with 2."""
        install = {"python": sys.executable, "browser": f"{sys.executable} -m playwright install chromium"}
        try:
            from policies.cookie_audit import browser as audit_browser  # noqa: PLC0415 - drives a development tool
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "playwright":
                raise
            raise CommandError(NO_LIBRARY.format(**install), returncode=2) from None
        end = time.monotonic() + 60 * options["limit"]
        limits = audit_browser.Limits(options["timeout"], options["quiet_for"], options["pages"], end)
        seeing = audit_browser.Seeing()
        try:
            with audit_browser.playing() as playwright:
                path = audit_browser.find_browser(playwright, options["browser"])
                site = audit_browser.Site(playwright, url, limits)
                plan = site.plan()
                only = site.origin if options["alone"] else ""
                last = "the start"
                with audit_browser.browsing(playwright, path, limits, only=only) as browser:
                    visits = audit_browser.look(browser, site, plan, seeing)
                    for page in tqdm(visits, total=plan.visits, unit=" pages", leave=False, disable=None):
                        if limits.is_over:
                            break
                        last = page
                if limits.is_over:
                    words = f"“{last}” and what comes after it: {options['limit']:g} minutes were over"
                    seeing.failures.append(words)
        except audit_browser.NoBrowserError as error:
            raise CommandError(NO_BROWSER.format(why=error, **install), returncode=2) from None
        except audit_browser.AuditError as error:
            raise CommandError(str(error), returncode=2) from None
        return plan, seeing, site.origin

    def _report(
        self, plan: "Plan", seeing: "Seeing", rows: list[Row], findings: list[Finding], origin: str
    ) -> None:
        declared = plan.declared
        source = (
            f"cookie policy, version {declared.number}" if declared.number else "no cookie policy: nothing"
        )
        self.stdout.write(f"{origin}, declared by {source}")
        self._table(_columns(plan), rows)
        if names := rules.never_seen(seeing.sightings, declared):
            self.stdout.write(f"\nDeclared, but not met: {', '.join(names)}")
        if plan.choice.unread or plan.choice.left_out:
            left = f"{plan.choice.unread} URL(s), {plan.choice.left_out} kind(s) of pages"
            self.stdout.write(f"\nNot looked at: {left}")
        for name in seeing.undone:
            self.stdout.write(f"\nNot done, since no page offers it: {name}")
        for failure in seeing.failures:
            self.stderr.write(f"Could not be looked at: {failure}")
        if findings:
            self.stdout.write("\nFindings")
        for finding in findings:
            self.stdout.write(self.style.ERROR(f"  {_line(finding)}"))
        self.stdout.write(
            f"\n{plan.choice.read} pages read, {len(plan.pages)} kinds opened in {len(plan.states)} states, "
            f"{len(rows)} things seen, {len(findings)} finding(s)"
        )

    def _table(self, columns: list[str], rows: list[Row]) -> None:
        for number, name in enumerate(columns, start=1):
            self.stdout.write(f"  {number:>2} {name}")
        lines = [("what", "name", "of", *map(str, range(1, len(columns) + 1)), "declared", "first on")]
        for row in rows:
            marks = ("x" if name in row.states else "." for name in columns)
            of = "" if row.host == row.name else row.host
            lines.append((row.kind, row.name, of, *marks, ", ".join(row.declared_in) or "-", row.page))
        widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
        self.stdout.write("")
        for line in lines:
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())

    def _write(self, target: Path, data: dict[str, Any]) -> None:
        try:
            target.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            words = f"--json: {target} cannot be written: {error.strerror}"
            raise CommandError(words, returncode=2) from None


def _columns(plan: "Plan") -> list[str]:
    return [state.name for state in plan.states] + [action.name for action in plan.actions]


def _line(finding: Finding) -> str:
    where = f"in {', '.join(finding.states)}; first on {finding.page}"
    of = "" if finding.name == finding.host else f" of {finding.host}"
    return f"{finding.problem}: {finding.kind} {finding.name}{of}: {finding.why} ({where})"


def _as_data(
    plan: "Plan", seeing: "Seeing", rows: list[Row], findings: list[Finding], origin: str
) -> dict[str, Any]:
    return {
        "site": origin,
        "cookie_policy_version": plan.declared.number,
        "pages": list(plan.pages),
        "states": _columns(plan),
        "seen": [asdict(row) for row in rows],
        "not_met": rules.never_seen(seeing.sightings, plan.declared),
        "not_looked_at": seeing.failures,
        "findings": [asdict(finding) for finding in findings],
    }


def _site_url(text: str) -> str:
    """Read the URL of a site: scheme and host, nothing else."""
    try:
        parts = urlsplit(text)
        is_plain = bool(parts.hostname) and (parts.port is None or parts.port > 0) and "@" not in parts.netloc
    except ValueError:
        is_plain = False
    if not is_plain or parts.scheme not in ("http", "https") or parts.path.strip("/") or parts.query:
        raise CommandError(f"Not the URL of a site, like https://www.example.com: {text}", returncode=2)
    return f"{parts.scheme}://{parts.netloc}/"


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST):
        raise ArgumentTypeError(f"a number from 1 to {MOST}, not {text}")
    return int(text)


def _number(text: str) -> float:
    if not (re.fullmatch(r"[0-9]{1,4}(\.[0-9]+)?", text) and 0 < float(text) <= MOST):
        raise ArgumentTypeError(f"a number above 0, at most {MOST}, not {text}")
    return float(text)
