"""What the documents say about commands and settings is true, and nothing that exists is left unsaid."""

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.utils.text import slugify
from wagtail import admin as wagtail_admin

from home.models import User
from store.payments.events import HANDLERS
from tests.factories import policy_page
from tests.menus import menu_entries

ROOT = Path(__file__).resolve().parent.parent
APPS = {"demo", "config", "home", "policies", "forms", "store"}
VARIABLE = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*"
DOCUMENTS = ("README.md", "SECURITY.md", "CHANGELOG.md", "docs/**/*.md")
# Read by make, Python or Django themselves.
OTHER_VARIABLES = {"MALLOC_ARENA_MAX", "PYTHON", "PYTHONOPTIMIZE", "PYTHONPATH", "UPGRADE"}


# --- Reading ---------------------------------------------------------------------------------------------
def functions_in(source: str) -> set[str]:
    """Return the functions that a module defines."""
    return {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}


def variables_in_python(source: str, readers: set[str]) -> set[str]:
    """Return the environment variables that a module reads: by `env.…("NAME")` or a function of `readers`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]):
                if ast.unparse(func).split(".")[0] in {"env", *readers} and re.fullmatch(VARIABLE, name):
                    found.add(name)
            case ast.Assign(targets=[ast.Name(id="REQUIRED")], value=ast.Tuple(elts=names)):
                found |= {ast.literal_eval(name) for name in names}
    return found


def variables_in_shell(source: str) -> set[str]:
    """Return the variables that a Procfile, compose.yaml or the like takes from the environment."""
    return set(re.findall(rf"\$\{{?({VARIABLE})\b", source))


def variables_in_example(source: str) -> set[str]:
    """Return the variables of an .env.example; each stands under a comment of its own."""
    names = set()
    previous = ""
    for line in source.splitlines():
        if match := re.match(rf"#?({VARIABLE})=", line):
            assert previous.startswith("# "), f"{match[1]} has no line that explains it"
            names.add(match[1])
        previous = line
    return names


def make_targets(source: str) -> set[str]:
    """Return the targets that `make help` shows."""
    return set(re.findall(r"^([a-z-]+):.*## ", source, re.MULTILINE))


def commands_named(text: str, program: str) -> set[str]:
    """Return the words that follow a program's name in the code parts of a document."""
    code = re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
    return {word for part in code for word in re.findall(rf"\b{program} ([a-z][a-z_-]*)", part)}


def variables_named(text: str) -> set[str]:
    """Return what a document sets or names as a variable: `PORT=8123`, `DATABASE_URL`."""
    code = re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
    assigned = {name for part in code for name in re.findall(rf"(?:^|[\s`])({VARIABLE})=", part)}
    return assigned | set(re.findall(r"`([A-Z]+(?:_[A-Z0-9]+)+)`", text))


def menu_entries_named(text: str) -> set[str]:
    """Return the entries of the admin's menu that a document names: **Messages → E-mails sent**."""
    return set(re.findall(r"\*\*([^*\n]+ → [^*\n]+)\*\*", text))


def labels_named(text: str) -> set[str]:
    """Return the words of screens that a document names, *like this*; the parts of a path are one each."""
    found = re.findall(r"(?<![*\w])\*([A-Z][^*\n]+?)\*(?!\*)", re.sub(r"\*\*[^*]+\*\*", "", text))
    return {part.strip() for words in found for part in words.split(" → ")}


def links_in(text: str) -> list[str]:
    """Return the links of a document that stay within the project."""
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if ":" not in link]


def headings_in(text: str) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    return {slugify(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def read(*patterns: str) -> str:
    """Return the text of all files that the patterns name, one after the other."""
    return "\n".join(
        path.read_text(encoding="utf-8") for pattern in patterns for path in sorted(ROOT.glob(pattern))
    )


def folders() -> set[str]:
    """Return the folders of the project, its packages and those of the documents, without what Django dictates."""
    packages = {
        path.parent
        for app in (*APPS - {"config"}, "site", "tools")
        for path in (ROOT / app).rglob("__init__.py")
    }
    found = {path for path in packages if not {"management", "migrations", "templatetags"} & {*path.parts}}
    found |= {path for path in (ROOT / "docs").iterdir() if path.is_dir()}
    return {path.name for path in found}


def settings_read() -> set[str]:
    """Return every variable that the site, its containers or `make` take from the environment."""
    found = {"PORT", "DJANGO_SETTINGS_MODULE"}
    readers = functions_in(read("site/config/env.py"))
    for path in (ROOT / "site/config").rglob("*.py"):
        found |= variables_in_python(path.read_text(encoding="utf-8"), readers)
    return found | variables_in_shell(read("Procfile", "Procfile.dev", "compose.yaml", "Dockerfile"))


# --- What must hold --------------------------------------------------------------------------------------
def test_the_example_names_every_setting_and_no_other() -> None:
    assert variables_in_example(read(".env.example")) == settings_read()


def test_the_readme_can_be_read_in_two_minutes() -> None:
    assert len(read("README.md").split()) <= 600


def test_the_layout_names_every_package_and_every_folder_of_the_documents() -> None:
    assert "decisions" in folders()
    assert "page_cache" in folders()
    assert folders() - set(re.findall(r"(\w+)/", read("docs/layout.md"))) == set()


def test_the_documents_name_only_settings_that_exist() -> None:
    assert variables_named(read(*DOCUMENTS)) <= settings_read() | OTHER_VARIABLES | set(dir(settings))


def test_the_documents_name_every_target_of_make_and_no_other() -> None:
    assert commands_named(read(*DOCUMENTS), "make") == make_targets(read("Makefile")) - {"help"}


def test_the_documents_name_every_command_and_no_other() -> None:
    named = commands_named(read(*DOCUMENTS), r"manage\.py")
    assert {name for name, app in get_commands().items() if app in APPS} <= named
    assert named <= set(get_commands())


def test_the_links_of_the_documents_lead_to_files_and_headings_that_exist() -> None:
    for path in (path for pattern in DOCUMENTS for path in ROOT.glob(pattern)):
        for link in links_in(path.read_text(encoding="utf-8")):
            name, _mark, heading = link.partition("#")
            target = path.parent / name if name else path
            assert target.exists(), f"{path.name}: {link}"
            assert not heading or heading in headings_in(target.read_text(encoding="utf-8")), link


@pytest.mark.django_db
def test_the_documents_name_entries_of_the_menu_as_the_admin_does() -> None:
    named = menu_entries_named(read(*DOCUMENTS))
    assert named, "no entry was looked at"
    owner = User.objects.create_superuser("owner@example.com", "a-long-password")
    policy_page()  # there is a text to import
    assert named - {path for path, _url in menu_entries(owner)} == set()


# Examples with a number or a name in them.
EXAMPLES = re.compile(r"\d|\bN\b|: |^A5|Legal review")
# What Django makes itself, and what stands otherwise in the code.
OTHER_LABELS = {"Can change stock", "Can view access to personal data", "Command line", "Totals of …"}


def test_the_guide_calls_what_is_on_the_screens_as_they_do() -> None:
    def plain(text: str) -> str:
        return re.sub(r"\s+", " ", text).replace("’", "'").casefold()

    apps = [f"{app}/**/*.py" for app in ("home", "policies", "store", "forms", "site", "demo")]
    ours = read(*apps, "templates/**/*.html", "static/js/**/*.js", "demo/texts/*")
    wagtail = Path(wagtail_admin.__file__).parent / "locale/en/LC_MESSAGES/django.po"
    words = plain(ours + wagtail.read_text(encoding="utf-8"))
    named = {label for label in labels_named(read("docs/editor-guide.md")) if not EXAMPLES.search(label)}
    assert len(named) > 100
    assert {label for label in named - OTHER_LABELS if plain(label) not in words} == set()


# --- The readers see what they should --------------------------------------------------------------------
def test_the_documents_name_every_event_that_the_webhook_needs() -> None:
    event = re.compile(r"`((?:charge|checkout|refund)\.[a-z_.]+)`")
    guide = (ROOT / "docs" / "running-in-production.md").read_text(encoding="utf-8")
    assert set(event.findall(guide)) == set(HANDLERS)
    upgrading = (ROOT / "docs" / "upgrading.md").read_text(encoding="utf-8")
    assert set(event.findall(upgrading)) == {kind for kind in HANDLERS if not kind.startswith("checkout.")}


def test_settings_are_seen_in_python() -> None:
    source = (
        'A = env.str("ONE_URL")\nB = missing(["x"])\nREQUIRED = ("TWO",)\nC = folder("THREE", p)\nf("NO")'
    )
    assert functions_in("def folder(name: str) -> str: ...") == {"folder"}
    assert variables_in_python(source, {"folder"}) == {"ONE_URL", "TWO", "THREE"}


def test_settings_are_seen_in_a_procfile() -> None:
    assert variables_in_shell('web: x --port "${PORT:-8000}" $WEB_WORKERS') == {"PORT", "WEB_WORKERS"}


def test_settings_are_seen_in_an_example() -> None:
    assert variables_in_example("# Why.\n#ONE=1\n# Why.\nTWO=\n") == {"ONE", "TWO"}


def test_targets_and_commands_are_seen() -> None:
    assert make_targets("run: x ## Start\nhidden:\n") == {"run"}
    assert commands_named("Type `PORT=1 make run`:\n```\nmake test\n```\nwe make do", "make") == {
        "run",
        "test",
    }
    assert commands_named("`manage.py seed_demo --if-empty`", r"manage\.py") == {"seed_demo"}
    assert menu_entries_named("Open **Settings → Brand**, not *Promote → Menus* or **bold**.") == {
        "Settings → Brand"
    }
    assert links_in("[a](b.md#c-d), [e](https://example.com/)") == ["b.md#c-d"]
    assert headings_in("# A tour\n\n## If it fails: `x`\n") == {"a-tour", "if-it-fails-x"}
    assert variables_named("Set `DATABASE_URL` or type `PORT=8123 make run`; `GET` is no variable.") == {
        "DATABASE_URL",
        "PORT",
    }
