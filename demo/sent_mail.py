"""The e-mails that were sent, as development keeps them: the files of `home.mail_files`."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings

MOST = 200  # the newest


@dataclass(frozen=True)
class Mail:
    """One e-mail, with the number that is the name of its file."""

    number: int
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def to(self) -> str:
        return str(self.message["To"] or "")

    @property
    def sent_at(self) -> datetime | None:
        """Return when it was sent, if it says so."""
        date = self.message["Date"]
        return parsedate_to_datetime(str(date)) if date else None

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def attachments(self) -> list[str]:
        """Return the names of its attachments."""
        return [part.get_filename() or "" for part in self.message.iter_attachments()]

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return str(part.get_content()) if part else ""


def newest() -> list[Mail]:
    """Return the e-mails that were sent last, the newest first."""
    files = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.eml"), reverse=True)[:MOST]
    return [_read(file) for file in files]


def find(number: int) -> Mail | None:
    """Return one of them."""
    return next((mail for mail in newest() if mail.number == number), None)


def _read(file: Path) -> Mail:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)  # as this policy makes them
    return Mail(int(file.stem), message)
