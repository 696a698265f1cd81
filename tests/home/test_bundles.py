"""Bundles: the parts of a page's style sheet and script, put together the same way wherever they are served."""

import re
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from pytest_django import Settings

from home.bundles import BundlesFinder, bundled

STATIC = Path(__file__).resolve().parents[2] / "static"
BUNDLES = sorted((STATIC / "bundles").iterdir())
# Loaded on their own: a service's loader once it is allowed, the check of a version once somebody asks, the admin's.
ALONE = {"admin", "analytics", "policy-proof.js"}


@pytest.fixture
def static(tmp_path: Path, settings: Settings) -> Path:
    """Make a folder of static files, whose names in bundles/ are bundles."""
    files = {
        "bundles/all.css": '/* All. */\n@import "../css/a.css";\n@import "../css/b.css";\n',
        "css/a.css": "/* First. */\n\na {\n  color: red; /* why */\n}\n",
        "css/b.css": '@import "a.css";\nb {\n  content: "1  2";\n}\n',
        "bundles/all.js": 'import "../js/first.js";\nimport "../js/second.js";\n',
        "js/first.js": (
            "/* Is imported\n   from. */\n\n/** Add. */\nexport function add(one) {\n  return one + 1; // why\n}\n"
        ),
        "js/second.js": (
            'import { add } from "./first.js";\n\nconst url = "https://a.example // b";\n// Why.\nadd(url);\n'
        ),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    settings.STATICFILES_DIRS = [tmp_path]
    settings.BUNDLES_ROOT = str(tmp_path / "made")
    return tmp_path


def test_a_bundle_has_its_parts_once_and_in_order(static: Path) -> None:
    assert bundled(static / "bundles/all.css") == 'a {\ncolor: red;\n}\nb {\ncontent: "1  2";\n}\n'


def test_in_a_script_what_a_part_does_not_export_stays_its_own(static: Path) -> None:
    assert bundled(static / "bundles/all.js") == (
        'function add(one) {\nreturn one + 1;\n}\n{\nconst url = "https://a.example // b";\nadd(url);\n}\n'
    )


@pytest.mark.parametrize(
    "line",
    [
        'import { add as plus } from "../js/b.js";',
        'import plus from "../js/b.js";',
        "export default function () {}",
        "export { add };",
        '@import "../css/a.css" print;',
    ],
)
def test_an_import_or_export_in_another_form_is_refused(static: Path, line: str) -> None:
    name = f"bundles/odd{'.css' if line.startswith('@') else '.js'}"
    (static / name).write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(ImproperlyConfigured, match=re.escape(line)):
        bundled(static / name)


def test_the_bytes_of_a_request_are_those_of_collectstatic(
    static: Path, tmp_path_factory: pytest.TempPathFactory, settings: Settings
) -> None:
    collected = tmp_path_factory.mktemp("collected")
    settings.STATIC_ROOT = str(collected)
    finder = BundlesFinder()
    for path, storage in finder.list([]):
        with storage.open(path) as file:
            assert file.read() == Path(finder.find(path)).read_bytes()
    call_command("collectstatic", interactive=False, ignore_patterns=["wagtail*"], stdout=StringIO())
    for name in ("bundles/all.css", "bundles/all.js"):
        assert (collected / name).read_text(encoding="utf-8") == bundled(static / name)
    assert (collected / "css/a.css").read_bytes() == (static / "css/a.css").read_bytes()


def test_a_part_that_was_edited_is_new_at_the_next_request(static: Path) -> None:
    finder = BundlesFinder()
    made = Path(finder.find("bundles/all.css"))
    time = made.stat().st_mtime_ns
    assert Path(finder.find("bundles/all.css", find_all=True)[0]).stat().st_mtime_ns == time
    (static / "css/a.css").write_text("a {\n  color: blue;\n}\n", encoding="utf-8")
    assert "blue" in Path(finder.find("bundles/all.css")).read_text(encoding="utf-8")


def test_a_bundle_that_is_missing_is_not_found_and_a_missing_part_is_an_error(static: Path) -> None:
    finder = BundlesFinder()
    assert not finder.find("bundles/none.css")
    (static / "css/a.css").unlink()
    with pytest.raises(FileNotFoundError, match=r"a\.css"):
        finder.find("bundles/all.css")


# --- The bundles of the site ---------------------------------------------------------------------------------
def sources() -> list[Path]:
    """List the parts."""
    return [
        path
        for folder in ("css", "js")
        for path in (STATIC / folder).rglob("*.*")
        if not ALONE & {*path.parts}
    ]


def test_every_part_is_in_a_bundle() -> None:
    made = {
        suffix: "".join(bundled(path) for path in BUNDLES if path.suffix == suffix)
        for suffix in (".css", ".js")
    }
    assert len(sources()) > 10
    assert [
        path.name for path in sources() if bundled(path).strip("{}\n")[:80] not in made[path.suffix]
    ] == []


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name)
def test_nothing_in_a_bundle_depends_on_where_its_parts_lie(path: Path) -> None:
    """A relative URL would be another one in the bundle."""
    content = Path(str(finders.find(f"bundles/{path.name}"))).read_text(encoding="utf-8")
    assert not re.findall(r"""url\((?!["']?data:)|(?:import|from)\s*\(?["']""", content)


@pytest.mark.parametrize(
    "path", [path for path in sources() if path.suffix == ".js"], ids=lambda path: path.name
)
def test_no_text_of_a_script_goes_on_in_the_next_line(path: Path) -> None:
    """Its spaces would be taken for indentation."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.count("`") % 2] == []


def test_modules_that_export_share_no_names() -> None:
    """In a bundle they stand side by side; all others are in blocks of their own."""
    texts = [path.read_text(encoding="utf-8") for path in sources() if path.suffix == ".js"]
    exporting = [text for text in texts if re.search(r"^export ", text, re.MULTILINE)]
    names = Counter(
        name
        for text in exporting
        for name in re.findall(
            r"^(?:export )?(?:async )?(?:const|let|class|function) (\w+)", text, re.MULTILINE
        )
    )
    assert len(exporting) > 1
    assert [name for name, count in names.items() if count > 1] == []
