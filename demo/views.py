"""The pages of `/demo/`, which only development has: tasks to try, and the e-mails that were sent."""

from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from demo import people, sent_mail
from demo.tasks import TASKS, tasks
from home.responses import SeeOther, private

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@private
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show what there is to try."""
    context = {"tasks": tasks(), "logins": people.LOGINS, "password": people.PASSWORD}
    return render(request, "demo/tasks.html", context)


@private
@require_POST
def enter(request: HttpRequest, name: str) -> HttpResponse:
    """Sign in as the person whose task it is, and lead to where it begins."""
    task = next((task for task in TASKS if task.name == name and task in tasks()), None)
    if task is None:
        raise Http404
    if task.user:
        login(request, task.user, backend=_BACKEND)
    return SeeOther(task.url())


@private
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """List the e-mails that were sent."""
    return render(request, "demo/mails.html", {"mails": sent_mail.newest()})


@private
@require_safe
def mail(request: HttpRequest, number: int) -> HttpResponse:
    """Show one as its reader sees it."""
    return render(request, "demo/mail.html", {"mail": _mail(number)})


@private
@require_safe
def mail_html(_request: HttpRequest, number: int) -> HttpResponse:
    """Return its HTML for the frame of that page, where nothing in it can run or ask for anything."""
    response = HttpResponse(f'<base target="_blank">{_mail(number).html}')
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; "
        "sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    return response


def _mail(number: int) -> sent_mail.Mail:
    found = sent_mail.find(number)
    if found is None:
        raise Http404
    return found
