"""The models of forms: what editors build, and what is written with it."""

from forms.models.digests import SpamDigest
from forms.models.form_pages import LIMIT, READ_MESSAGES, FormField, FormPage
from forms.models.messages import Attachment, SavedReply, Submission, ThreadEntry

__all__ = [
    "LIMIT",
    "READ_MESSAGES",
    "Attachment",
    "FormField",
    "FormPage",
    "SavedReply",
    "SpamDigest",
    "Submission",
    "ThreadEntry",
]
