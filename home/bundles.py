"""The style sheets and scripts in static/bundles/: a page loads one of each.

A bundle lists its parts as browsers do, with `@import` and `import`. This finder puts them together: collectstatic,
development and the tests get the same bytes. It leaves out comments and indentation; nothing is translated.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage, Storage

FOLDER = "bundles/"
_NAMES = r"\{\s*[\w$]+(?:,\s*[\w$]+)*,?\s*\}"
_IMPORT = re.compile(rf'^(?:@import|import(?: {_NAMES} from)?) "([^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)
# Other ways to write them (another name, a default, a list) would be lost without a word.
_NOT_UNDERSTOOD = re.compile(r"^(?:@import|import(?!\()|export)\b.*", re.MULTILINE)
# In a script, only what cannot be part of a string: whole lines, and the rest of a line that has no quotes.
_COMMENTS = {
    ".css": re.compile(r"/\*.*?\*/", re.DOTALL),
    ".js": re.compile(r"^\s*/\*(?:(?!\*/).)*\*/$|(?:^|(?<=\s))// [^\"'`\n]*$", re.DOTALL | re.MULTILINE),
}
_SPACE = re.compile(r"\s*\n\s*")


def bundled(path: Path) -> str:
    """Return a bundle with its parts in the order in which they are imported, each once."""
    return "".join(_parts(path, seen=set()))


def _parts(path: Path, seen: set[Path]) -> Iterator[str]:
    seen.add(path)
    source = path.read_text(encoding="utf-8")
    if found := _NOT_UNDERSTOOD.search(_EXPORT.sub("", _IMPORT.sub("", source))):
        raise ImproperlyConfigured(f"{path.name}: a bundle cannot hold “{found[0]}”.")
    for name in _IMPORT.findall(source):
        part = (path.parent / name).resolve()
        if part not in seen:
            yield from _parts(part, seen)
    source = _COMMENTS[path.suffix].sub("", _IMPORT.sub("", source))
    source = _SPACE.sub("\n", source).strip()
    if source:
        yield _scoped(source) if path.suffix == ".js" else f"{source}\n"


def _scoped(source: str) -> str:
    # A module's names are its own. In one file, a block does that, but for modules that others import from.
    exposed = _EXPORT.sub("", source)
    return f"{exposed}\n" if exposed != source else f"{{\n{source}\n}}\n"


class BundlesFinder(FileSystemFinder):
    """Django's finder for STATICFILES_DIRS, with the files of the folder `bundles` put together."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._made = FileSystemStorage(location=settings.BUNDLES_ROOT)
        self._lock = Lock()

    def find_location(self, root: str, path: str, prefix: str | None = None) -> str | None:
        found = super().find_location(root, path, prefix)
        return self._make(path, Path(found)) if found and path.startswith(FOLDER) else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Storage]]:
        for path, storage in super().list(ignore_patterns):
            if path.startswith(FOLDER):
                self._make(path, Path(storage.path(path)))
                yield path, self._made
            else:
                yield path, storage

    def _make(self, path: str, source: Path) -> str:
        made = Path(self._made.path(path))
        content = bundled(source)
        with self._lock:  # unchanged files keep their time, by which browsers know them
            if not made.exists() or made.read_text(encoding="utf-8") != content:
                made.parent.mkdir(parents=True, exist_ok=True)
                made.write_text(content, encoding="utf-8")
        return str(made)
