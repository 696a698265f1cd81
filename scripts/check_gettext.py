"""Find fixed texts that are not translated with gettext: in templates, Python modules and JavaScript.

`make lint` runs it. It reads files and prints what it finds; it renders and changes nothing. It does not check texts
that editors write (they are in the database) or texts for developers (management commands, logs, tests: English).
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from django.template.base import Lexer, Token, TokenType

ROOT = Path(__file__).resolve().parent.parent
APPS = ("home", "policies", "forms", "store", "site")
# Names of formats and other terms that are the same in every language.
NOT_WORDS = re.compile(r"\b(?:CSV|HTML|JSON|PDF|SHA-256|URL|UTC|UTF-8|ISO)\b|&\w+;|&#\w+;")
LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Complaint:
    path: Path
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: not through gettext: {' '.join(self.words.split())!r}"


def has_words(text: str) -> bool:
    """Return whether a text contains something to translate."""
    return bool(LETTER.search(NOT_WORDS.sub("", text)))


# --- Templates -------------------------------------------------------------------------------------------
SPOKEN_ATTRIBUTES = {"alt", "title", "placeholder", "label", "summary", "aria-label", "aria-description"}
SPOKEN_ATTRIBUTES |= {"aria-placeholder", "aria-roledescription", "aria-valuetext"}
SPOKEN_METAS = {"description", "og:title", "og:description", "og:image:alt", "twitter:title"}
BUTTONS = {"submit", "button", "reset"}
SILENT_ELEMENTS = {"script", "style"}
# Variables passed to another template that, by their names, are shown to visitors.
SPOKEN_VARIABLE = re.compile(
    r"\b(?:\w*_)?(?:alt|heading|hint|label|message|placeholder|summary|text|title)=\"([^\"]*)\""
)
PRINTED_LITERAL = re.compile(r"\|(?:default|default_if_none|yesno):\"([^\"]*)\"|^\"([^\"]*)\"")
UNTRANSLATED_PLURAL = re.compile(r"\|pluralize\b")


@dataclass
class _Words(HTMLParser):
    """Collects what a visitor would read or hear in some HTML."""

    found: list[tuple[int, str]] = field(default_factory=list)
    silent: int = 0

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=False)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in SILENT_ELEMENTS
        values = {name: value or "" for name, value in attrs}
        spoken = {name for name in values if name in SPOKEN_ATTRIBUTES}
        if tag == "meta" and (values.get("name") in SPOKEN_METAS or values.get("property") in SPOKEN_METAS):
            spoken.add("content")
        if tag == "input" and values.get("type") in BUTTONS:
            spoken.add("value")
        self.found += [(self.getpos()[0], values[name]) for name in sorted(spoken & values.keys())]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in SILENT_ELEMENTS

    def handle_data(self, data: str) -> None:
        if not self.silent:
            leading = len(data) - len(data.lstrip())
            self.found.append((self.getpos()[0] + data[:leading].count("\n"), data))


def _printed(token: Token) -> Iterator[str]:
    """Yield the literals that a `{{ … }}` would print."""
    if UNTRANSLATED_PLURAL.search(token.contents):
        yield "pluralize"
    for literals in PRINTED_LITERAL.findall(token.contents):
        yield from (literal for literal in literals if literal)


TRANSLATING_BLOCKS = {"blocktranslate", "blocktrans", "comment"}


def _visible_html(source: str) -> tuple[str, list[tuple[int, str]]]:
    """Return a template without tags and translated parts (lines are kept), and the words found inside tags."""
    parts: list[str] = []
    found: list[tuple[int, str]] = []
    skip_until = ""
    for token in Lexer(source).tokenize():
        if skip_until:
            parts.append("\n" * token.contents.count("\n"))
            skip_until = "" if token.contents == skip_until else skip_until
        elif token.token_type is TokenType.TEXT:
            parts.append(token.contents)
        elif token.token_type is TokenType.VAR:
            parts.append(" ".join(_printed(token)))
        elif token.token_type is TokenType.BLOCK:
            found += [(token.lineno, words) for words in SPOKEN_VARIABLE.findall(token.contents)]
            name = token.split_contents()[0]
            skip_until = f"end{name}" if name in TRANSLATING_BLOCKS else ""
    return "".join(parts), found


def check_template(path: Path, source: str) -> list[Complaint]:
    """Return the words of a template that are not translated."""
    html, found = _visible_html(source)
    words = _Words()
    words.feed(html)
    words.close()
    return [Complaint(path, line, text) for line, text in sorted(found + words.found) if has_words(text)]


# --- JavaScript: its texts come from data- attributes in the templates ---------------------------------------
SPOKEN_IN_SCRIPT = re.compile(
    r"""(?:\.(?:textContent|innerText|innerHTML|title|alt|placeholder|ariaLabel)\s*\+?=\s*
    |\b(?:alert|confirm|prompt|setCustomValidity)\(\s*
    |setAttribute\(\s*["'](?:aria-label|title|alt|placeholder)["']\s*,\s*
    )(["'`])(?P<words>.*?)\1""",
    re.VERBOSE,
)


def check_script(path: Path, source: str) -> list[Complaint]:
    """Return the words that a script writes into a page itself."""
    return [
        Complaint(path, source.count("\n", 0, match.start()) + 1, match["words"])
        for match in SPOKEN_IN_SCRIPT.finditer(source)
        if has_words(match["words"])
    ]


# --- Python ----------------------------------------------------------------------------------------------
SPOKEN_KEYWORDS = {
    "empty_label",
    "error_message",
    "heading",
    "help_text",
    "label",
    "menu_label",
    "verbose_name",
}
SPOKEN_KEYWORDS |= {"verbose_name_plural"}
SPOKEN_CLASS_VALUES = SPOKEN_KEYWORDS | {"list_title", "page_title"}
# Function: the positional arguments that are shown to people.
SPOKEN_ARGUMENTS = {
    "ValidationError": (0,),
    "PermissionDenied": (0,),
    "add_error": (1,),
    "MenuItem": (0,),
    "MultiFieldPanel": (1,),
    "FieldRowPanel": (1,),
    "ObjectList": (1,),
    "HelpPanel": (0,),
    "HttpResponseBadRequest": (0,),
    "HttpResponseForbidden": (0,),
    "HttpResponseNotFound": (0,),
    **dict.fromkeys(("messages.success", "messages.info", "messages.warning", "messages.error"), (1,)),
    **dict.fromkeys(("messages.debug", "messages.add_message"), (2,)),
}
RELATIONS = {"ForeignKey", "OneToOneField", "ManyToManyField", "ParentalKey", "ParentalManyToManyField"}
PLACEHOLDERS = re.compile(r"%(?:\(\w+\))?[a-z]|\{[^{}]*\}")
CHOICES = {"TextChoices", "IntegerChoices", "Choices"}


def _literal(node: ast.expr | None) -> str:
    """Return the fixed words of an expression; what a function (such as gettext) returns is not fixed."""
    parts: list[ast.expr] = []
    match node:
        case ast.Constant(value=str(text)):
            return PLACEHOLDERS.sub("", text)
        case (
            ast.JoinedStr(values=values)
            | ast.List(elts=values)
            | ast.Set(elts=values)
            | ast.Dict(values=values)
        ):
            parts = values
        case ast.BinOp(left=left, right=right) | ast.IfExp(body=left, orelse=right):
            parts = [left, right]
        case ast.Call(func=ast.Attribute(value=value, attr="format" | "join")):
            parts = [value]
    return " ".join(map(_literal, parts)).strip()


def _name(node: ast.expr) -> str:
    """Return the last two parts of a dotted name: `messages.error`, `models.CharField`."""
    return ".".join(ast.unparse(node).split(".")[-2:])


def _spoken_in_call(call: ast.Call) -> Iterator[ast.expr]:
    name = _name(call.func)
    owner, _, last = name.rpartition(".")
    yield from (keyword.value for keyword in call.keywords if keyword.arg in SPOKEN_KEYWORDS)
    for position in SPOKEN_ARGUMENTS.get(name, SPOKEN_ARGUMENTS.get(last, ())):
        yield from call.args[position : position + 1]
    if owner == "models" and last.endswith("Field") and last not in RELATIONS:
        yield from call.args[:1]


def _spoken_in_class(definition: ast.ClassDef) -> Iterator[ast.expr]:
    of_choices = any(_name(base).rpartition(".")[2] in CHOICES for base in definition.bases)
    for statement in definition.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if name in SPOKEN_CLASS_VALUES:
                    yield value
                elif of_choices:  # without a label, Django makes an English one from the name
                    yield value.elts[-1] if isinstance(value, ast.Tuple) else value


def check_python(path: Path, source: str) -> list[Complaint]:
    """Return the words for people in a module that are not translated."""
    spoken: list[ast.expr] = []
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            spoken += _spoken_in_call(node)
        elif isinstance(node, ast.ClassDef):
            spoken += _spoken_in_class(node)
    return [Complaint(path, node.lineno, _literal(node)) for node in spoken if has_words(_literal(node))]


# --- The project -----------------------------------------------------------------------------------------
CHECKS = {".html": check_template, ".txt": check_template, ".py": check_python, ".js": check_script}
# For developers or generated.
NOT_FOR_PEOPLE = {"migrations", "management", "settings"}


def project_files(root: Path) -> Iterator[Path]:
    """Yield every file that contains texts for people."""
    yield from (root / "static" / "js").rglob("*.js")
    for folder in ("templates", *(f"{app}/templates" for app in APPS)):
        yield from (path for path in (root / folder).rglob("*") if path.suffix in {".html", ".txt"})
    for app in APPS:
        for path in (root / app).rglob("*.py"):
            if not NOT_FOR_PEOPLE & set(path.relative_to(root).parts):
                yield path


def check_project(root: Path = ROOT) -> list[Complaint]:
    """Return all complaints, sorted by file and line."""
    complaints: list[Complaint] = []
    for path in sorted(project_files(root)):
        complaints += CHECKS[path.suffix](path.relative_to(root), path.read_text(encoding="utf-8"))
    return complaints


if __name__ == "__main__":
    complaints = check_project()
    print(*complaints, sep="\n", end="\n" if complaints else "")
    sys.exit(1 if complaints else 0)
