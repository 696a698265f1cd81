"""The form with which an editor imports a text. Only the draft that it makes is stored."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Page
from wagtail.query import PageQuerySet

from home.models import User
from policies.importing import uploads
from policies.models import PolicyPage
from policies.text import limits
from policies.text.limits import TextRefusedError
from policies.versions.drafts import NoDraftError, refuse_page


def editable_pages(user: User | AnonymousUser) -> Iterator[Page]:
    """Yield the pages of policies that somebody may edit, without their texts."""
    pages: PageQuerySet = PageQuerySet(Page).type(PolicyPage).order_by("title").prefetch_workflow_states()
    return (page for page in pages if page.permissions_for_user(user).can_edit())


def _most_pasted() -> str:
    return filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


class _PageField(forms.ModelChoiceField):
    def to_python(self, value: Any) -> Any:
        """Take a number that no database can hold for that of no page."""
        return super().to_python(value and str(value)[:18])

    def label_from_instance(self, page: PolicyPage) -> str:
        """Name the slug too: two policies may have one title."""
        return f"{page.get_admin_display_title()} (/{page.slug}/)"


class ImportForm(forms.Form):
    """Which policy, and a file or a pasted text. `html` is what it says, once the form is valid."""

    page = _PageField(
        label=gettext_lazy("Policy"),
        queryset=PolicyPage.objects.none(),
        help_text=gettext_lazy("Its text is replaced in a new draft. What is published stays as it is."),
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".md,.markdown,.txt,.docx"}),
    )
    text = forms.CharField(
        label=gettext_lazy("Or paste Markdown"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false"}),
    )

    def __init__(
        self, *args: Any, user: User | AnonymousUser, is_too_large: bool = False, **kwargs: Any
    ) -> None:
        """Offer what the user may edit. `is_too_large`: more was pasted than the site reads."""
        super().__init__(*args, **kwargs)
        self.user = user
        self.is_too_large = is_too_large
        file, text = self.fields["file"], self.fields["text"]
        file.help_text = _("Markdown (.md, .txt) or Word (.docx), up to %(size)s.")
        file.help_text %= {"size": filesizeformat(limits.MAX_FILE_BYTES)}
        text.help_text = _("Up to %(size)s. Longer texts are better sent as a file.")
        text.help_text %= {"size": _most_pasted()}
        self.html = ""
        pages = [page.pk for page in editable_pages(user)]
        self.fields["page"].queryset = PolicyPage.objects.filter(pk__in=pages).order_by("title")  # type: ignore[attr-defined]  # a _PageField has one

    def clean_page(self) -> PolicyPage:
        """Take only a page of which a draft can be made now."""
        page = self.cleaned_data["page"].specific
        try:
            refuse_page(page, self.user)
        except NoDraftError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return page

    def clean(self) -> dict[str, Any]:
        """Read the one text that was given."""
        cleaned = super().clean() or {}
        file, text, page = cleaned.get("file"), cleaned.get("text"), cleaned.get("page")
        if self.is_too_large:
            self.errors.pop("page", None)  # what was chosen is as unknown
            words = _("This is more than %(size)s. Send it as a file.")
            self.add_error("text", words % {"size": _most_pasted()})
        elif file and text:
            self.add_error("text", _("Send a file or paste a text, not both."))
        elif not file and not text and "file" not in self.errors:
            self.add_error("file", _("Choose a file or paste a text."))
        elif page and (file or text):
            self._read(page)
        return cleaned

    def save(self) -> PolicyPage:
        """Make the draft. Raises NoDraftError or TextRefusedError, as `uploads.make_draft` does."""
        return uploads.make_draft(page=self.cleaned_data["page"], html=self.html, user=self.user)

    def refuse(self, reason: TextRefusedError) -> None:
        """Add to the field why the text is not taken."""
        field = "file" if self.cleaned_data.get("file") else "text"
        self.add_error(field, _("Nothing was imported: %(reason)s.") % {"reason": reason})

    def _read(self, page: PolicyPage) -> None:
        file = self.cleaned_data.get("file")
        try:
            if file:
                self.html = uploads.html_of_file(file=file, page=page)
            else:
                self.html = uploads.html_of_markdown(text=self.cleaned_data["text"], page=page)
        except TextRefusedError as refusal:
            self.refuse(refusal)
