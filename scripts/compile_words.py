"""Compile the words of locale/en, which gettext reads: `python scripts/compile_words.py`."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

PO = Path(__file__).resolve().parent.parent / "locale/en/LC_MESSAGES/django.po"


def main() -> None:
    with PO.open("rb") as source, PO.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, read_po(source))


if __name__ == "__main__":
    main()
