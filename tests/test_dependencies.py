"""What the code imports, what requirements*.in asks for and what the decision explains are the same packages."""

import ast
import re
import sys
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
SITE = ("site", "home", "policies", "forms", "store")
OURS = {"config", "home", "policies", "forms", "store", "tests", "programs_for_tests", "check_gettext"}
# Parts of Wagtail, and the types that Stripe's library is written in: they come with those, in the right version.
COMES_WITH_ANOTHER = {"django-modelcluster", "django-taggit", "modelsearch", "typing-extensions"}
# A tool for development that one command drives, which names how to install it where it is missing.
DRIVEN = {"playwright"}
# Chosen by a setting or started as a program, so that nothing needs to import them.
NAMED_ONLY = {"psycopg2-binary", "redis", "whitenoise", "stripe"}


def packages_imported(sources: Iterable[str]) -> set[str]:
    """Return the packages that Python sources import, by the names that pip knows."""
    modules = set()
    for node in (node for source in sources for node in ast.walk(ast.parse(source))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.partition(".")[0])
    known = packages_distributions()
    foreign = modules - set(sys.stdlib_module_names) - OURS
    return {canonicalize_name(name) for module in foreign for name in known.get(module, [module])}


def packages_wanted(source: str) -> set[str]:
    """Return the packages of a requirements.in."""
    lines = [line for line in source.splitlines() if line and line[0] not in "#-"]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def packages_explained(source: str) -> set[str]:
    """Return the packages that the first column of the decision's table names."""
    rows = re.findall(r"^\| ([a-z0-9, -]+) \|", source, re.MULTILINE)
    return {canonicalize_name(name.strip()) for row in rows for name in row.split(",")} - {"package"}


def sources(*folders: str) -> list[str]:
    """Return the Python files of folders."""
    return [path.read_text(encoding="utf-8") for folder in folders for path in (ROOT / folder).rglob("*.py")]


def test_every_package_that_the_site_imports_is_asked_for_and_no_other() -> None:
    wanted = packages_wanted((ROOT / "requirements.in").read_text(encoding="utf-8"))
    imported = packages_imported(sources(*SITE))
    assert imported - wanted - COMES_WITH_ANOTHER - DRIVEN == set()
    assert wanted - imported - NAMED_ONLY == set()


def test_every_package_has_its_reason_and_no_other() -> None:
    wanted = packages_wanted((ROOT / "requirements.in").read_text(encoding="utf-8"))
    decision = (ROOT / "docs/decisions/0007-dependencies.md").read_text(encoding="utf-8")
    assert packages_explained(decision) == wanted


def test_every_tool_for_development_is_named_in_the_decision() -> None:
    wanted = packages_wanted((ROOT / "requirements-dev.in").read_text(encoding="utf-8"))
    decision = (ROOT / "docs/decisions/0007-dependencies.md").read_text(encoding="utf-8")
    paragraph = re.search(r"^For development: (.*)$", decision, re.MULTILINE)[1]
    named = {canonicalize_name(name) for name in re.findall(r"`([a-z0-9-]+)`", paragraph)}
    assert named == wanted


def test_only_the_audit_drives_a_tool_for_development() -> None:
    code = {
        path: path.read_text(encoding="utf-8") for folder in SITE for path in (ROOT / folder).rglob("*.py")
    }
    drivers = {
        str(path.relative_to(ROOT))
        for path, source in code.items()
        if re.search(r"\b(?:from|import) playwright\b", source)
    }
    assert drivers == {"policies/cookie_audit/browser.py", "policies/cookie_audit/visitor.py"}
    import_of_one = re.compile(
        r"^\s*from policies\.cookie_audit(?: import |\.)(?:browser|visitor)\b", re.MULTILINE
    )
    users = {path.stem for path, source in code.items() if import_of_one.search(source)}
    assert users == {"browser", "audit_cookies"}
