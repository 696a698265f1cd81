"""How large a text may be that somebody brings along: the limits that all ways of importing share.

What is larger is refused by name, before anything is tried with it. Real policies are far below each of them. What
only one format knows (entries of an archive, marks of Markdown) is bounded where that format is read.
"""

from django.utils.translation import gettext as _

FILE_BYTES = 5 * 1024 * 1024
# What a small file may become: a reference, a note or an address can be written once and stand a thousand times.
CHARACTERS = 10_000_000
NESTING = 100  # parsers drop what is nested some 250 deep


class RefusedError(Exception):
    """A text cannot be taken whole. The message says why, to follow “file: ”."""


def refuse_file(size: int) -> None:
    """Refuse a file of more bytes than any policy has."""
    if size > FILE_BYTES:
        raise RefusedError(_("it is larger than 5 MB"))


def refuse_length(characters: int) -> None:
    """Refuse what would become far longer than it is written."""
    if characters > CHARACTERS:
        raise RefusedError(
            _("what it refers to again and again would make it longer than 10 million characters")
        )


def refuse_nesting(depth: int) -> None:
    """Refuse what parsers would not read to its end."""
    if depth > NESTING:
        raise RefusedError(_("it is nested too deeply"))
