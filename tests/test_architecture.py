"""The rules of the layout that a machine can check: who imports whom, where things lie, what must have what.

Each rule is a function that returns what breaks it, and is shown to find a breach before it is trusted.
"""

import ast
import io
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Container, Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from django.utils import translation
from packaging.requirements import Requirement

from tests.project import APPS, ROOT

# What tests are about beside an app.
OTHER_TESTS = {"journeys", "faults"}


# --- Imports go one way ----------------------------------------------------------------------------------
def broken_contracts(root: Path) -> str:
    """Return import-linter's report if a contract of the project's pyproject.toml is broken under `root`."""
    command = "from importlinter.cli import lint_imports_command as run; run()"
    result = subprocess.run(
        [sys.executable, "-c", command, "--no-logo", "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        check=False,
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'site'}"},
    )
    return result.stdout + result.stderr if result.returncode else ""


@pytest.fixture
def small_project(tmp_path: Path) -> Path:
    """Return a folder with the project's apps and nothing in them."""
    for app in (*APPS, "tools"):
        folder = tmp_path / ("site/config" if app == "config" else app)
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "models.py").touch()
    return tmp_path


def test_imports_go_one_way() -> None:
    assert broken_contracts(ROOT) == ""


@pytest.mark.parametrize(
    ("importer", "imported"),
    [("home", "store"), ("store", "forms"), ("policies", "config"), ("store", "tools"), ("tools", "home")],
)
def test_the_contracts_see_an_import_that_goes_up_or_aside(
    small_project: Path, importer: str, imported: str
) -> None:
    assert broken_contracts(small_project) == ""
    (small_project / importer / "models.py").write_text(f"import {imported}.models\n", encoding="utf-8")
    assert f"{importer}.models -> {imported}.models" in broken_contracts(small_project)


def modules_in_cycles(root: Path) -> set[str]:
    """Return the modules that import each other in a circle, or lie between two such circles.

    Imports inside functions and for type checkers count: what one module must know of another, it must know.
    """
    folders = [root / ("site/config" if app == "config" else app) for app in (*APPS, "tools")]
    paths = {path.relative_to(root): path for folder in folders for path in folder.rglob("*.py")}
    names = {
        ".".join(place.with_suffix("").parts).removeprefix("site.").removesuffix(".__init__"): path
        for place, path in paths.items()
    }
    imports = {name: set(imported_modules(path, names)) for name, path in names.items()}
    # What imports no module that is left, or is imported by none, lies in no circle.
    while free := {
        name
        for name, found in imports.items()
        if not found & imports.keys() or name not in set().union(*imports.values())
    }:
        imports = {name: found for name, found in imports.items() if name not in free}
    return set(imports)


def imported_modules(path: Path, known: Container[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        if isinstance(node, ast.ImportFrom):
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in known else str(node.module) for name in names)


def test_no_modules_import_each_other() -> None:
    assert modules_in_cycles(ROOT) == set()


def test_modules_that_import_each_other_are_seen(small_project: Path) -> None:
    assert modules_in_cycles(small_project) == set()
    (small_project / "home/models.py").write_text("def f():\n    from home import views\n", encoding="utf-8")
    (small_project / "home/views.py").write_text("if 0:\n    import home.urls\n", encoding="utf-8")
    (small_project / "home/urls.py").write_text("from home.models import Page\n", encoding="utf-8")
    (small_project / "store/models.py").write_text("import home.models\n", encoding="utf-8")
    assert modules_in_cycles(small_project) == {"home.models", "home.views", "home.urls"}


def importers_of(package: str, root: Path) -> set[str]:
    """Return the files of the site that import a package."""
    folders = (root / "site", *(root / app for app in APPS if app != "config"))
    found = set()
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            if any(name.partition(".")[0] == package for name in names):
                found.add(path.relative_to(root).as_posix())
    return found


def imported_by(folder: Path) -> set[str]:
    """Return the packages that the modules of a folder import."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add("." if node.level else (node.module or "").partition(".")[0])
    return names


def test_the_sandbox_needs_only_the_standard_library_and_the_sdks_types() -> None:
    imported = imported_by(ROOT / "tools") - sys.stdlib_module_names
    assert imported == {"tools", "stripe", "typing_extensions"}


def test_an_import_of_the_sandbox_is_seen(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("import a.b\nfrom c.d import e\nfrom . import f\n", encoding="utf-8")
    assert imported_by(tmp_path) == {"a", "c", "."}


def may_import_stripe(path: str) -> bool:
    """Return whether a file is the one part that knows Stripe."""
    return bool(re.match(r"store/payments(\.py|/)", path))


def test_only_payments_know_stripe() -> None:
    assert [path for path in importers_of("stripe", ROOT) if not may_import_stripe(path)] == []


def test_an_import_of_stripe_elsewhere_is_seen(small_project: Path) -> None:
    (small_project / "store/checkout.py").write_text(
        "def pay():\n    from stripe.error import X\n", encoding="utf-8"
    )
    (small_project / "store/payments.py").write_text("import stripe\n", encoding="utf-8")
    importers = importers_of("stripe", small_project)
    assert importers == {"store/checkout.py", "store/payments.py"}
    assert [path for path in importers if not may_import_stripe(path)] == ["store/checkout.py"]


# --- Where things lie ------------------------------------------------------------------------------------
def test_the_folder_site_is_no_package() -> None:
    """A package of that name would hide the standard library's module, which Python imports at its start."""
    assert not (ROOT / "site/__init__.py").exists()


def strange_test_folders(tests: Path) -> set[str]:
    """Return the folders of tests that are named for nothing in the project."""
    folders = {path.name for path in tests.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    return folders - set(APPS) - OTHER_TESTS


def test_folders_of_tests_are_named_for_apps() -> None:
    assert strange_test_folders(ROOT / "tests") == set()


def test_a_folder_of_tests_with_another_name_is_seen(tmp_path: Path) -> None:
    for name in ("home", "misc"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "test_something.py").touch()
    assert strange_test_folders(tmp_path) == {"misc"}


def imports_of_tests(tests: Path) -> set[str]:
    """Return the files that import from a file of tests: what two of them need is a module of its own."""
    found = set()
    for path in tests.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            )
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{name}" for name in names]
            if any(re.match(r"tests\.(\w+\.)*test_", name) for name in names):
                found.add(path.name)
    return found


def test_no_test_imports_a_test() -> None:
    assert imports_of_tests(ROOT / "tests") == set()


def test_an_import_of_a_test_is_seen(tmp_path: Path) -> None:
    sources = {
        "test_one.py": "from tests.store.test_two import helper",
        "test_two.py": "from tests import test_three",
        "helping.py": "import tests.store.test_two",
        "test_three.py": "from tests.store.paying import pay\nimport tests.factories",
    }
    for name, source in sources.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    assert imports_of_tests(tmp_path) == {"test_one.py", "test_two.py", "helping.py"}


# --- What runs on both databases -------------------------------------------------------------------------
def files_of_one_database(tests: Path) -> set[str]:
    """Return the test files that look below Django's models and yet run on one database only."""
    found = set()
    for path in tests.rglob("test_*.py"):
        source = path.read_text(encoding="utf-8")
        looks_below = re.search(r"^from django\.db import", source, re.MULTILINE)
        if looks_below and not re.search(r"mark\.(both_databases|postgresql)\b", source):
            found.add(path.name)
    return found


def below_the_models_once(tests: Path) -> set[str]:
    """Return the tests of one database only that name errors, transactions or more of Django's layer below the models.

    `connection` alone is no sign: most tests count queries with it, and both databases are asked as many.
    """
    found = set()
    for path in tests.rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [
            node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "django.db"
        ]
        below = {alias.name for node in imports for alias in node.names} - {"connection"}
        of_file = [node for node in tree.body if isinstance(node, ast.Assign) and _is_for_postgresql(node)]
        for test in tree.body:
            if not isinstance(test, ast.FunctionDef) or not test.name.startswith("test_") or of_file:
                continue
            names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
            if names & below and not any(map(_is_for_postgresql, test.decorator_list)):
                found.add(test.name)
    return found


def _is_for_postgresql(mark: ast.AST) -> bool:
    return bool(re.search(r"mark\.(both_databases|postgresql)\b", ast.unparse(mark)))


def test_what_looks_below_the_models_runs_on_both_databases() -> None:
    assert files_of_one_database(ROOT / "tests") == set()
    assert below_the_models_once(ROOT / "tests") == set()


def test_a_test_of_one_database_is_seen(tmp_path: Path) -> None:
    for name, mark in (("test_one.py", "django_db"), ("test_both.py", "both_databases")):
        source = f"from django.db import IntegrityError\npytestmark = pytest.mark.{mark}\n"
        (tmp_path / name).write_text(source, encoding="utf-8")
    assert files_of_one_database(tmp_path) == {"test_one.py"}


def test_a_test_of_one_database_beside_those_of_both_is_seen(tmp_path: Path) -> None:
    mark = "@pytest.mark.both_databases\n"
    tests = {
        "locks": "    with transaction.atomic():\n        pass\n",
        "counts": "    with CaptureQueriesContext(connection):\n        pass\n",
    }
    source = "from django.db import connection, transaction\n"
    source += "".join(f"def test_{name}():\n{body}" for name, body in tests.items())
    source += f"{mark}def test_locks_on_both():\n{tests['locks']}"
    (tmp_path / "test_some.py").write_text(source, encoding="utf-8")
    assert below_the_models_once(tmp_path) == {"test_locks"}
    (tmp_path / "test_some.py").write_text(f"pytestmark = {mark[1:]}{source}", encoding="utf-8")
    assert below_the_models_once(tmp_path) == set()


# --- Pages and their templates ---------------------------------------------------------------------------


# --- Migrations and packages -----------------------------------------------------------------------------
def missing_migrations(state: ProjectState) -> dict[str, object]:
    """Return the changes between the migrations and a state of the models, by app."""
    loader = MigrationLoader(None)
    detector = MigrationAutodetector(loader.project_state(), state)
    with translation.override(None):  # as makemigrations does: locale/en names fields of Wagtail's
        return detector.changes(graph=loader.graph, trim_to_apps=set(APPS))


def test_no_migration_is_missing() -> None:
    assert missing_migrations(ProjectState.from_apps(apps)) == {}


def test_a_missing_migration_is_seen() -> None:
    state = ProjectState.from_apps(apps)
    state.remove_field("home", "user", "email")
    assert "home" in missing_migrations(state)


def pins_out_of_step(wanted: str, pinned: str) -> list[str]:
    """Return the lines of a requirements.in that its compiled file does not satisfy exactly."""
    lines = [line for line in pinned.splitlines() if line and not line.lstrip().startswith("#")]
    pins = {pin.name: pin for pin in map(Requirement, lines)}
    loose = [str(pin) for pin in pins.values() if [spec.operator for spec in pin.specifier] != ["=="]]
    unmet = []
    for line in (line for line in wanted.splitlines() if line and line[0] not in "#-"):
        requirement = Requirement(line)
        pin = pins.get(requirement.name)
        version = next(iter(pin.specifier)).version if pin else ""
        if not pin or not requirement.specifier.contains(version):
            unmet.append(line)
    return loose + unmet


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_compiled_requirements_are_in_step(name: str) -> None:
    wanted, pinned = (ROOT / f"{name}.in", ROOT / f"{name}.txt")
    assert pins_out_of_step(wanted.read_text(encoding="utf-8"), pinned.read_text(encoding="utf-8")) == []


def test_requirements_out_of_step_are_seen() -> None:
    assert pins_out_of_step("# why\nwagtail>=7.4,<7.5\nnh3\n", "wagtail==7.4.4\n    # via\nnh3==0.3\n") == []
    assert pins_out_of_step("wagtail>=8\nnh3\n", "wagtail==7.4.4\n") == ["wagtail>=8", "nh3"]
    assert pins_out_of_step("nh3\n", "nh3>=0.3\n") == ["nh3>=0.3"]


# --- Size ------------------------------------------------------------------------------------------------
# The most lines of code that each app may have. To raise one, write a decision (docs/decisions) that says what was
# removed instead, or why the feature is worth it, and raise it in the same commit; lower it when an app shrank.
BUDGET = {"home": 4200, "policies": 8990, "store": 11700, "forms": 1900, "config": 1885}
LONGEST_FILE = 400  # lines
LONGEST_FUNCTION = 40  # lines of code
NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> set[int]:
    """Return the lines of a module that are code: no blank lines, comments, docstrings or imports."""
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            left_out.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        elif (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node) is not None
        ):
            docstring = node.body[0]
            left_out.update(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {n for t in tokens if t.type not in NO_CODE for n in range(t.start[0], t.end[0] + 1)}
    return lines - left_out


def size_of(app: Path) -> int:
    """Return how many lines of code an app has, its migrations left out."""
    return sum(len(code_lines(path.read_text(encoding="utf-8"))) for path in modules(app))


def modules(app: Path) -> list[Path]:
    return [path for path in app.rglob("*.py") if "migrations" not in path.parts]


def folder_of(app: str) -> Path:
    return ROOT / ("site/config" if app == "config" else app)


@pytest.mark.parametrize("app", BUDGET)
def test_no_app_grows_beyond_its_budget(app: str) -> None:
    assert 0 < size_of(folder_of(app)) <= BUDGET[app]


def long_functions(source: str) -> list[str]:
    """Return the functions of a module that are longer than they may be."""
    lines = code_lines(source)
    functions = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef))
    sizes = {
        node.name: len(lines.intersection(range(node.lineno, (node.end_lineno or 0) + 1)))
        for node in functions
    }
    return [name for name, size in sizes.items() if size > LONGEST_FUNCTION]


@pytest.mark.parametrize("app", BUDGET)
def test_no_file_and_no_function_is_too_long(app: str) -> None:
    sources = {path: path.read_text(encoding="utf-8") for path in modules(folder_of(app))}
    files = [path.name for path, source in sources.items() if source.count("\n") > LONGEST_FILE]
    functions = [name for source in sources.values() for name in long_functions(source)]
    assert (files, functions) == ([], [])


def test_a_long_function_is_found() -> None:
    assert long_functions("def f():\n" + "    x = 1\n" * LONGEST_FUNCTION) == ["f"]


def test_only_code_counts_as_code() -> None:
    source = (
        '"""About."""\n\nimport os\n\n# why\ndef f() -> str:\n    """Return it."""\n    return """a\nb"""\n'
    )
    assert len(code_lines(source)) == 3
