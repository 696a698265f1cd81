"""Two sites to compare, with production's settings: ours with the demo, and the one that `wagtail start` makes.

Both live in a temporary folder, on SQLite, or on the PostgreSQL that DATABASE_URL names.
"""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HOST = "bench.example"
WORKER = Path(__file__).with_name("requests_worker.py")
FLOOR_SETTINGS = f'''
import environ
from .production import *

SECRET_KEY = "{"x" * 60}"
ALLOWED_HOSTS = ["{HOST}", "127.0.0.1"]
if url := environ.Env().str("DATABASE_URL", ""):
    DATABASES = {{"default": environ.Env.db_url_config(url)}}
if environ.Env().bool("KEEP_CONNECTION", False):
    DATABASES["default"]["CONN_MAX_AGE"] = None
'''


@dataclass
class Site:
    """A site on disk: how to run Python in it, its application, and its pages."""

    folder: Path
    environment: dict[str, str]
    application: str
    pages: dict[str, dict[str, str]] = field(default_factory=dict)

    def command(self, *arguments: str | Path, **more: str) -> str:
        """Run Python in the site; return what it prints. Raises CalledProcessError."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**self.environment, **more},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    @contextmanager
    def worker(self, application: str = "", **more: str) -> Iterator["Worker"]:
        """Lend a process that answers requests of this site, or of another of its applications."""
        process = subprocess.Popen(
            [sys.executable, "-P", WORKER, application or self.application],
            cwd=self.folder,
            env={**self.environment, **more},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            yield Worker(process)
            process.communicate()  # ends its input


@dataclass
class Worker:
    """The other end of requests_worker.py."""

    process: subprocess.Popen[str]

    def ask(self, command: str, *, url: str = "/", cookies: str = "", **more: Any) -> dict[str, Any]:
        """Send a command; return its answer."""
        assert self.process.stdin
        assert self.process.stdout
        message = {"command": command, "url": url, "cookies": cookies, **more}
        print(json.dumps(message), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit("A site stopped while it was measured; its error stands above.")
        answer: dict[str, Any] = json.loads(line)
        if not answer.get("status", "200").startswith("200"):
            sys.exit(f"{url} answered {answer['status']}.")
        return answer


@contextmanager
def both(keep: Path | None = None) -> Iterator[tuple[Site, Site]]:
    """Make the floor and our site, once a run, or use what an earlier run left in the folder `keep`."""
    yield _made(keep or _folder(), os.environ.get("DATABASE_URL", ""))


@cache
def _made(folder: Path, _database: str) -> tuple[Site, Site]:
    return floor(folder / "floor"), ours(folder / "ours")


@cache
def _folder() -> Path:
    """Return a new folder, which is deleted at the end of the run."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def floor(folder: Path) -> Site:
    """Make the site of `wagtail start`, with its home page."""
    site = Site(folder, _environment(folder, "floor.settings.bench"), "floor.wsgi:application")
    if folder.exists():
        return site
    folder.mkdir(parents=True)
    if url := os.environ.get("DATABASE_URL"):
        site.environment["DATABASE_URL"] = _second_database(url)
    site.command("-m", "wagtail.bin.wagtail", "start", "floor", ".")
    (folder / "floor/settings/bench.py").write_text(FLOOR_SETTINGS, encoding="utf-8")
    site.command("manage.py", "migrate", "--verbosity", "0")
    site.command("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    return site


def ours(folder: Path) -> Site:
    """Make our site with the demo."""
    site = Site(ROOT, _environment(folder, "bench.settings"), "home.request_validation:StrictWSGIHandler")
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{folder / 'db.sqlite3'}"
    site.environment |= {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'site'}",
        "ENV_FILE": os.devnull,
        "BENCH_STATIC": str(folder / "static"),
        "SECRET_KEY": "x" * 40 + "-0123456789-abcdefgh",
        "ALLOWED_HOSTS": f"{HOST},127.0.0.1",
        "SITE_URL": f"https://{HOST}",
        "DATABASE_URL": url,
        "CACHE_URL": f"filecache://{folder / 'cache'}",
        "MEDIA_STORAGE_URL": (folder / "media").as_uri(),
        "PRIVATE_STORAGE_URL": (folder / "private").as_uri(),
        "EMAIL_URL": "smtp://127.0.0.1:9",
        "DEFAULT_FROM_EMAIL": "shop@bench.example",
        "STRIPE_SECRET_KEY": "sk_test_bench",
        "STRIPE_TEST_MONEY": "1",
        "STRIPE_WEBHOOK_SECRET": "whsec_0123456789abcdef",
    }
    pages = folder / "pages.json"
    if pages.exists():
        site.command("manage.py", "migrate", "--verbosity", "0")
    else:
        folder.mkdir(parents=True)
        pages.write_text(site.command("-m", "bench.site_data", DJANGO_SETTINGS_MODULE="config.settings.dev"))
    site.pages = json.loads(pages.read_text())
    site.command("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    return site


def _environment(folder: Path, settings: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(folder),
        "DJANGO_SETTINGS_MODULE": settings,
    }


def _second_database(url: str) -> str:
    """Create a database for the floor beside ours; return its URL."""
    import psycopg2  # noqa: PLC0415 - only where there is a PostgreSQL
    from environ import Env  # noqa: PLC0415

    given = Env.db_url_config(url)
    parts = {
        "user": given["USER"],
        "password": given["PASSWORD"],
        "host": given["HOST"],
        "port": given["PORT"],
    }
    connection = psycopg2.connect(
        dbname=given["NAME"], **{key: value for key, value in parts.items() if value}
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE floor")
    connection.close()
    return url.removesuffix(given["NAME"]) + "floor"
