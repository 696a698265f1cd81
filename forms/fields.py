"""The form that visitors fill in, made from an editor's fields; and the check of what the editor builds.

Every field has a limit, so that no input is longer than what is stored and mailed. It stores nothing.
"""

import json
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import EmailValidator, RegexValidator
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.forms.forms import BaseForm, FormBuilder, WagtailAdminFormPageForm

from forms.subjects import Subject
from forms.uploads import MOST_MEGABYTES, MessageFileField, as_stored
from home import mail_queue, spam
from home.characters import MANY_LINES, ONE_LINE
from policies.models import PolicyVersion

SHORT_TEXT = 255  # characters
LONG_TEXT = 5000
E_MAIL = 254  # the longest address that SMTP can carry (RFC 5321)
URL = 2000
MOST_LINKS = 3  # in all answers together; people seldom send more, and machines send little else
_LINK = re.compile(r"(?:https?://|www\.)\S", re.IGNORECASE)
DIGITS = 20
PHONE = 40
STARS = range(1, 6)
COPY_FIELD = "send-copy"  # editors' fields have no hyphens
RESERVED_NAMES = frozenset({"submit_time"})
TYPES_WITH_CHOICES = frozenset({"dropdown", "radio", "checkboxes", "multiselect"})
# Field names → what browsers may fill in (WCAG 1.3.5).
AUTOCOMPLETE = {
    "name": "name",
    "your_name": "name",
    "full_name": "name",
    "phone": "tel",
    "telephone": "tel",
    "postcode": "postal-code",
    "organisation": "organization",
    "company": "organization",
}

# What each type of field says when it is left empty: what to do, in plain words.
_WRITE = {
    "email": _("Write your e-mail address."),
    "phone": _("Write your telephone number."),
    "date": _("Enter a day."),
    "datetime": _("Enter a day and a time."),
    "number": _("Enter a number."),
    "url": _("Write a web address."),
    "dropdown": _("Choose one of the options."),
    "radio": _("Choose one of the options."),
    "rating": _("Choose how many stars you give."),
    "checkboxes": _("Choose at least one of the options."),
    "multiselect": _("Choose at least one of the options."),
    "checkbox": _("Tick the box to go on."),
    "policy": _("Tick the box to go on."),
    "file": _("Choose a file."),
}
# And what it says of something else than it asks for. Of a choice that is not offered, no browser's form sends it.
_WRONG = {
    "number": _("Enter a number, such as 12 or 2.50."),
    "url": _("Write a web address, such as https://example.com."),
    "date": _("Enter a day with its month and year, such as 2026-12-31."),
    "datetime": _("Enter a day and a time, such as 2026-12-31 14:30."),
}
_ERRORS = {
    **dict.fromkeys(("invalid_choice", "invalid_list"), _("Choose one of the options.")),
    "max_length": _("Shorten this: it has %(show_value)s characters, and can have %(limit_value)s."),
    "max_digits": _("Enter a number of at most %(max)s digits."),
    "empty": _("This file is empty. Choose another one."),
}
_address = EmailValidator(allowlist=[])  # Django's own takes "localhost"
_phone = RegexValidator(
    r"^(?=[^0-9]*[0-9])\+?[0-9 ()/.\-]{1,39}\Z",
    _("Write a telephone number: digits, spaces and signs like + and -, for example +44 20 7946 0018."),
)


def mailable(address: str) -> None:
    """Refuse what is no e-mail address, or one to which the mail queue could send no answer."""
    try:
        _address(address)
        mail_queue.PLAIN_ADDRESS(address)
    except ValidationError as error:
        raise ValidationError(_("Write an e-mail address, such as name@example.com.")) from error


class AddressField(forms.EmailField):
    """The visitor's e-mail address."""

    default_validators = [mailable]


class NameField(forms.CharField):
    """What the visitor is called."""


class RatingField(forms.ChoiceField):
    """One to five stars: radio buttons that say in words what each means."""

    def __init__(self, **options: Any) -> None:
        stars = [(str(n), ngettext("%(n)s star", "%(n)s stars", n) % {"n": n}) for n in STARS]
        super().__init__(choices=stars, widget=forms.RadioSelect(attrs={"class": "stars"}), **options)


class PolicyField(forms.BooleanField):
    """A check box about the privacy policy that the page shows."""


class VisitorForm(spam.GuardedForm, BaseForm):
    """The fields of the page, and the spam guard's."""

    UNKNOWN = _(
        "We could not tell where this form came from. Your words are still here: please send it again."
    )
    TOO_OLD = _("This form was open for more than a day. Your words are still here: please send it again.")
    TOO_FRESH = _(
        "The form was sent very quickly. Please check your answers, which are still here, and send it again."
    )

    data: QueryDict
    about = Subject()  # as the URL says it

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visitor_fields = tuple(self.fields)
        if self.page.offers_copy and any(isinstance(field, AddressField) for field in self.fields.values()):
            without = _("Without the files.") if self.is_multipart() else ""
            copy = forms.BooleanField(required=False, label=_("Send me a copy by e-mail"), help_text=without)
            self.fields[COPY_FIELD] = copy
        self.add_guard()

    def clean(self) -> None:
        """Refuse fields that came twice, and a stamp that is missing, too old or too fresh."""
        super().clean()
        for name, field in self.fields.items():
            takes_one = not isinstance(field, forms.MultipleChoiceField)
            key = self.add_prefix(name)
            if not takes_one and name in self.cleaned_data:
                self.cleaned_data[name] = [*dict.fromkeys(self.cleaned_data[name])]
            if takes_one and len(self.data.getlist(key)) + len(self.files.getlist(key)) > 1:
                target = name if name in self.visitor_fields else None
                self.add_error(target, _("This came more than once. Please answer it once."))
        if not self.errors and self.cleaned_data.get(COPY_FIELD) and not self.reply_to:
            self.add_error(COPY_FIELD, _("Write your e-mail address above, or untick this."))
        self.read_guard(page_id=self.page.pk)
        # With another error the form is shown again anyhow, with a good stamp.
        if not self.errors and (problem := self.stamp_problem):
            self.add_error(None, problem)
        if not self.errors:
            self._read_files()

    def _read_files(self) -> None:
        """Read the pictures, last: a machine that sends nothing right costs nothing."""
        for name, file in self.files_sent().items():
            try:
                self.cleaned_data[name] = as_stored(file)
            except ValidationError as error:
                self.add_error(name, error)

    @property
    def is_suspicious(self) -> bool:
        """Whether the hidden field was filled in, or there are many links: then the message is kept apart."""
        links = sum(len(_LINK.findall(str(self.cleaned_data.get(name)))) for name in self.visitor_fields)
        return super().is_suspicious or links > MOST_LINKS

    @property
    def reply_to(self) -> str:
        """The visitor's e-mail address: the first e-mail field that was filled in."""
        return self._first(AddressField)

    @property
    def name(self) -> str:
        """What the visitor is called: the first name that was filled in."""
        return self._first(NameField)

    @property
    def wants_copy(self) -> bool:
        """Whether the visitor asked for a copy by e-mail."""
        return bool(self.cleaned_data.get(COPY_FIELD) and self.reply_to)

    @property
    def rating(self) -> int | None:
        """The stars in the first rating that was given."""
        stars = self._first(RatingField)
        return int(stars) if stars else None

    def _first(self, kind: type[forms.Field]) -> str:
        """Return what was filled in to the first field of a kind that was filled in."""
        names = (name for name in self.visitor_fields if isinstance(self.fields[name], kind))
        return next(filter(None, (self.cleaned_data.get(name) for name in names)), "")

    def files_sent(self) -> dict[str, UploadedFile]:
        """Return the files, by form field."""
        found = {name: self.cleaned_data.get(name) for name in self.visitor_fields}
        return {name: file for name, file in found.items() if isinstance(file, UploadedFile)}

    def ask_for_files_again(self) -> None:
        """Say of each good file that it must be chosen again, as this form is: no browser keeps it."""
        for name, file in self.files_sent().items():
            message = _("Choose “%(file)s” again: it was not kept, since something else was wrong.")
            self.add_error(name, ValidationError(message, params={"file": file.name}))

    def name_policy(self, version: PolicyVersion | None) -> None:
        """Name the version that the page shows under each check box about it, with a link."""
        for shown in self:
            if version and isinstance(shown.field, PolicyField):
                named = {"title": version.title, "number": version.number}
                words = gettext("“%(title)s”, version %(number)s") % named
                link = format_html('<a href="{}">{}</a>', version.get_absolute_url(), words)
                shown.help_text = format_html("{} {}", shown.help_text, link)

    def answers(self) -> dict[str, Any]:
        """Return what was written as plain data, as it is stored; of a file, its name."""
        given = {name: self.cleaned_data.get(name) for name in self.visitor_fields}
        plain = {
            name: value.name if isinstance(value, UploadedFile) else value for name, value in given.items()
        }
        return json.loads(json.dumps(plain, cls=DjangoJSONEncoder))


class VisitorFormBuilder(FormBuilder):
    """Wagtail's builder with a limit for each type, and errors that do not repeat what was sent."""

    def get_field_options(self, field: Any) -> dict[str, Any]:
        """Add our words for a field left empty or filled in otherwise than it asks for."""
        fill_in = gettext("Fill in “%(label)s”.") % {"label": field.label}
        words = {**_ERRORS, "required": _WRITE.get(field.field_type, fill_in)}
        if field.field_type in _WRONG:
            words["invalid"] = _WRONG[field.field_type]
        return {**super().get_field_options(field), "error_messages": words}

    def create_singleline_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        """Return a line of text, with what browsers may fill in."""
        purpose = AUTOCOMPLETE.get(field.clean_name or field.get_field_clean_name())
        kind = NameField if purpose == "name" else forms.CharField
        widget = forms.TextInput(attrs={"autocomplete": purpose} if purpose else {})
        return kind(max_length=SHORT_TEXT, widget=widget, validators=[ONE_LINE], **options)

    def create_name_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        """Return a line for the name, whatever language its label is in."""
        widget = forms.TextInput(attrs={"autocomplete": "name"})
        return NameField(max_length=SHORT_TEXT, widget=widget, validators=[ONE_LINE], **options)

    def create_multiline_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        widget = forms.Textarea(attrs={"rows": 8})
        return forms.CharField(max_length=LONG_TEXT, widget=widget, validators=[MANY_LINES], **options)

    def create_email_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        widget = forms.EmailInput(attrs={"autocomplete": "email"})
        return AddressField(max_length=E_MAIL, widget=widget, **options)

    def create_phone_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"})
        return forms.CharField(max_length=PHONE, widget=widget, validators=[_phone], **options)

    def create_rating_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        """Return the stars, none of them chosen: an opinion that nobody gave is none."""
        return RatingField(**{**options, "initial": None})

    def create_policy_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        """Return a check box, never ticked beforehand; the link is added when the form is shown."""
        return PolicyField(**{**options, "initial": False})

    def create_file_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        return MessageFileField(
            accepts=field.files, megabytes=field.largest_file, **{**options, "initial": None}
        )

    def create_url_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        return forms.URLField(max_length=URL, assume_scheme="https", validators=[ONE_LINE], **options)

    def create_number_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        return forms.DecimalField(max_digits=DIGITS, **options)

    def create_date_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        """Return a day, chosen from the browser's own calendar."""
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)

    def create_datetime_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        return forms.DateTimeField(widget=widget, **options)

    def create_hidden_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        widget = forms.HiddenInput()
        return forms.CharField(max_length=SHORT_TEXT, widget=widget, validators=[ONE_LINE], **options)

    def create_dropdown_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        """Return a list that opens; nothing is chosen until the visitor chooses."""
        choices = [("", _("Please choose")), *self.get_formatted_field_choices(field)]
        return forms.ChoiceField(choices=choices, **options)

    def create_multiselect_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        options["initial"] = self.get_formatted_field_initial(field)
        return super().create_multiselect_field(field, options)

    def get_form_class(self) -> type[VisitorForm]:
        return type("PageForm", (VisitorForm,), self.formfields)


class FormPageForm(WagtailAdminFormPageForm):
    """The editor's form for a form page: refuses fields that could not work."""

    def clean(self) -> dict[str, Any]:
        """Check each field that the editor built, and what the page offers with them."""
        cleaned = super().clean()
        types, megabytes = set(), 0
        for form in self.formsets["form_fields"].forms if "form_fields" in self.formsets else ():
            given = getattr(form, "cleaned_data", {})
            if not given or given.get("DELETE"):
                continue
            types.add(given.get("field_type"))
            if given.get("field_type") == "file":
                megabytes += given.get("largest_file") or 0
                if megabytes > MOST_MEGABYTES:
                    message = _("All files of a form can have %(most)s MB together.")
                    form.add_error("largest_file", ValidationError(message, params={"most": MOST_MEGABYTES}))
            name = form.instance.clean_name or form.instance.get_field_clean_name()
            if not name:
                form.add_error("label", _("The label needs a letter or a digit."))
            elif name in RESERVED_NAMES:
                form.add_error("label", _("Choose another label: this one is reserved."))
            if given.get("field_type") in TYPES_WITH_CHOICES and not (given.get("choices") or "").strip():
                form.add_error("choices", _("Enter the choices."))
        if cleaned.get("offers_copy") and "email" not in types:
            self.add_error("offers_copy", _("Add a field for an e-mail address: the copy goes there."))
        return cleaned
