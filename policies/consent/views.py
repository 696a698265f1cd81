"""The page of cookie choices, the saving of a choice, and its receipt.

The page works without JavaScript; the bar's script posts to the same URL and gets JSON. Nothing here is cached except
`gpc.json`. A choice is saved and its cookie set by one answer, or neither happens.
"""

from contextlib import suppress
from datetime import date, timedelta
from http import HTTPStatus

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from home.responses import SeeOther
from home.throttling import Limit, client_ip, too_many_requests
from policies.consent import choices, cookies, notices, receipts
from policies.ledger.encoding import DamagedRecordError
from policies.ledger.views import proof_response, refuse_too_many
from policies.models import ConsentRecord

# From when on the signal has been honoured as gpc.json says.
GPC_SINCE = date(2026, 11, 22)
# From one client; generous, since a school or a mobile network is one.
SAVES = Limit("cookie-choices", most=60, window=timedelta(minutes=10))

JUST_NOW = timedelta(minutes=1)  # so long the page says that it was saved


class NotSavedError(Exception):
    """A choice that is not saved: the words for the visitor, and the status of the answer."""

    def __init__(self, words: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST, *, wait: int = 0) -> None:
        super().__init__(words)
        self.words, self.status, self.wait = words, status, wait  # seconds


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cookies_page(request: HttpRequest) -> HttpResponse:
    """Show the choices; POST saves one."""
    if request.method != "POST":
        return _page(request)
    wants_json = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    try:
        return _save(request, wants_json=wants_json)
    except NotSavedError as refusal:
        answer = JsonResponse({"ok": False, "error": refusal.words}, status=refusal.status)
        response = answer if wants_json else _page(request, error=refusal.words, status=refusal.status)
        return too_many_requests(response, refusal.wait) if refusal.wait else response


@never_cache
@require_safe
def receipt(request: HttpRequest) -> JsonResponse:
    """Return the record of the visitor's own choice."""
    record = cookies.record_of(_cookie(request), now=timezone.now())
    if record is None:
        return _no_choice()
    if refused := refuse_too_many(request):
        return refused
    return JsonResponse(
        receipts.receipt(record, absolute=request.build_absolute_uri),
        headers={"Content-Disposition": f'attachment; filename="consent-{record.public_id}.json"'},
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )


@never_cache
@require_safe
def proof(request: HttpRequest) -> JsonResponse:
    """Return the proof that the record of the visitor's own choice is sealed in the ledger."""
    record = cookies.record_of(_cookie(request), now=timezone.now())
    if record is None:
        return _no_choice()
    return proof_response(request, record, file_name=f"consent-{record.public_id}-proof.json")


def _no_choice() -> JsonResponse:
    return JsonResponse({"error": _("There is no choice on record for this browser.")}, status=404)


@require_safe
def gpc(request: HttpRequest) -> JsonResponse:
    """Answer that the Global Privacy Control signal is honoured."""
    return JsonResponse({"gpc": True, "lastUpdate": GPC_SINCE.isoformat()})


def _page(request: HttpRequest, *, error: str = "", status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    now = timezone.now()
    notice = notices.shown()
    cookie = _cookie(request)
    record = cookies.record_of(cookie, now=now)
    decision = choices.decide(cookie if record else None, notice, gpc=_has_signal(request), now=now)
    context = {
        "notice": notice,
        "record": record,
        "is_new": record is not None and now - record.created_at < JUST_NOW,
        "recorded_choices": _named_choices(record) if record else [],
        "is_outdated": bool(record) and choices.decide(cookie, notice, gpc=False, now=now).ask,
        "changes": notice.changes_since(record.notice_version.number) if notice and record else [],
        "granted": decision.granted,
        "gpc_honoured": decision.gpc_honoured,
        "next": _next(request.GET.get("next", ""), request),
        "error": error,
    }
    response = render(request, "policies/cookies.html", context, status=status)
    if record is None and cookies.COOKIE_NAME in request.COOKIES:
        cookies.delete_cookie(response)  # the record that it names does not exist
    return response


def _has_signal(request: HttpRequest) -> bool:
    """Return whether the browser sends Global Privacy Control, by its header or by what the bar's script sees."""
    return request.headers.get("Sec-GPC") == "1" or request.POST.getlist("gpc") == ["1"]


def _cookie(request: HttpRequest) -> str | None:
    return cookies.sent_cookie(request.headers.get("Cookie", ""))


def _named_choices(record: ConsentRecord) -> list[tuple[str, bool]]:
    names: dict[str, str] = {}
    with suppress(DamagedRecordError):  # the page is for choosing, too
        names = {one.varname: one.name for one in notices.categories_of(record.notice_version.facts)}
    return [(names.get(varname, varname), is_on) for varname, is_on in sorted(record.choices.items())]


def _save(request: HttpRequest, *, wants_json: bool) -> HttpResponse:
    now = timezone.now()
    notice = notices.current(now)
    if notice is None or not notice.optional:
        raise NotSavedError(_("There is nothing to choose: the site uses only what it needs to work."))
    method, shown, target = _field(request, "choice"), _field(request, "notice"), _target(request)
    if shown != str(notice.number):
        words = _("The text has changed since this page was opened. Please reload the page and choose again.")
        raise NotSavedError(words, HTTPStatus.CONFLICT)
    categories = request.POST.getlist("category")
    try:
        choices.choices_for(notice=notice, method=method, categories=categories)
    except choices.InvalidChoiceError:
        raise NotSavedError(_("That is not one of the choices. Nothing was saved.")) from None
    if wait := SAVES.take(client_ip(request)):
        words = _("Too many choices were sent from your network. Please try again in some minutes.")
        raise NotSavedError(words, wait=wait)
    with transaction.atomic():  # an answer that cannot be made takes the record back
        signal = _has_signal(request)
        record = choices.save_choice(notice=notice, method=method, categories=categories, gpc=signal, now=now)
        return _saved(record, target=target, wants_json=wants_json)


def _saved(record: ConsentRecord, *, target: str, wants_json: bool) -> HttpResponse:
    response: HttpResponse = SeeOther(target)
    if wants_json:
        expires = record.expires_at.isoformat()
        response = JsonResponse({"ok": True, "choices": record.choices, "expires": expires})
    cookies.set_cookie(response, record)
    return response


def _field(request: HttpRequest, name: str) -> str:
    """Read a field that must be there once."""
    values = request.POST.getlist(name)
    if len(values) != 1:
        raise NotSavedError(_("The form was not filled in as expected. Nothing was saved."))
    return values[0]


def _target(request: HttpRequest) -> str:
    """Return where to go after saving without the script."""
    wanted = request.POST.getlist("next")
    if not wanted:
        return reverse("policies:cookies") + "#your-choice"
    target = _next(wanted[0], request)
    if len(wanted) > 1 or not target:
        raise NotSavedError(_("The page to return to is not on this site. Nothing was saved."))
    return target


def _next(target: str, request: HttpRequest) -> str:
    is_ours = target.isprintable() and url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else ""
