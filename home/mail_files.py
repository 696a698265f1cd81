"""E-mails as files, where none is to leave the machine: one file for each, as mail programs open it."""

from collections.abc import Sequence
from pathlib import Path
from time import time_ns

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """Django's own writes several into one file, with a line between them that anybody can write."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write each into `EMAIL_FILE_PATH`, named for the moment."""
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            with (folder / f"{time_ns()}.eml").open("xb") as file:
                file.write(message.message().as_bytes())
        return len(email_messages)
