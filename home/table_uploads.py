"""CSV files that staff upload: read within limits, shown as a preview of what would change, and applied as a whole.

Nothing is kept between both steps: the browser sends the text and what the preview was made from a second time.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from home import spreadsheets
from home.characters import UNPRINTABLE

MOST_BYTES = 1024 * 1024
MOST_ROWS = 5000
MOST_IN_A_CELL = 200
LASTS = timedelta(hours=12)  # how long a preview can be applied
SEPARATORS = ",;\t"
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

_UNREADABLE = _("The file is no CSV file that can be read. Save the table as “CSV UTF-8” and try again.")


class TableError(Exception):
    """The file cannot be read as such a table; the message is for the person."""


class NotAppliedError(Exception):
    """What the preview showed cannot be done any more, and nothing was; the message is for the person."""


@dataclass(frozen=True)
class Row:
    """A row of the file: its number there, and its cells by column."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Planned:
    """What one row would do, as the preview shows it; a problem keeps the whole file from being applied."""

    row: Row
    shown: Sequence[object]
    problem: str = ""
    seen: str = ""  # what `apply` compares


def decoded(data: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 with its mark, or Windows-1252. Raises TableError."""
    if len(data) > MOST_BYTES:
        raise TableError(gettext("The file is larger than %s.") % filesizeformat(MOST_BYTES))
    marked = next((encoding for mark, encoding in _MARKS.items() if data.startswith(mark)), None)
    for encoding in [marked] if marked else ["utf-8", "cp1252"]:
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    raise TableError(str(_UNREADABLE))


def read(text: str, columns: Mapping[str, str | Promise], *, required: Iterable[str], most: int) -> list[Row]:
    """Return the rows of a table whose headings are names or labels of `columns`. Raises TableError."""
    if UNPRINTABLE.search(text):
        raise TableError(str(_UNREADABLE))
    first_line = text.lstrip().partition("\n")[0]
    separator = max(SEPARATORS, key=first_line.count)
    # A cell that begins in one line and ends in another is a forgotten quotation mark, so lines are rows.
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    names: list[str] = []
    rows: list[Row] = []
    try:
        for cells in lines:
            if lines.line_num > most + 1:
                raise TableError(gettext("The file has more than %s rows. Divide it.") % most)
            cleaned = [_cleaned(cell, lines.line_num) for cell in cells]
            if not any(cleaned):
                continue
            if not names:
                names = _columns(cleaned, columns, required)
            elif any(cleaned[len(names) :]):
                raise _in_row(lines.line_num, gettext("it has more cells than the headings."))
            else:
                rows.append(Row(lines.line_num, dict.fromkeys(columns, "") | dict(zip(names, cleaned))))  # noqa: B905 - empty cells at the end may be missing
    except csv.Error as error:
        raise _in_row(lines.line_num, gettext("a quotation mark is wrong, or a cell too long.")) from error
    if not rows:
        raise TableError(gettext("The file has no rows."))
    return rows


def _cleaned(cell: str, number: int) -> str:
    cell = spreadsheets.from_text(cell.strip())
    if len(cell) > MOST_IN_A_CELL:
        raise _in_row(number, gettext("a cell has more than %s characters.") % MOST_IN_A_CELL)
    if "\n" in cell or "\r" in cell:
        raise _in_row(number, gettext("a cell has several lines."))
    return cell


def _columns(headings: list[str], columns: Mapping[str, str | Promise], required: Iterable[str]) -> list[str]:
    named = {word.casefold(): name for name, label in columns.items() for word in (name, str(label))}
    while headings and not headings[-1]:
        headings.pop()
    names = [named.get(heading.casefold(), "") for heading in headings]
    known = ", ".join(map(str, columns.values()))
    if "" in names:
        words = gettext(
            "“%(heading)s” is no column of this table. Its first row names the columns: %(known)s."
        )
        raise TableError(words % {"heading": headings[names.index("")][:40], "known": known})
    if len(set(names)) < len(names):
        raise TableError(gettext("Two columns have the same heading."))
    if missing := [str(columns[name]) for name in required if name not in names]:
        raise TableError(gettext("A column is missing: %s.") % ", ".join(missing))
    return names


def _digest(rows: Iterable[Row]) -> str:
    """Return a hash of what the rows say, however their lines end."""
    return hashlib.sha256(json.dumps([[*row.cells.values()] for row in rows]).encode()).hexdigest()


def _in_row(number: int, words: str) -> TableError:
    return TableError(gettext("Row %(number)s: %(words)s") % {"number": number, "words": words})


class UploadForm(forms.Form):
    """The file, or when its preview is applied the text that it had and what was seen then."""

    file = forms.FileField(
        label=_("CSV file"), required=False, widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv"})
    )
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        columns: Mapping[str, str | Promise],
        required: Iterable[str],
        most: int,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.table: dict[str, Any] = {"columns": columns, "required": required, "most": most}
        self.rows: list[Row] = []

    def clean(self) -> None:
        """Read the table, whether it comes as a file or as the text of its preview."""
        super().clean()
        file: UploadedFile | None = self.cleaned_data.get("file")
        text = self.cleaned_data.get("text", "")
        try:
            if file:
                text = decoded(file.read(MOST_BYTES + 1))
            self.rows = read(text, **self.table) if text else []
        except TableError as error:
            raise ValidationError(str(error)) from error
        if not self.rows and not self.errors:
            raise ValidationError(gettext("Choose a file."))
        self.cleaned_data["text"] = text


class UploadView(WagtailAdminTemplateMixin, FormView):
    """Asks for a file, shows what it would change, and does that once it is confirmed."""

    form_class = UploadForm
    template_name = "home/admin/table_upload.html"
    header_icon = "upload"
    most_rows = MOST_ROWS
    columns: Mapping[str, str | Promise]
    required: Sequence[str]
    headings: Sequence[str | Promise]  # of what the preview shows of each row
    introduction: str | Promise
    list_url: str  # name of the list to which it belongs
    list_label: str | Promise
    example: str

    def plan(self, rows: list[Row]) -> list[Planned]:
        """Return what each row would do, in as many queries however many rows there are."""
        raise NotImplementedError

    def apply(self, rows: list[Row], seen: list[str]) -> str:
        """Do it all, or nothing and raise NotAppliedError; return what is told then."""
        raise NotImplementedError

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        above = {"url": reverse(self.list_url), "label": self.list_label}
        return [*self.breadcrumbs_items, above, {"url": "", "label": self.page_title}]

    def get_form_kwargs(self) -> dict[str, Any]:
        table = {"columns": self.columns, "required": self.required, "most": self.most_rows}
        return {**super().get_form_kwargs(), **table}

    @property
    def _salt(self) -> str:
        """A preview is of one table and for whoever has seen it."""
        return f"{type(self).__qualname__}:{self.request.user.pk}"

    def form_valid(self, form: forms.Form) -> HttpResponse:
        assert isinstance(form, UploadForm)
        planned = self.plan(form.rows)
        problems = [one for one in planned if one.problem]
        if "apply" in self.request.POST and not problems:
            try:
                of, seen = signing.loads(form.cleaned_data["seen"], salt=self._salt, max_age=LASTS)
                if of != _digest(form.rows):
                    raise signing.BadSignature  # noqa: TRY301 - another file than was shown
                told = self.apply(form.rows, seen)
            except (signing.BadSignature, KeyError):
                form.add_error(None, gettext("The preview is too old or incomplete. Choose the file again."))
                return self.form_invalid(form)
            except NotAppliedError as error:
                form.add_error(
                    None, str(error)
                )  # without a preview: whoever pressed twice must not press again
                return self.form_invalid(form)
            messages.success(self.request, told)
            return redirect(self.list_url)
        what = (_digest(form.rows), [one.seen for one in planned])
        seen = signing.dumps(what, salt=self._salt, compress=True)
        sent = {"text": form.cleaned_data["text"], "seen": seen}
        shown = {
            "planned": planned,
            "preview": [(one, zip(self.headings, one.shown, strict=True)) for one in planned],
            "problems": problems,
            "again": UploadForm(initial=sent, **form.table),
        }
        # The form as it was read: a new one would find the file at its end and ask for one.
        return self.render_to_response(self.get_context_data(form=form, **shown))
