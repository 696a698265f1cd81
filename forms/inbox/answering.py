"""The public page on which a customer answers a reply, by the link in its e-mail: without an account, once a reply.

It shows the reply and a form, nothing else of the thread.
"""

from datetime import timedelta
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.http import require_http_methods

from forms.inbox import links, threads
from forms.inbox.forms import WordsField
from forms.models import Submission, ThreadEntry
from home import spam
from home.responses import SeeOther, private
from home.throttling import Limit, client_ip, minutes_to_wait, too_many_requests

LIMIT = Limit("message-answers", most=10, window=timedelta(hours=1))  # from one client
TOO_MANY = ngettext_lazy(
    "You have sent several answers within the hour. Please wait %(minutes)s minute, then send this one again.",
    "You have sent several answers within the hour. Please wait %(minutes)s minutes, then send this one again.",
    "minutes",
)
ANSWERED = _("You have answered this already. Answer our next e-mail, or write a new message.")


class AnswerForm(spam.GuardedForm):
    PAGE = "message-answer"
    has_full_errors = True
    UNKNOWN = _(
        "We could not tell where this form came from. Your words are still here: please send it again."
    )
    TOO_OLD = _("This page was open for more than a day. Your words are still here: please send it again.")
    TOO_FRESH = _("The form was sent very quickly. Your words are still here: please send it again.")

    text = WordsField(label=_("Your answer"), rows=8, error_messages={"required": _("Write your answer.")})

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={spam.STAMP_FIELD: spam.new_stamp(page_id=self.PAGE).signed()})
        self.add_guard()

    def clean(self) -> None:
        super().clean()
        self.read_guard(page_id=self.PAGE)
        self.check_guard()


@private
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Show a reply and the form, or the thanks once it is answered; by POST, take the answer."""
    reply = links.reply_of(token)
    if reply is None:
        return _gone(request)
    if request.method != "POST":
        return _page(request, reply, AnswerForm())
    form = AnswerForm(request.POST)
    wait = LIMIT.take(client_ip(request)) if form.is_valid() else 0
    if wait:
        form.add_error(None, TOO_MANY % {"minutes": minutes_to_wait(wait)})
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if form.is_valid():
        try:
            threads.answer(reply=reply, text=form.cleaned_data["text"])
        except threads.AnsweredError:
            form.add_error(None, ANSWERED)
            status = HTTPStatus.CONFLICT
        except Submission.DoesNotExist:  # deleted meanwhile
            return _gone(request)
        else:
            return SeeOther(request.path)
    form.show_again()
    response = _page(request, reply, form, status=status)
    return too_many_requests(response, wait) if wait else response


def _page(
    request: HttpRequest, reply: ThreadEntry, form: AnswerForm, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    is_answered = hasattr(reply, "answer") and not form.is_bound
    context = {"reply": reply, "form": form, "is_answered": is_answered, "form_page": reply.submission.page}
    return render(request, "forms/answer.html", context, status=status)


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "forms/no_message.html", status=HTTPStatus.NOT_FOUND)
