"""What the public reads of policies: the text in force, every version, comparisons, any day, and the records.

Views only find and print; `policies.versions.timeline` says which version holds when. No view looks at the page on
which a policy is edited: its URLs answer whatever becomes of that page. A slug under which no policy was published
is Wagtail's.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import unquote

from django.core.paginator import InvalidPage, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.views import serve as serve_page

from home import paging
from policies.facts.drift import changes_between
from policies.ledger.encoding import DamagedRecordError
from policies.ledger.verification import UNREADABLE
from policies.ledger.views import proof_response
from policies.models import Policy, PolicyVersion
from policies.models.versions import Status
from policies.redline import layout
from policies.redline.cached_comparison import compare_versions
from policies.text import headings
from policies.versions import feeds, integrity, timeline

VERSIONS_A_PAGE = 50
# The ways to see a comparison (in one text, one beside the other, as a list): its template, and how each lays the
# redline out.
WAYS: dict[str, tuple[str, Callable[[str], list[layout.Passage]]]] = {
    "": ("policies/compare.html", layout.inline),
    "side-by-side": ("policies/compare_side_by_side.html", layout.side_by_side),
    "list": ("policies/compare_list.html", lambda _html: []),
}

MOST_OFFERED = 100  # versions in a list to choose from; of more, one types the number


@dataclass(frozen=True)
class Choices:
    """What a comparison can be made of: the versions that hold last, one more than are offered if there are more."""

    policy: Policy
    versions: list[PolicyVersion]

    @property
    def offered(self) -> list[PolicyVersion]:
        return self.versions if len(self.versions) <= MOST_OFFERED else []

    @property
    def newest(self) -> int:
        """The greatest number."""
        return self.policy.versions.count()


P = ParamSpec("P")
PolicyView = Callable[Concatenate[HttpRequest, Policy, P], HttpResponse]
SlugView = Callable[Concatenate[HttpRequest, str, P], HttpResponse]


def published_policy(view: PolicyView[P]) -> SlugView[P]:
    """Pass the published policy with the slug to the view; without one, let Wagtail answer."""
    safe_view = require_safe(view)

    @wraps(view)
    def answer(request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        found = next((one for one in timeline.published() if one.slug == slug), None)
        if found is None:
            return serve_page(request, request.path_info.removeprefix("/"))
        if odd := _url_without_leading_zeros(request):
            return redirect(odd, permanent=True)
        try:
            return safe_view(request, found, *args, **kwargs)
        except UNREADABLE as error:
            if any(integrity.findings_about(found, timezone.now(), lambda: None)):
                raise DamagedRecordError(slug) from error
            raise

    return answer


@published_policy
def policy(request: HttpRequest, policy: Policy) -> HttpResponse:
    """Show the version in force; before the first takes effect, that one, labelled."""
    found = timeline.current_versions(policy)
    if found.version is None:
        if not found.upcoming:
            raise Http404(_("No version of this policy is in force or announced."))
        return _show(request, policy, found.upcoming[0].number)
    context = {
        "policy": policy,
        "version": found.version,
        "previous": found.previous,
        "next": found.upcoming[0] if found.upcoming else None,
        "upcoming": found.upcoming,
        "toc": found.contents,
    }
    return render(request, "policies/policy.html", context)


@published_policy
def versions(request: HttpRequest, policy: Policy) -> HttpResponse:
    """List the versions, fifty a page, the one that takes effect last first."""
    return _list(request, policy)


@published_policy
def version(request: HttpRequest, policy: Policy, number: int) -> HttpResponse:
    """Show one version, labelled with when it held."""
    return _show(request, policy, number)


@published_policy
def compare(request: HttpRequest, policy: Policy, old: int, new: int, *, way: str = "") -> HttpResponse:
    """Show what is different between two versions, whichever came first, in one of the WAYS."""
    if way not in WAYS:
        raise Http404
    if old == new:
        return redirect("policies:version", policy.slug, _version(policy, new).number)
    ours, theirs = _version(policy, old), _version(policy, new)
    template, lay_out = WAYS[way]
    marked = compare_versions(ours, theirs)
    context = {
        "policy": policy,
        "old": ours,
        "new": theirs,
        "way": way,
        "redline": marked,
        "passages": lay_out(marked.html),
        "changed_facts": changes_between(ours, theirs),
        "choices": _choices(policy),
        "summarised": _between(policy, ours, theirs),
        "is_unlisted": True,
    }
    return render(request, template, context)


@published_policy
def choose_comparison(request: HttpRequest, policy: Policy) -> HttpResponse:
    """Lead from the two versions of a form to their comparison; without any, to the form."""
    if not request.GET.keys() & {"old", "new"}:
        return redirect("policies:versions", policy.slug)
    old, new = (_typed_number(request.GET.get(name, "")) for name in ("old", "new"))
    if old is None or new is None or policy.versions.filter(number__in={old, new}).count() < len({old, new}):
        return _list(request, policy, error=_("There is no version with this number."))
    if old == new:
        return _list(request, policy, error=_("A version is the same as itself. Choose two."))
    way = request.GET.get("way")
    if way and way in WAYS:
        return redirect("policies:compare_as", policy.slug, old, new, way)
    return redirect("policies:compare", policy.slug, old, new)


@published_policy
def feed(request: HttpRequest, policy: Policy) -> HttpResponse:
    """Return the versions as an Atom feed."""
    return HttpResponse(feeds.atom_feed(policy), content_type=feeds.CONTENT_TYPE)


@published_policy
def on(request: HttpRequest, policy: Policy, day: str) -> HttpResponse:
    """Show what held at the end of a day, and name what held earlier on it; without a change, lead to the version.

    There are days without end, so that only those on which something changed have a page of their own.
    """
    now = timezone.now()
    try:
        wanted = _date(re.sub(r"-(?=\d(-|$))", "-0", day, flags=re.ASCII))
        if wanted.isoformat() != day:
            return redirect("policies:on", policy.slug, wanted.isoformat(), permanent=True)
        found = timeline.day(policy, wanted, now=now)
    except (ValueError, OverflowError):
        return _list(request, policy, day_error=_("There is no such day."), status=404)
    if found.version is None:
        first = policy.versions.listed().not_withdrawn().order_by("effective_at", "number").first()
        context = {"policy": policy, "day": found, "first": first}
        return render(request, "policies/before_first_version.html", context, status=404)
    if not found.has_change:
        return redirect("policies:version", policy.slug, found.version.number)
    return _show(request, policy, found.version.number, found)


@published_policy
def choose_day(request: HttpRequest, policy: Policy) -> HttpResponse:
    """Lead from the day of a form to what held on it; without a day, to the form."""
    typed = request.GET.get("day", "").strip()
    if not typed:
        return redirect("policies:versions", policy.slug)
    try:
        return redirect("policies:on", policy.slug, _date(typed).isoformat())
    except ValueError:
        return _list(request, policy, day_error=_("There is no such day."))


@published_policy
def record(request: HttpRequest, policy: Policy, number: int) -> HttpResponse:
    """Return the record: byte for byte what is hashed."""
    body = _version(policy, number).record.encode()
    return HttpResponse(body, content_type="application/json; charset=utf-8")


@published_policy
def record_hash(request: HttpRequest, policy: Policy, number: int) -> HttpResponse:
    """Return the record's hash, in the form that `sha256sum --check` reads."""
    line = f"{_version(policy, number).sha256}  record.json\n"
    return HttpResponse(line, content_type="text/plain; charset=utf-8")


@published_policy
def proof(request: HttpRequest, policy: Policy, number: int) -> HttpResponse:
    """Return the proof that the record is sealed in the ledger."""
    return proof_response(request, _version(policy, number))


def _show(request: HttpRequest, policy: Policy, number: int, day: timeline.Day | None = None) -> HttpResponse:
    now = timezone.now()
    known = policy.versions.select_related("policy", "withdrawal").with_status(now).with_end()
    version = get_object_or_404(known, number=number)
    context = {
        "policy": policy,
        "version": version,
        "in_force": policy.versions.listed().in_force(now),
        # Search engines list the text in force, under the policy's own URL.
        "canonical_path": policy.get_absolute_url() if version.status == Status.IN_FORCE else "",
        "is_unlisted": version.status != Status.IN_FORCE,
        "toc": headings.contents(version.html),
        "day": day,
    }
    if day:
        return render(request, "policies/in_force_on.html", context)
    listed = PolicyVersion.objects.listed()
    context["previous"] = listed.preceding(version).first()
    context["next"] = listed.following(version).first()
    return render(request, "policies/version.html", context)


def _list(
    request: HttpRequest, policy: Policy, *, error: str = "", day_error: str = "", status: int = 400
) -> HttpResponse:
    listed = policy.versions.listed().last_to_hold_first()
    pages = Paginator(listed.with_predecessor().with_status(timezone.now()).with_end(), VERSIONS_A_PAGE)
    typed = [] if error or day_error else request.GET.getlist("page")
    try:
        shown = pages.page(typed[-1] if typed else 1)
    except InvalidPage:
        raise Http404(_("There is no such page.")) from None
    if typed not in ([], [str(shown.number)] if shown.number > 1 else []):
        return redirect(paging.url_of_page(request, shown.number), permanent=True)
    context = {
        "policy": policy,
        "page_of_versions": shown,
        "choices": _choices(policy),
        "error": error,
        "day_error": day_error,
        "is_unlisted": shown.number > 1,
    }
    # Search engines should not list the answer to a wrong input.
    return render(request, "policies/versions.html", context, status=status if error or day_error else 200)


def _url_without_leading_zeros(request: HttpRequest) -> str:
    """Return the URL that has the same numbers, if it is another one."""
    match = request.resolver_match
    if match is None or not any(isinstance(value, int) for value in match.kwargs.values()):
        return ""
    url = reverse(match.view_name, kwargs=match.kwargs)
    return url if unquote(url) != request.path else ""


def _choices(policy: Policy) -> Choices:
    return Choices(policy, list(policy.versions.listed().last_to_hold_first()[: MOST_OFFERED + 1]))


def _between(policy: Policy, old: PolicyVersion, new: PolicyVersion) -> list[PolicyVersion]:
    """Return those that led from one to the other and say what they changed; none backwards or to a withdrawn one."""
    if old.is_withdrawn or new.is_withdrawn:
        return []
    later = policy.versions.listed().following(old).filter(effective_at__lte=new.effective_at)
    last = new.effective_at, new.number
    return [one for one in later.exclude(change_summary="") if (one.effective_at, one.number) <= last]


def _typed_number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\s*[0-9]{1,9}\s*", text, re.ASCII) else None


def _version(policy: Policy, number: int) -> PolicyVersion:
    return get_object_or_404(policy.versions.select_related("policy", "withdrawal"), number=number)


def _date(text: str) -> date:
    # The one form that a URL has: fromisoformat alone would also take 20260131 and 2026-W05-6.
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError(text)
    return date.fromisoformat(text)
