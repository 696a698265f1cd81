"""The form that visitors fill in, made from an editor's fields; and the check of what the editor builds.

Every field has a limit, so that no input is longer than what is stored and mailed. It stores nothing.
"""

import json
from typing import Any

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import EmailValidator, RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.forms.forms import BaseForm, FormBuilder, WagtailAdminFormPageForm

from home import spam

SHORT_TEXT = 255  # characters
LONG_TEXT = 5000
E_MAIL = 254  # the longest address that SMTP can carry (RFC 5321)
URL = 2000
DIGITS = 20
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


# An e-mail address may hold them in quotation marks, but no mail can be sent to or about such a one.
_no_controls = RegexValidator(
    r"[\x00-\x1f\x7f]",
    message=EmailValidator.message,
    code="invalid",
    inverse_match=True,
)


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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visitor_fields = tuple(self.fields)
        self.add_guard()

    def clean(self) -> None:
        """Refuse fields that came twice, and a stamp that is missing, too old or too fresh."""
        super().clean()
        for name, field in self.fields.items():
            takes_one = not isinstance(field, forms.MultipleChoiceField)
            if takes_one and len(self.data.getlist(self.add_prefix(name))) > 1:
                target = name if name in self.visitor_fields else None
                self.add_error(target, _("This came more than once. Please answer it once."))
        self.read_guard(page_id=self.page.pk)
        # With another error the form is shown again anyhow, with a good stamp.
        if not self.errors and (problem := self.stamp_problem):
            self.add_error(None, problem)

    @property
    def reply_to(self) -> str:
        """The visitor's e-mail address: the first e-mail field that was filled in."""
        addresses = (
            self.cleaned_data.get(name) or ""
            for name in self.visitor_fields
            if isinstance(self.fields[name], forms.EmailField)
        )
        return next(filter(None, addresses), "")

    def answers(self) -> dict[str, Any]:
        """Return what was written as plain data, as it is stored."""
        given = {name: self.cleaned_data.get(name) for name in self.visitor_fields}
        return json.loads(json.dumps(given, cls=DjangoJSONEncoder))


class VisitorFormBuilder(FormBuilder):
    """Wagtail's builder with a limit for each type, and errors that do not repeat what was sent."""

    def get_field_options(self, field: Any) -> dict[str, Any]:
        """Add our words for a choice that is not offered."""
        return {**super().get_field_options(field), "error_messages": _NOT_OFFERED}

    def create_singleline_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        """Return a line of text, with what browsers may fill in."""
        token = AUTOCOMPLETE.get(field.clean_name or field.get_field_clean_name())
        widget = forms.TextInput(attrs={"autocomplete": token} if token else {})
        return forms.CharField(max_length=SHORT_TEXT, widget=widget, **options)

    def create_multiline_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        return forms.CharField(max_length=LONG_TEXT, widget=forms.Textarea(attrs={"rows": 8}), **options)

    def create_email_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        widget = forms.EmailInput(attrs={"autocomplete": "email"})
        return forms.EmailField(max_length=E_MAIL, widget=widget, validators=[_no_controls], **options)

    def create_url_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        return forms.URLField(max_length=URL, assume_scheme="https", **options)

    def create_number_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        return forms.DecimalField(max_digits=DIGITS, **options)

    def create_date_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        """Return a day, chosen from the browser's own calendar."""
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)

    def create_datetime_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        return forms.DateTimeField(widget=widget, **options)

    def create_hidden_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        return forms.CharField(max_length=SHORT_TEXT, widget=forms.HiddenInput(), **options)

    def create_dropdown_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        """Return a list that opens; nothing is chosen until the visitor chooses."""
        choices = [("", _("Please choose")), *self.get_formatted_field_choices(field)]
        return forms.ChoiceField(choices=choices, **options)

    def create_multiselect_field(self, field: Any, options: dict[str, Any]) -> forms.Field:
        options["initial"] = self.get_formatted_field_initial(field)
        return super().create_multiselect_field(field, options)

    def get_form_class(self) -> type[VisitorForm]:
        return type("PageForm", (VisitorForm,), self.formfields)


_NOT_OFFERED = dict.fromkeys(("invalid_choice", "invalid_list"), _("Choose one of the options."))


class FormPageForm(WagtailAdminFormPageForm):
    """The editor's form for a form page: refuses fields that could not work."""

    def clean(self) -> dict[str, Any]:
        """Check each field that the editor built."""
        cleaned = super().clean()
        for form in self.formsets["form_fields"].forms if "form_fields" in self.formsets else ():
            given = getattr(form, "cleaned_data", {})
            if not given or given.get("DELETE"):
                continue
            name = form.instance.clean_name or form.instance.get_field_clean_name()
            if not name:
                form.add_error("label", _("The label needs a letter or a digit."))
            elif name in RESERVED_NAMES:
                form.add_error("label", _("Choose another label: this one is reserved."))
            if given.get("field_type") in TYPES_WITH_CHOICES and not (given.get("choices") or "").strip():
                form.add_error("choices", _("Enter the choices."))
        return cleaned
