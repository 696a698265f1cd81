"""Messages: what a visitor wrote with a form, the thread that follows it, and the files that came with it.

Nothing here changes a status or sends an e-mail: see `forms.inbox`.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from post_office.models import Email
from wagtail.contrib.forms.models import AbstractFormSubmission

from home import placeholders
from home.storage import private_storage
from policies.models.ledger import LedgeredModel, LedgerStatement

LONGEST_TEXT = 5000  # characters
MESSAGES = "messages"  # the folder of their files in the private storage
_SATURDAY = 5
_REFERENCE = 8  # hexadecimal digits


def in_a_year() -> datetime:
    return timezone.now() + timedelta(days=365)


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def open(self) -> "SubmissionQuerySet":
        """Return the messages that wait for an answer."""
        return self.filter(status=Submission.Status.NEW)

    def with_reference(self, reference: str) -> "SubmissionQuerySet":
        """Return those with this reference, as people type it: `3f9a 12bc`, too. Seldom more than one."""
        digits = "".join(filter(str.isalnum, reference)).lower()
        try:
            first = uuid.UUID(digits.ljust(32, "0")) if len(digits) == _REFERENCE else None
        except ValueError:
            first = None
        if first is None:
            return self.none()
        return self.filter(token__gte=first, token__lte=uuid.UUID(digits.ljust(32, "f")))


class Submission(AbstractFormSubmission, LedgeredModel):
    """What one visitor wrote."""

    class Status(models.TextChoices):
        NEW = "new", _("To answer")
        ANSWERED = "answered", _("Answered")
        DONE = "done", _("Done")
        SPAM = "spam", _("Spam")

    policy_version = models.ForeignKey(
        "policies.PolicyVersion",
        verbose_name=_("privacy policy shown"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.NEW)
    # Lower case, of the first e-mail field, or empty: by it the other messages and orders of a person are found.
    email = models.EmailField(_("e-mail address"), blank=True, default="", db_index=True)
    name = models.CharField(_("name"), max_length=255, blank=True, default="")  # of the first field for one
    # Of the first rating field: 1 to 5 stars.
    rating = models.PositiveSmallIntegerField(_("rating"), null=True, blank=True)
    # What it is about, as another app says (`forms.subjects`): the kind, its key there, and its name at that time.
    subject_kind = models.CharField(max_length=20, blank=True, default="")
    subject_key = models.CharField(max_length=64, blank=True, default="")
    subject_name = models.CharField(_("about"), max_length=255, blank=True, default="")
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("assigned to"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    # All that were sent about it. They hold its words, so they go with it.
    emails = models.ManyToManyField(Email, related_name="+")
    # With it go thread, files and e-mails. The page's days at that time: a longer period later is not for this message.
    expires_at = models.DateTimeField(_("kept until"), db_index=True, default=in_a_year)
    heard_at = models.DateTimeField(null=True, blank=True)  # when its writer last answered a reply
    # The form's stamp: the same form sent twice is stored once.
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    objects = SubmissionQuerySet.as_manager()

    ledger_kind = "message"
    ledger_time = "submit_time"
    ledger_departures = frozenset({LedgerStatement.Type.CUT_OFF, LedgerStatement.Type.REMOVED})

    class Meta(AbstractFormSubmission.Meta):
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        permissions = (("answer_submission", _("Can answer messages, assign them and change their status")),)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["page", "-submit_time"], name="submission_newest"),
            models.Index(fields=["status", "-submit_time"], name="submission_by_status"),
            # All that the reports of `forms.inbox` count.
            models.Index(
                fields=["subject_kind", "subject_key", "submit_time", "status"], name="submission_about"
            ),
            models.Index(
                fields=["page", "submit_time", "rating", "status"],
                condition=models.Q(rating__isnull=False),
                name="submission_ratings",
            ),
        ]

    @property
    def is_late(self) -> bool:
        """Whether it waits for longer than its form promises, in days from Monday to Friday."""
        promised = self.page.formpage.answer_days  # type: ignore[attr-defined]  # each has one
        if not promised or self.status != self.Status.NEW:
            return False
        since = timezone.localdate(self.heard_at or self.submit_time)
        passed = (timezone.localdate() - since).days
        days = (since + timedelta(days=number) for number in range(1, passed + 1))
        return sum(day.weekday() < _SATURDAY for day in days) > promised

    @property
    def reference(self) -> str:
        """What people call it by: `3F9A-12BC`. It opens nothing."""
        digits = self.token.hex[:_REFERENCE].upper()
        return f"{digits[:4]}-{digits[4:]}"

    @property
    def ledger_content(self) -> dict[str, Any]:
        """The policy that was shown; of the message, only that it came."""
        return {"message": str(self.token), "shown": self.policy_version and self.policy_version.sha256}

    @property
    def ledger_name(self) -> str:
        return str(self.token)

    @classmethod
    def ledger_records(cls) -> models.QuerySet["Submission"]:
        return cls.objects.select_related("policy_version").defer("policy_version__record", "form_data")


class ThreadEntry(models.Model):
    """What follows a message: replies, the customer's answers, notes of staff, and what staff did with it."""

    class Kind(models.TextChoices):
        REPLY = "reply", _("Reply")
        ANSWER = "answer", _("Answer by the link")
        PASTED = "pasted", _("Answer by e-mail")
        NOTE = "note", _("Note")
        EVENT = "event", _("Event")

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="thread")
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.TextField(_("text"), max_length=LONGEST_TEXT)
    at = models.DateTimeField(_("time"), default=timezone.now)
    by = models.CharField(
        _("by"), max_length=80, blank=True, default=""
    )  # as it was then; empty: the customer
    # The stamp of the form: what is sent twice is stored once.
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # A reply's link takes one answer.
    answers = models.OneToOneField("self", null=True, on_delete=models.SET_NULL, related_name="answer")
    email = models.ForeignKey(Email, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        verbose_name = _("entry of a thread")
        verbose_name_plural = _("entries of threads")
        ordering: ClassVar[list[str]] = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


def private_name(_attachment: "Attachment", _name: str) -> str:
    """Return where a file is stored: under a name that says nothing, without an extension."""
    return f"{MESSAGES}/{timezone.now():%Y-%m}/{uuid.uuid4().hex}"


class Attachment(models.Model):
    """A file that came with a message, its content checked (`forms.uploads`). Staff get it as a download only."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="attachments")
    field = models.CharField(max_length=255)  # the form field's clean_name
    name = models.CharField(_("file name"), max_length=120)  # as the visitor called it, cleaned
    content_type = models.CharField(max_length=100)  # as its content says
    size = models.PositiveIntegerField(_("size"))  # bytes
    file = models.FileField(upload_to=private_name, storage=private_storage, max_length=200)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return self.name


def validate_reply(text: str) -> None:
    """Refuse places in a saved reply that cannot be filled in."""
    placeholders.validate_places(text, "name")


class SavedReply(models.Model):
    """Words that staff insert into a reply, instead of writing them again. `{name}` is the customer's name."""

    title = models.CharField(_("title"), max_length=80, unique=True)
    text = models.TextField(
        _("text"),
        max_length=LONGEST_TEXT,
        validators=[validate_reply],
        help_text=_(
            "For example: Hello {name}, thank you for asking. {name} becomes the name of whoever wrote."
        ),
    )

    class Meta:
        verbose_name = _("saved reply")
        verbose_name_plural = _("saved replies")
        ordering: ClassVar[list[str]] = ["title"]

    def __str__(self) -> str:
        return self.title
