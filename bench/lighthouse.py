"""Measures public pages as Lighthouse sees them on a phone, and how soon a policy can be read on slow 3G.

The site runs with production's settings behind granian, by HTTPS. Lighthouse is found in var/lighthouse, or
installed there by npm; it needs Node and is used here only. By itself: `python -m bench lighthouse`.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import Browser, sync_playwright

from bench import servers, sites
from scripts.programs_for_tests import find_chromium

VERSION = "12.8.2"  # 13 needs a newer Node
FOLDER = sites.ROOT / "var/lighthouse"
RUNS = 5
MOST_TRIES = 8  # on a busy machine Chromium misses the start of a trace now and then
PAGES = {
    "home": "/",
    "policy": "/privacy-policy/",
    "redline": "/privacy-policy/compare/1/2/",
    "contact": "/contact/",
    "shop": "/shop/",
    "product": "/shop/enamel-mug/",
}
LEAST = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}
TIMES = (
    "first-contentful-paint",
    "largest-contentful-paint",
    "total-blocking-time",
    "cumulative-layout-shift",
)
WELL = 0.9  # of 1: the mark of an audit that is not worth naming
# Requests and bytes of a first visit, with headers.
MOST = {"policy": (4, 20_000), "product": (6, 55_000)}
CHROMIUM = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--ignore-certificate-errors",
    f"--host-resolver-rules=MAP {sites.HOST} 127.0.0.1",
)
# As in Chromium's own tools.
SLOW_3G = {"offline": False, "latency": 2000, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
SLOWER = 4


@dataclass(frozen=True)
class Visit:
    """What one run of Lighthouse found."""

    scores: dict[str, int]  # of 100; without "seo" on a page that is not for search engines
    times: list[float]
    requests: int
    bytes: int
    failed: dict[str, list[str]]  # audits by category

    @classmethod
    def of(cls, report: dict[str, Any]) -> "Visit":
        """Read a report."""
        audits, categories = report["audits"], report["categories"]
        if not audits.get("is-crawlable", {}).get("score"):
            categories.pop("seo", None)
        asked = [
            one for one in audits["network-requests"]["details"]["items"] if one["url"].startswith("http")
        ]
        return cls(
            scores={name: round(100 * category["score"]) for name, category in categories.items()},
            times=[audits[name]["numericValue"] for name in TIMES],
            requests=len(asked),
            bytes=sum(one["transferSize"] for one in asked),
            failed={name: _failed(category["auditRefs"], audits) for name, category in categories.items()},
        )


def _failed(references: list[dict[str, Any]], audits: dict[str, Any]) -> list[str]:
    weighed = [audits[one["id"]] for one in references if one["weight"]]
    return [f"{audit['title']} ({audit['id']})" for audit in weighed if (audit["score"] or 0) < WELL]


def run() -> list[str]:
    """Measure and print; return what is worse than it may be."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        url = stack.enter_context(_served(sites.ours(folder / "ours"), folder))
        return [*_slow_visit(url), *_lighthouse(url, folder)]


# --- The site --------------------------------------------------------------------------------------------------
@contextmanager
def _served(site: sites.Site, folder: Path) -> Iterator[str]:
    """Serve the site by HTTPS, as in production; give its URL, whose host only CHROMIUM finds."""
    port = servers.free_port()
    url = f"https://{sites.HOST}:{port}"
    changed = {"SITE_URL": url, "SERVE_MEDIA": "1", "LOG_LEVEL": "ERROR", "BEHIND_PROXY": "0"}
    with servers.granian(site, "config.wsgi:application", port=port, tls=_certificate(folder), **changed):
        yield url


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a key and a certificate for this run."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, sites.HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(sites.HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "key.pem", folder / "certificate.pem"
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[0].write_bytes(key.private_bytes(*form))
    paths[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return paths


# --- Lighthouse --------------------------------------------------------------------------------------------------
def _lighthouse(url: str, folder: Path) -> list[str]:
    program = _program()
    if program is None:
        return []
    print(
        f"\nLighthouse {VERSION} on a phone, of 100: the median of {RUNS} runs for performance, which alone varies;"
    )
    print("first and largest paint, blocked, in ms; shift; requests and kB of a first visit")
    print(
        f"  {'':<9}{'performance':>12}{'accessibility':>15}{'practices':>11}{'SEO':>5}"
        f"{'first':>7}{'largest':>9}{'blocked':>9}{'shift':>7}{'requests':>10}{'kB':>6}"
    )
    missed = []
    for name, path in PAGES.items():
        whole, *others = _visits(program, f"{url}{path}", folder / "report.json")
        scores = dict(whole.scores)
        scores["performance"] = int(statistics.median(one.scores["performance"] for one in (whole, *others)))
        times = [
            statistics.median(some) for some in zip(*(one.times for one in (whole, *others)), strict=True)
        ]
        size = max(one.bytes for one in (whole, *others))
        print(
            f"  {name:<9}{scores['performance']:>12}{scores['accessibility']:>15}{scores['best-practices']:>11}"
            f"{scores.get('seo', '–'):>5}{times[0]:>7.0f}{times[1]:>9.0f}{times[2]:>9.0f}{times[3]:>7.3f}"
            f"{whole.requests:>10}{size / 1000:>6.1f}",
            flush=True,
        )
        for category, score in scores.items():
            if score < LEAST[category]:
                why = "; ".join(whole.failed[category])
                missed.append(f"{name}: {category} {score}, at least {LEAST[category]}. {why}")
        most = MOST.get(name, (sys.maxsize, sys.maxsize))
        if whole.requests > most[0] or size > most[1]:
            missed.append(
                f"{name}: {size} bytes in {whole.requests} requests, at most {most[1]} in {most[0]}."
            )
    return missed


def _program() -> Path | None:
    """Find Lighthouse, or install it; say so where neither is possible."""
    program = FOLDER / "node_modules/.bin/lighthouse"
    if program.exists():
        return program
    npm = shutil.which("npm")
    if npm is None:
        print("\nLighthouse was not run: it needs Node 20 with npm.")
        return None
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", FOLDER, f"lighthouse@{VERSION}"]
    installed = subprocess.run(command, capture_output=True, text=True, check=False)
    if installed.returncode:
        print(f"\nLighthouse was not run: npm could not install it.\n{installed.stderr[-500:]}")
        return None
    return program


def _visits(program: Path, url: str, report: Path) -> list[Visit]:
    """Run Lighthouse: first all of it, then what varies."""
    command = [
        program,
        url,
        "--quiet",
        "--output=json",
        f"--output-path={report}",
        "--disable-full-page-screenshot",
    ]
    flags = [flag.partition("=") for flag in CHROMIUM]
    written = " ".join(f'{name}="{value}"' if value else name for name, _, value in flags)
    command.append(f"--chrome-flags={written}")
    environment = {**os.environ, "CHROME_PATH": str(find_chromium())}
    visits: list[Visit] = []
    for _ in range(MOST_TRIES):
        categories = "performance" if visits else ",".join(LEAST)
        ended = subprocess.run(
            [*command, f"--only-categories={categories}"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if ended.returncode == 0:
            visits.append(Visit.of(json.loads(report.read_text(encoding="utf-8"))))
        if len(visits) == RUNS:
            return visits
    sys.exit(f"Lighthouse failed too often at {url}: {ended.stderr}")


# --- Slow 3G -----------------------------------------------------------------------------------------------------
WATCH = """
new PerformanceObserver((list) => {
  window.painted ??= {
    "first paint": list.getEntriesByName("first-contentful-paint")[0].startTime,
    letters: document.querySelector("[data-policy-text]")?.innerText.length ?? 0,
  };
}).observe({ type: "paint", buffered: true });
document.addEventListener("consent:change", () => (window.ran ??= performance.now()));
"""
TIMES_OF_POLICY = """() => {
  const arrived = (end) => performance.getEntriesByType("resource").find((one) => one.name.endsWith(end)).responseEnd;
  const page = performance.getEntriesByType("navigation")[0].responseEnd;
  return { page, "style sheet": arrived(".css"), ...window.painted, script: arrived(".js"), "script ran": window.ran };
}"""


def _slow_visit(url: str) -> list[str]:
    """Open a policy on slow 3G with a slow processor; its text must be there when anything is painted."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM[1:]))
        page = browser.new_page(ignore_https_errors=True)
        for path in PAGES.values():  # rendered once, and the copies of pictures made
            page.goto(f"{url}{path}", timeout=120_000)
        visits = [_times_of_policy(browser, url) for _ in range(RUNS)]
        browser.close()
    times = {name: statistics.median(visit[name] for visit in visits) for name in visits[0]}
    letters = times.pop("letters")
    print(f"A policy on slow 3G with a processor {SLOWER} times slower, in ms, the median of {RUNS} visits")
    print("  " + ", ".join(f"{name} {time:,.0f}" for name, time in times.items()))
    print(f"  letters of the policy that can be read at the first paint: {letters:,.0f}")
    return [] if letters else ["policy: its text cannot be read at the first paint."]


def _times_of_policy(browser: Browser, url: str) -> dict[str, float]:
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.add_init_script(WATCH)
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_3G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(f"{url}{PAGES['policy']}", wait_until="load", timeout=120_000)
    page.wait_for_function("window.painted && window.ran")
    times: dict[str, float] = page.evaluate(TIMES_OF_POLICY)
    page.context.close()
    return times
