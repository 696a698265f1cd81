"""Find the programs that the tests need besides Python: a Chromium browser, PostgreSQL, Redis, nginx and Java.

The functions `find_…` only search. `make test` runs this file to install what is missing:
as root with system packages, otherwise as far as possible. It never changes programs that it finds.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

# Without a window: it starts and draws in a quarter of the time.
HEADLESS_SHELL = "chromium-headless-shell"
CHROMIUM_NAMES = (HEADLESS_SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEBIAN_POSTGRESQL = Path(
    "/usr/lib/postgresql"
)  # Debian keeps the server programs off the PATH, in a folder for each version
POSTGRESQL_PROGRAMS = ("initdb", "pg_ctl", "pg_dump", "psql")
REDIS_NAMES = ("valkey-server", "redis-server")
SYSTEM_FOLDERS = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


def find_chromium() -> Path | None:
    """Return the browser to use: one on the PATH, else the one that Playwright downloaded, else None."""
    for name in CHROMIUM_NAMES:
        if path := shutil.which(name):
            return Path(path)
    return _playwright_chromium()


def _playwright_chromium() -> Path | None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and only needed if the PATH has none

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def find_postgresql() -> Path | None:
    """Return the folder of the PostgreSQL server programs: the newest of Debian's, else one on the PATH."""
    folders = [path for path in DEBIAN_POSTGRESQL.glob("*/bin") if path.parent.name.isdigit()]
    folders.sort(key=lambda path: int(path.parent.name), reverse=True)
    folders += [Path(folder) for folder in os.get_exec_path()]
    for folder in folders:
        if all(shutil.which(program, path=str(folder)) for program in POSTGRESQL_PROGRAMS):
            return folder
    return None


def find_redis() -> Path | None:
    """Return the server of Valkey or Redis, which speak the same protocol."""
    found = (shutil.which(name) for name in REDIS_NAMES)
    return next((Path(path) for path in found if path), None)


def find_nginx() -> Path | None:
    """Return nginx, which Debian puts where only root looks."""
    path = shutil.which("nginx", path=SYSTEM_FOLDERS)
    return Path(path) if path else None


def find_java() -> Path | None:
    """Return the Java on the PATH if it starts: macOS has one that only says where to get Java."""
    path = shutil.which("java")
    works = path and subprocess.run([path, "-version"], capture_output=True, check=False).returncode == 0
    return Path(path) if path and works else None


def _run(*command: str) -> bool:
    print("+", *command, flush=True)
    return subprocess.run(command, check=False).returncode == 0


def _install_packages(*packages: str) -> None:
    """Install system packages if this account may; `main` checks the result."""
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
        _run("apt-get", "update", "--quiet", "--quiet")
        _run(
            *environment,
            "apt-get",
            "install",
            "--yes",
            "--quiet",
            "--quiet",
            "--no-install-recommends",
            *packages,
        )


# Debian's package → how to find the program, and what to tell where it cannot be installed.
PROGRAMS: dict[str, tuple[Callable[[], Path | None], str]] = {
    HEADLESS_SHELL: (
        find_chromium,
        "Chromium: install a package that puts `chromium` or `google-chrome` on the PATH.",
    ),
    "postgresql": (
        find_postgresql,
        "PostgreSQL: install its server (Debian, Ubuntu: postgresql; macOS: postgresql@17).",
    ),
    "redis-server": (
        find_redis,
        "Redis: install its server (Debian, Ubuntu: redis-server; macOS: redis), or Valkey.",
    ),
    "nginx": (find_nginx, "nginx: install it (Debian, Ubuntu, macOS: nginx)."),
    "default-jre-headless": (
        find_java,
        "Java: install it (Debian, Ubuntu: default-jre-headless; macOS: openjdk).",
    ),
}


def main() -> int:
    """Find or install the programs; return 0 if the tests can run, else 1."""
    missing = [package for package, (find, _words) in PROGRAMS.items() if find() is None]
    _install_packages(*(package for package in missing if package != HEADLESS_SHELL))
    # Not every system has a package of the headless shell, and an unknown one would stop the others.
    for browser in (HEADLESS_SHELL, "chromium"):
        if find_chromium() is None:
            _install_packages(browser)
    if find_chromium() is None:
        _run(sys.executable, "-m", "playwright", "install", "chromium")
    complaints = [words for find, words in PROGRAMS.values() if find() is None]
    for complaint in complaints:
        print("The tests need a program that is not installed.", complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
