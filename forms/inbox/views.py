"""The page of one message, on which it is answered; its files and its proof; and how messages are deleted."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple
from uuid import uuid4

from django import forms
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView
from post_office.models import STATUS
from wagtail.admin import messages
from wagtail.admin.views.generic import InspectView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import Button

from forms import emails, subjects
from forms.inbox import threads, words
from forms.inbox.forms import AssignForm, NoteForm, PasteForm, ReplyForm, SavedReplyForm, SeenForm, StatusForm
from forms.models import READ_MESSAGES, Attachment, SavedReply, Submission, ThreadEntry
from home import mail_queue
from policies.ledger.views import proof_response
from policies.personal_data.access_log import Action, RecordedPageMixin, record

ANSWER, DELETE = "forms.answer_submission", "forms.delete_submission"
MOST_OTHERS = 10  # messages of the same person
MOST_SAVED = 100  # replies to choose from
MOST_ENTRIES = 500  # of a thread: the newest
MOST_DELETED = 200  # at once
# By the status of its e-mail.
DELIVERY = {
    STATUS.sent: _("sent"),
    STATUS.queued: _("on its way"),
    STATUS.requeued: _("not sent yet: it is tried again"),
    STATUS.failed: _("could not be sent"),
}


class Act(NamedTuple):
    """What a form of the page asks for: the names of its fields are those of the function's arguments."""

    form: type[forms.Form]
    do: Callable[..., None]
    done: str | Promise
    is_addition: bool = False  # which nobody is too late for


ACTS = {
    "reply": Act(ReplyForm, threads.reply, _("The reply is on its way.")),
    "note": Act(NoteForm, threads.note, _("The note was saved."), is_addition=True),
    "paste": Act(
        PasteForm,
        threads.paste,
        _("The answer was added. The message waits for an answer again."),
        is_addition=True,
    ),
    "assign": Act(AssignForm, threads.assign, _("Saved.")),
    "status": Act(StatusForm, threads.change_status, _("The status was changed.")),
}
CHANGED = _(
    "Nothing was saved: somebody has done something here meanwhile, or this page is old."
    " Read the conversation, then press the button again."
)


class MessageView(RecordedPageMixin, InspectView):
    """A message with its thread. Every form on it is sent to its own URL, and names itself in the field `do`."""

    access_kind = "forms.submissions"

    def get_object(self, queryset: QuerySet[Submission] | None = None) -> Submission:
        rows = Submission.objects.select_related("page__formpage", "policy_version__policy", "assigned_to")
        return get_object_or_404(rows.defer("policy_version__record"), pk=self.pk)

    def get_page_title(self) -> str:
        return words.heading(self.object)

    def get_page_subtitle(self) -> str:
        return ""

    def get_fields_context(self) -> list[dict[str, Any]]:
        """Leave out Wagtail's list of columns: the template shows what matters."""
        return []

    @cached_property
    def header_more_buttons(self) -> list[Button]:  # type: ignore[override]  # Wagtail's is cached, too
        if not self.request.user.has_perm(DELETE):
            return []
        url = f"{reverse('inbox:delete')}?selected={self.object.pk}"
        return [Button(gettext("Delete …"), url=url, icon_name="bin")]

    @cached_property
    def others(self) -> list[Submission]:
        return [*_others(self.object)]

    @property
    def access_count(self) -> int:  # type: ignore[override]
        return 1 + len(self.others)

    @property
    def may_answer(self) -> bool:
        return self.request.user.has_perm(ANSWER)

    @property
    def has_address(self) -> bool:
        return mail_queue.is_plain(self.object.email)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do what a form asks for, or show the page again with its words and what is wrong."""
        if not self.may_answer:
            raise PermissionDenied
        do = request.POST.get("do", "")
        if do == "insert":
            return self._shown(reply_form=self._with_saved_reply())
        if do not in ACTS or (do == "reply" and not self.has_address):
            return redirect("inbox:inspect", self.object.pk)
        form, seen = ACTS[do].form(request.POST), SeenForm(request.POST)
        if form.is_valid() and not self._is_done(do, form, seen):
            form.add_error(None, CHANGED)
        if form.errors:
            for name in form.fields.keys() & form.errors.keys():
                form.fields[name].widget.attrs["autofocus"] = True
            problem = CHANGED if do == "status" else " ".join(map(str, form.non_field_errors()))
            shown = {f"{do}_form": form, "problem": problem}
            return self._shown(HTTPStatus.UNPROCESSABLE_ENTITY, **shown)
        messages.success(request, ACTS[do].done)
        return redirect("inbox:inspect", self.object.pk)

    def _is_done(self, do: str, form: forms.Form, seen: SeenForm) -> bool:
        """Do it; return False if somebody was faster, or if nobody knows what was seen."""
        if not seen.is_valid():
            return False
        values = {**form.cleaned_data, **seen.cleaned_data}
        if ACTS[do].is_addition:
            del values["seen"]
        try:
            ACTS[do].do(message_id=self.object.pk, by=self.request.user, **values)
        except threads.ChangedError:
            return False
        except Submission.DoesNotExist as error:  # deleted meanwhile
            raise Http404 from error
        return True

    def _with_saved_reply(self) -> ReplyForm:
        """Return the form of a reply with a saved one after what is typed: for those without JavaScript."""
        typed, chosen = ReplyForm(self.request.POST)["text"].value(), SavedReplyForm(self.request.POST)
        saved = chosen.cleaned_data["saved"] if chosen.is_valid() else None
        parts = [typed, words.filled(saved, self.object) if saved else ""]
        return ReplyForm(initial={"text": "\n\n".join(filter(None, parts))})

    def _shown(self, status: int = HTTPStatus.OK, **context: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(**context), status=status)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        message = self.object
        thread = message.thread.select_related("email").order_by("-at", "-pk")
        entries = [*thread.defer("email__message", "email__html_message", "email__context")[:MOST_ENTRIES]]
        return {
            **super().get_context_data(**kwargs),
            **(self._forms(kwargs) if self.may_answer else {}),
            "message": message,
            "sender": words.sender(message),
            "body": words.body(message),
            "answers": words.answers_of(message),
            "thread": [(entry, _delivery(entry)) for entry in reversed(entries)],
            "seen": max((entry.pk for entry in entries), default=0),
            "token": uuid4(),
            "steps": threads.STEPS[Submission.Status(message.status)],
            "mailbox": emails.mailbox_of(message.page.formpage),
            "others": [(one, words.beginning(one)) for one in self.others],
            "elsewhere": self._elsewhere(),
            "about_url": self._about_url(),
        }

    def _forms(self, shown: dict[str, Any]) -> dict[str, Any]:
        """Return the forms that are not shown again, and the saved replies with their words for this message."""
        names = ["note", "paste", "assign", *(["reply"] if self.has_address else [])]
        initial = {"assign": {"to": self.object.assigned_to_id}}
        new = {
            f"{name}_form": ACTS[name].form(initial=initial.get(name))
            for name in names
            if f"{name}_form" not in shown
        }
        saved = SavedReply.objects.all()[:MOST_SAVED]
        return {**new, "saved_replies": [(one, words.filled(one, self.object)) for one in saved]}

    def _elsewhere(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Return what other apps have of whoever wrote: the label of a kind, then label and URL of each."""
        if not self.object.email:
            return []
        found = []
        for kind in subjects.kinds().values():
            if self._may_see(kind) and (links := kind.of_person(self.object.email)):
                record(self.request, action=Action.READ, kind=kind.access_kind, count=len(links))
                found.append((str(kind.label), links))
        return found

    def _about_url(self) -> str | None:
        kind = subjects.kinds().get(self.object.subject_kind)
        return kind.url(self.object.subject_key) if kind and self._may_see(kind) else None

    def _may_see(self, kind: subjects.SubjectKind) -> bool:
        return not kind.permission or self.request.user.has_perm(kind.permission)


def _others(message: Submission) -> QuerySet[Submission]:
    """Return the newest other messages with the same e-mail address."""
    if not message.email:
        return Submission.objects.none()
    others = Submission.objects.filter(email=message.email).exclude(pk=message.pk)
    return others.order_by("-submit_time", "-pk")[:MOST_OTHERS]


def _delivery(entry: ThreadEntry) -> tuple[str, bool]:
    """Return in words what became of an entry's e-mail, and whether it failed; nothing when it has none any more."""
    status = entry.email.status if entry.email else None
    return str(DELIVERY.get(status, "")), status == STATUS.failed


@require_safe
@permission_required(READ_MESSAGES, raise_exception=True)
def download(request: HttpRequest, pk: int, file: int) -> FileResponse:
    """Return a file that came with a message: always as a download, never shown by the browser."""
    attachment = get_object_or_404(Attachment, pk=file, submission__pk=pk)
    try:
        content = attachment.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    record(request, action=Action.READ, kind="forms.submissions", count=1)
    response = FileResponse(
        content, as_attachment=True, filename=attachment.name, content_type="application/octet-stream"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
@permission_required(READ_MESSAGES, raise_exception=True)
def proof(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the proof of when a message came and which policy was shown."""
    rows = Submission.objects.select_related("policy_version__policy", "ledger_entry")
    message = get_object_or_404(rows.defer("policy_version__record"), pk=pk)
    return proof_response(request, message, file_name=f"message-{message.token}-proof.json")


@method_decorator(permission_required([READ_MESSAGES, DELETE], raise_exception=True), name="dispatch")
class DeleteView(RecordedPageMixin, WagtailAdminTemplateMixin, TemplateView):
    """Asks before the chosen messages are deleted."""

    access_kind = "forms.submissions"
    page_title = _("Delete for good")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "bin"
    template_name = "forms/admin/delete_messages.html"

    @cached_property
    def chosen(self) -> QuerySet[Submission]:
        numbers = [one for one in self.request.GET.getlist("selected") if one.isascii() and one.isdigit()]
        return Submission.objects.filter(pk__in={*map(int, numbers[:MOST_DELETED])})

    @property
    def access_count(self) -> int:  # type: ignore[override]
        return len(self.chosen)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        above = {"url": reverse("inbox:index"), "label": gettext("Messages")}
        return [*self.breadcrumbs_items, above, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen = [(message, words.sender(message), words.beginning(message)) for message in self.chosen]
        return {**super().get_context_data(**kwargs), "chosen": chosen}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        count = threads.delete(self.chosen, by=request.user)  # type: ignore[arg-type]  # it has permissions
        deleted = ngettext("%(count)s message was deleted.", "%(count)s messages were deleted.", count)
        messages.success(request, deleted % {"count": count})
        return redirect("inbox:index")


def moved(_request: HttpRequest, page_id: int | None = None, **_kwargs: Any) -> HttpResponse:
    """Lead from Wagtail's lists of forms and of what was sent with one to the inbox."""
    query = f"?page={page_id}" if page_id else ""
    return redirect(f"{reverse('inbox:index')}{query}")
