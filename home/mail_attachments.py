"""Files that are attached to a mail when it is sent: made anew from records that never change, and stored nowhere.

The mail names them in a header, as `kind:name`, which is not sent. Each kind is made by the app that owns it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter

from post_office.models import Email

from home.hooks import collect

HEADER = "X-Shop-Attachments"


@dataclass(frozen=True)
class File:
    """A file to attach."""

    name: str
    content: str | bytes
    mimetype: str


@dataclass(frozen=True)
class Kind:
    """A kind of attachment, and the function that makes one by its name; None where it cannot be made any more."""

    key: str
    make: Callable[[str], File | None]


def kinds() -> list[Kind]:
    """Return what apps contribute (`register_mail_attachments`)."""
    return collect("register_mail_attachments", key=attrgetter("key"))


def attach_to(email: Email) -> None:
    """Attach the files that a mail names, and take the names out of what is sent."""
    message = email.email_message()  # which the mail keeps
    message.extra_headers.pop(HEADER, None)
    for file in files(names_in(email)):
        message.attach(file.name, file.content, file.mimetype)


def names_in(email: Email) -> list[str]:
    """Return the names of the files that a mail wants."""
    return (email.headers or {}).get(HEADER, "").split()


def files(names: Sequence[str]) -> Iterator[File]:
    """Make files by their names. What nobody makes any more is left out: the mail matters more."""
    makers = {kind.key: kind.make for kind in kinds()} if names else {}
    for kind, _colon, name in (one.partition(":") for one in names):
        if kind in makers and (file := makers[kind](name)):
            yield file
