"""Staff's list of messages by status, with its search and its export; and the replies that they saved."""

import json
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import modelform_factory
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.functional import cached_property
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, ModelChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import BaseColumn, Column, DateColumn, TitleColumn
from wagtail.admin.views.mixins import list_to_str
from wagtail.coreutils import multigetattr
from wagtail.permissions import ModelPermissionPolicy

from forms.emails import in_words
from forms.inbox import threads, views, words
from forms.models import FormField, FormPage, SavedReply, Submission, ThreadEntry
from home.admin_menu import MESSAGES_MENU
from home.characters import UNPRINTABLE
from home.models import User
from home.spreadsheets import as_text
from home.viewsets import DaysFilter, GuardedIndexView, PlainViewSet, ReadOnlyViewSet
from policies.personal_data.access_log import RecordedListMixin

Status = Submission.Status
ALL = "all"
TABS = {**dict(Status.choices), ALL: _("All")}
EMPTY = {
    Status.NEW: _("No message waits for an answer."),
    Status.ANSWERED: _("No message is answered and not yet done."),
    Status.DONE: _("No message is done. Mark those as done of which nothing is left to do."),
    Status.SPAM: _("No message was taken for spam."),
}
MOST_COUNTED = 999
OTHERS = "others"  # the column of answers without a field


class InboxFilterSet(WagtailFilterSet):
    page = ModelChoiceFilter(label=_("Form"), queryset=FormPage.objects.order_by("title"))
    assigned = ChoiceFilter(
        label=_("Assigned"),
        choices=[("me", _("To me")), ("nobody", _("To nobody"))],
        method="of_assigned",
    )
    submit_time = DaysFilter(label=_("Sent"))

    class Meta:
        model = Submission
        fields: tuple[str, ...] = ()

    def of_assigned(self, rows: QuerySet[Submission], _name: str, to: str) -> QuerySet[Submission]:
        return rows.filter(assigned_to=self.request.user if to == "me" else None)


class InboxColumn(Column):
    cell_template_name = property(lambda self: f"forms/admin/{self.name}_cell.html")


class InboxIndexView(RecordedListMixin, GuardedIndexView):
    access_kind = "forms.submissions"
    results_template_name = "forms/admin/inbox_results.html"
    custom_value_preprocess = {
        **GuardedIndexView.custom_value_preprocess,
        list: dict.fromkeys(GuardedIndexView.FORMATS, lambda value: UNPRINTABLE.sub("", list_to_str(value))),
        str: {GuardedIndexView.FORMAT_XLSX: lambda value: UNPRINTABLE.sub("", value)},
    }

    @property
    def may_delete(self) -> bool:
        return self.request.user.has_perm(views.DELETE)

    @cached_property
    def columns(self) -> list[BaseColumn]:  # type: ignore[override]  # Wagtail's is cached, too
        """Leave out boxes to choose for those who may delete nothing, and the status where all have the same."""
        left_out = {*([] if self.may_delete else ["chosen"]), *([] if self.tab == ALL else ["status"])}
        return [one for one in super().columns if one.name not in left_out]

    @cached_property
    def about(self) -> tuple[str, str] | None:
        """Kind and key of the thing about which messages are listed, as `?about=KIND:KEY` names it."""
        kind, _colon, key = self.request.GET.get("about", "").partition(":")
        return (kind, key) if kind and key else None

    @cached_property
    def is_filtering(self) -> bool:
        return bool(self.about or super().is_filtering)

    @cached_property
    def tab(self) -> str:
        """The chosen status; without one what waits for an answer, or all while something is sought."""
        chosen = self.request.GET.get("status", "")
        if chosen in TABS:
            return chosen
        return ALL if self.is_searching or self.is_filtering else Status.NEW

    @property
    def tabs(self) -> list[dict[str, Any]]:
        """Each status with its label, URL and number under the filters; it is counted no further than anybody reads."""
        query, rows = self.request.GET.copy(), self._filtered(Submission.objects.all())
        query.pop(self.page_kwarg, None)
        tabs = []
        for name, label in TABS.items():
            query["status"] = name
            url = f"{reverse('inbox:index')}?{query.urlencode()}"
            count = "" if name == ALL or self.is_searching else _count(rows.filter(status=name))
            tabs.append({"label": label, "url": url, "count": count, "is_shown": name == self.tab})
        return tabs

    @cached_property
    def no_results_message(self) -> str:
        is_sought = self.is_searching or self.is_filtering or self.tab == ALL
        is_new = not Submission.objects.exists()
        return super().no_results_message if is_sought or is_new else str(EMPTY[Status(self.tab)])

    def get_base_queryset(self) -> QuerySet[Submission]:
        rows = super().get_base_queryset().select_related("page__formpage", "assigned_to")
        if not self.is_export:
            return rows
        return rows.select_related("policy_version__policy").defer("policy_version__record")

    def filter_queryset(self, queryset: QuerySet[Submission]) -> QuerySet[Submission]:
        found = self._filtered(queryset)
        return found if self.tab == ALL else found.filter(status=self.tab)

    def _filtered(self, rows: QuerySet[Submission]) -> QuerySet[Submission]:
        found = super().filter_queryset(rows)
        return found.filter(subject_kind=self.about[0], subject_key=self.about[1]) if self.about else found

    def search_queryset(self, queryset: QuerySet[Submission]) -> QuerySet[Submission]:
        """Find a message by its reference, or else by words."""
        known: Any = queryset
        if self.is_searching and (found := known.with_reference(self.search_query)).exists():
            return found
        return super().search_queryset(queryset)

    def with_words(self, rows: QuerySet[Submission]) -> QuerySet[Submission]:
        """Look into answers and threads, too."""
        typed = self.search_query.strip()
        # JSON writes letters beyond ASCII as they are on PostgreSQL, and by their number on SQLite.
        written = {json.dumps(typed, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)}
        in_answers = reduce(or_, (Q(form_data__icontains=one) for one in written))
        found = rows.filter(in_answers).values_list("pk", "form_data")
        # The names of the fields stand there as well.
        keys = [pk for pk, answers in found if typed.lower() in " ".join(map(str, answers.values())).lower()]
        threads_of = ThreadEntry.objects.filter(submission=OuterRef("pk"), text__icontains=typed)
        fields: list[str] = self.search_fields or []
        named = [Q(**{f"{field}__icontains": typed}) for field in fields]
        return rows.filter(reduce(or_, named, Q(pk__in=keys) | Q(Exists(threads_of))))

    def as_spreadsheet(self, queryset: QuerySet[Submission], spreadsheet_format: str) -> HttpResponseBase:
        """Add a column for each field: of the form that the filter names, or of every one."""
        chosen = self.filters.form.cleaned_data.get("page") if self.filters.is_valid() else None
        fields: Any = FormField.objects.order_by("page", "sort_order").select_related("page")
        headings = {
            _column(field.page_id, field.clean_name): field.label
            if chosen
            else f"{field.page.title}: {field.label}"
            for field in (fields.filter(page=chosen) if chosen else fields)
        }
        self.list_export = [*self.list_export, *headings, OTHERS]
        self.export_headings = {**self.export_headings, **headings, OTHERS: gettext("Other answers")}
        return super().as_spreadsheet(queryset, spreadsheet_format)

    def get_heading(self, queryset: Any, field: str) -> str:
        """Guard the headings, too: they are labels that an editor wrote."""
        return as_text(super().get_heading(queryset, field))

    def to_row_dict(self, item: Submission) -> dict[str, Any]:
        """Return the row; answers to fields that the form has no longer stand together in the last column."""
        given = {_column(item.page_id, name): value for name, value in item.form_data.items()}
        others = [
            f"{name}: {in_words(value)}"
            for name, value in item.form_data.items()
            if value and _column(item.page_id, name) not in self.list_export
        ]
        row = {**given, **{field: multigetattr(item, field) for field in InboxViewSet.list_export}}
        return {**{field: row.get(field, "") for field in self.list_export}, OTHERS: "\n".join(others)}


def _column(page_id: int, field: str) -> str:
    return f"{page_id}/{field}"


def _count(rows: QuerySet[Submission]) -> str:
    """Return how many there are, nothing for none."""
    number = rows.order_by().values("pk")[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number or "")


class InboxViewSet(ReadOnlyViewSet):
    model = Submission
    name = "inbox"
    url_prefix = "messages"
    icon = "mail"
    menu_label = _("Inbox")
    menu_hook = MESSAGES_MENU
    menu_order = 10
    when_empty = (
        _("Nobody has written yet. What visitors send with a form page, such as Contact, is listed here."),
        _("Open the pages"),
        reverse_lazy("wagtailadmin_explore_root"),
    )
    ordering = ("-submit_time", "-pk")
    list_per_page = 50
    list_display = [
        InboxColumn("chosen", label=""),
        TitleColumn(
            "sender", label=_("From"), accessor=words.sender, url_name="inbox:inspect", classname="title"
        ),
        InboxColumn("beginning", label=_("Message"), accessor=words.beginning),
        Column("subject_name", label=_("About"), classname="message__about"),
        Column("page", label=_("Form"), accessor="page.title", classname="message__form"),
        InboxColumn("status", label=_("Status")),
        Column(
            "assigned_to",
            label=_("Assigned to"),
            classname="message__assigned",
            accessor=lambda message: message.assigned_to and threads.name_of(message.assigned_to),
        ),
        DateColumn("submit_time", label=_("Sent"), sort_key="submit_time", classname="message__sent"),
    ]
    list_export = [
        *("reference", "submit_time", "get_status_display", "page.title", "email", "rating", "subject_name"),
        *("assigned_to", "policy_version", "expires_at"),
    ]
    export_headings = {
        "reference": _("Reference"),
        "submit_time": _("Sent"),
        "get_status_display": _("Status"),
        "page.title": _("Form"),
    }
    export_filename = "messages"
    search_fields = ["subject_name", "email"]
    indexed_fields = ["email"]
    filterset_class = InboxFilterSet
    index_view_class = InboxIndexView
    index_template_name = "forms/admin/inbox.html"
    inspect_view_class = views.MessageView
    inspect_template_name = "forms/admin/message.html"

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            *super().get_urlpatterns(),
            path("delete/", views.DeleteView.as_view(), name="delete"),
            path("<int:pk>/files/<int:file>/", views.download, name="file"),
            path("<int:pk>/proof/", views.proof, name="proof"),
        ]


# --- Saved replies ---------------------------------------------------------------------------------------
class AnswerersPolicy(ModelPermissionPolicy):
    """Lets those who answer messages write and delete the replies that they save."""

    def user_has_permission(self, user: User, action: str) -> bool:
        return user.has_perm(views.ANSWER)

    def user_has_any_permission(self, user: User, actions: Iterable[str]) -> bool:
        return user.has_perm(views.ANSWER)


class SavedReplyIndexView(GuardedIndexView):
    when_empty = (
        _("There is no saved reply yet. Save what you write again and again; {name} is the customer’s name."),
        _("Add a saved reply"),
        reverse_lazy("saved_replies:add"),
    )


class SavedReplyViewSet(PlainViewSet):
    model = SavedReply
    name = "saved_replies"
    url_prefix = "saved-replies"
    icon = "openquote"
    menu_label = _("Saved replies")
    menu_hook = MESSAGES_MENU
    menu_order = 30
    index_view_class = SavedReplyIndexView
    create_template_name = edit_template_name = "forms/admin/saved_reply.html"
    form_class = modelform_factory(SavedReply, WagtailAdminModelForm, fields=["title", "text"])
    list_display = [
        "title",
        Column("text", label=_("Text"), accessor=lambda saved: Truncator(saved.text).chars(words.GLANCE)),
    ]
    search_fields = ["title", "text"]
    ordering = "title"

    @property
    def permission_policy(self) -> AnswerersPolicy:
        return AnswerersPolicy(self.model)
