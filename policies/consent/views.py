"""The page of cookie choices, the saving of a choice, its receipt, and the site's word on Global Privacy Control.

The page works without JavaScript; the bar's script posts to the same address and gets JSON. Nothing here is cached
except `gpc.json`. A choice is saved and its cookie set by one answer, or neither happens.
"""

from datetime import date, timedelta
from http import HTTPStatus

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.models import Site

from home.client import client_address
from home.models import BrandSettings
from home.throttling import Limit
from policies.consent import choices, notices, receipts
from policies.models import ConsentRecord

# From when on the signal has been honoured as gpc.json says.
GPC_SINCE = date(2026, 11, 22)
# Saves from one sender; generous, since a school or a mobile network is one sender.
SAVES = Limit("cookie-choices", most=60, window=timedelta(minutes=10))


class RefusedError(Exception):
    """A choice that is not saved: the words for the visitor, and the status of the answer."""

    def __init__(self, words: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(words)
        self.words, self.status = words, status


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cookies(request: HttpRequest) -> HttpResponse:
    """Show the choices; POST saves one."""
    if request.method != "POST":
        return _page(request)
    wants_json = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
    try:
        return _save(request, wants_json=wants_json)
    except RefusedError as refusal:
        if wants_json:
            return JsonResponse({"ok": False, "error": refusal.words}, status=refusal.status)
        return _page(request, error=refusal.words, status=refusal.status)


@never_cache
@require_safe
def receipt(request: HttpRequest) -> JsonResponse:
    """Hand out the record of the visitor's own choice."""
    record = choices.record_of(_cookie(request), now=timezone.now())
    if record is None:
        return JsonResponse({"error": _("There is no choice on record for this browser.")}, status=404)
    content = receipts.receipt(record, controller=_controller(request), absolute=request.build_absolute_uri)
    name = f"consent-{record.public_id}.json"
    return JsonResponse(
        content,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )


@require_safe
def gpc(request: HttpRequest) -> JsonResponse:
    """Say that the Global Privacy Control signal is honoured."""
    return JsonResponse({"gpc": True, "lastUpdate": GPC_SINCE.isoformat()})


def _page(request: HttpRequest, *, error: str = "", status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    now = timezone.now()
    notice = notices.current(now)
    cookie = _cookie(request)
    record = choices.record_of(cookie, now=now)
    decision = choices.decide(
        cookie if record else None, notice, gpc=request.headers.get("Sec-GPC") == "1", now=now
    )
    context = {
        "notice": notice,
        "record": record,
        "recorded_choices": _named_choices(record) if record else [],
        "is_outdated": bool(record) and (decision.ask or decision.gpc_honoured),
        "changes": notice.changes_since(record.notice_version.number) if notice and record else [],
        "granted": decision.granted,
        "gpc_honoured": decision.gpc_honoured,
        "next": _next(request.GET.get("next", ""), request),
        "error": error,
    }
    response = render(request, "policies/cookies.html", context, status=status)
    if record is None and choices.COOKIE_NAME in request.COOKIES:
        response.delete_cookie(choices.COOKIE_NAME, samesite="Lax")  # it says what nobody put on record
    return response


def _cookie(request: HttpRequest) -> str | None:
    return choices.sent_cookie(request.headers.get("Cookie", ""))


def _named_choices(record: ConsentRecord) -> list[tuple[str, bool]]:
    names = {
        category.varname: category.name for category in notices.categories_of(record.notice_version.facts)
    }
    return [(names.get(varname, varname), is_on) for varname, is_on in sorted(record.choices.items())]


def _save(request: HttpRequest, *, wants_json: bool) -> HttpResponse:
    now = timezone.now()
    notice = notices.current(now)
    if notice is None or not notice.optional:
        raise RefusedError(_("There is nothing to choose: the site uses only what it needs to work."))
    method, shown, target = _field(request, "choice"), _field(request, "notice"), _target(request)
    if shown != str(notice.number):
        words = _("The text has changed since this page was opened. Please reload the page and choose again.")
        raise RefusedError(words, HTTPStatus.CONFLICT)
    categories = request.POST.getlist("category")
    try:
        choices.choices_for(notice=notice, method=method, categories=categories)
    except choices.InvalidChoiceError:
        raise RefusedError(_("That is not one of the choices. Nothing was saved.")) from None
    _refuse_floods(request)
    with transaction.atomic():  # an answer that cannot be made takes the record back
        record = choices.save_choice(notice=notice, method=method, categories=categories, now=now)
        return _saved(record, target=target, wants_json=wants_json)


def _saved(record: ConsentRecord, *, target: str, wants_json: bool) -> HttpResponse:
    response: HttpResponse
    if wants_json:
        response = JsonResponse(
            {"ok": True, "choices": record.choices, "expires": record.expires_at.isoformat()}
        )
    else:
        response = HttpResponseRedirect(target, status=HTTPStatus.SEE_OTHER)
    response.set_cookie(
        choices.COOKIE_NAME,
        choices.cookie_for(record),
        max_age=record.expires_at - record.created_at,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


def _field(request: HttpRequest, name: str) -> str:
    """Read a field that must be there once."""
    values = request.POST.getlist(name)
    if len(values) != 1:
        raise RefusedError(_("The form was not filled in as expected. Nothing was saved."))
    return values[0]


def _target(request: HttpRequest) -> str:
    """Say where to go after saving without the script."""
    wanted = request.POST.getlist("next")
    if not wanted:
        return reverse("policies:cookies") + "#your-choice"
    target = _next(wanted[0], request)
    if len(wanted) > 1 or not target:
        raise RefusedError(_("The page to return to is not one of this site. Nothing was saved."))
    return target


def _next(target: str, request: HttpRequest) -> str:
    is_ours = target.isprintable() and url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours else ""


def _refuse_floods(request: HttpRequest) -> None:
    address = client_address(request)
    if SAVES.seconds_to_wait(address):
        words = _("Too many choices were sent from your network. Please try again in some minutes.")
        raise RefusedError(words, HTTPStatus.TOO_MANY_REQUESTS)
    SAVES.count(address)


def _controller(request: HttpRequest) -> dict[str, str]:
    site = Site.find_for_request(request)
    brand = BrandSettings.for_site(site) if site else BrandSettings()
    return {
        "name": brand.legal_name or brand.name,
        "address": ", ".join(brand.address_lines[1:]),
        "email": brand.email,
        "phone": brand.phone,
    }
