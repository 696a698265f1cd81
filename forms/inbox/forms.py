"""The forms on a message's page. The text of each loses the characters that cannot be printed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.permissions import ModelPermissionPolicy

from forms.inbox import threads
from forms.models import SavedReply, Submission
from forms.models.messages import LONGEST_TEXT
from home.characters import UNPRINTABLE
from home.models import User

LARGEST = 2**63 - 1  # of a database's whole numbers


class WordsField(forms.CharField):
    """Several lines of text."""

    def __init__(self, *, rows: int = 6, **options: Any) -> None:
        widget = forms.Textarea(attrs={"rows": rows})
        super().__init__(max_length=LONGEST_TEXT, widget=widget, **options)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return UNPRINTABLE.sub("", text.replace("\r\n", "\n")).strip()


class SeenForm(forms.Form):
    """What every form says of the page that it was on: its token, and the newest entry that its user has seen."""

    token = forms.UUIDField()
    seen = forms.IntegerField(min_value=0, max_value=LARGEST)


class ReplyForm(forms.Form):
    prefix = "reply"
    text = WordsField(label=_("Reply"), rows=8, error_messages={"required": _("Write the reply.")})


class SavedReplyForm(forms.Form):
    prefix = "reply"
    saved = forms.ModelChoiceField(SavedReply.objects.all(), required=False)


class NoteForm(forms.Form):
    prefix = "note"
    text = WordsField(
        label=_("Note"),
        rows=3,
        help_text=_("Only staff read it. It is part of the data of which the customer can ask for a copy."),
        error_messages={"required": _("Write the note.")},
    )


class PasteForm(forms.Form):
    prefix = "paste"
    text = WordsField(
        label=_("Answer that came by e-mail"), error_messages={"required": _("Paste the answer.")}
    )


class StaffChoiceField(forms.ModelChoiceField):
    def label_from_instance(self, user: User) -> str:
        return threads.name_of(user)


class AssignForm(forms.Form):
    prefix = "assign"
    to = StaffChoiceField(
        User.objects.none(), required=False, label=_("Assigned to"), empty_label=_("Nobody")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        staff = ModelPermissionPolicy(Submission).users_with_permission("answer")
        self.fields["to"].queryset = staff.order_by("email")  # type: ignore[attr-defined]  # a ModelChoiceField


class StatusForm(forms.Form):
    prefix = "status"
    to = forms.ChoiceField(choices=Submission.Status.choices)
