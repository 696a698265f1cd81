"""What the public reads of policies: the text in force, every version, comparisons, any day, and the records.

Views only find and print; which version holds when is `policies.timeline`'s to say. No view looks at the page on
which a policy is edited: its addresses answer whatever becomes of that page. A slug under which no policy was
published is Wagtail's.
"""

import re
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.views import serve as serve_page

from policies import cleaning, facts, redline, timeline
from policies.models import Policy, PolicyVersion

P = ParamSpec("P")
PolicyView = Callable[Concatenate[HttpRequest, Policy, P], HttpResponse]
SlugView = Callable[Concatenate[HttpRequest, str, P], HttpResponse]


def of_policy(view: PolicyView[P]) -> SlugView[P]:
    """Give the view the published policy of the address; without one, let Wagtail answer."""
    safe_view = require_safe(view)

    @wraps(view)
    def answer(request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        found = Policy.objects.published().filter(slug=slug).first()
        if found is None:
            return serve_page(request, request.path_info.removeprefix("/"))
        return safe_view(request, found, *args, **kwargs)

    return answer


@of_policy
def policy(request: HttpRequest, policy: Policy) -> HttpResponse:
    """Show the version in force; before the first takes effect, that one, labelled."""
    now = timezone.now()
    version = policy.in_force(now)
    upcoming = list(policy.versions.listed().pending(now))
    if version is None:
        if not upcoming:
            raise Http404(_("No version of this policy is in force or announced."))
        return _show(request, policy, get_object_or_404(policy.versions, pk=upcoming[0].pk))
    context = {
        "policy": policy,
        "version": version,
        "previous": PolicyVersion.objects.listed().preceding(version).first(),
        "upcoming": upcoming,
        "toc": cleaning.contents(version.html),
    }
    return render(request, "policies/policy.html", context)


@of_policy
def versions(request: HttpRequest, policy: Policy) -> HttpResponse:
    listed = timeline.entries(policy.versions.listed(), now=timezone.now())
    return render(request, "policies/versions.html", {"policy": policy, "entries": listed})


@of_policy
def version(request: HttpRequest, policy: Policy, number: int) -> HttpResponse:
    """Show one version, labelled with when it held."""
    return _show(request, policy, _version(policy, number))


@of_policy
def compare(request: HttpRequest, policy: Policy, old: int, new: int) -> HttpResponse:
    """Show what is different between two versions, whichever came first."""
    if old == new:
        return redirect("policies:version", policy.slug, _version(policy, new).number)
    found = {v.number: v for v in policy.versions.filter(number__in=[old, new])}
    if len(found) != 2:  # noqa: PLR2004 - the two asked for
        raise Http404(_("There is no version with this number."))
    context = {
        "policy": policy,
        "old": found[old],
        "new": found[new],
        "redline": redline.of_versions(found[old], found[new]),
        "changed_facts": _changed_facts(found[old], found[new]),
    }
    return render(request, "policies/compare.html", context)


@of_policy
def on(request: HttpRequest, policy: Policy, day: str) -> HttpResponse:
    """Show what held at the end of a day, and name what held earlier on it."""
    now = timezone.now()
    try:
        found = timeline.day(policy, _date(day), now=now)
    except (ValueError, OverflowError):
        raise Http404(_("There is no such day.")) from None
    if found.version is None:
        context = {"policy": policy, "day": found, "first": _first(policy)}
        return render(request, "policies/before_first.html", context, status=404)
    return _show(request, policy, found.version, template="policies/on.html", day=found)


@of_policy
def record(request: HttpRequest, policy: Policy, number: int) -> HttpResponse:
    """Hand out the record: byte for byte what is hashed."""
    body = _version(policy, number).record.encode()
    return HttpResponse(body, content_type="application/json; charset=utf-8")


@of_policy
def record_hash(request: HttpRequest, policy: Policy, number: int) -> HttpResponse:
    """Hand out the record's hash, in the form that `sha256sum --check` reads."""
    line = f"{_version(policy, number).sha256}  record.json\n"
    return HttpResponse(line, content_type="text/plain; charset=utf-8")


def _show(
    request: HttpRequest,
    policy: Policy,
    version: PolicyVersion,
    *,
    template: str = "policies/version.html",
    day: timeline.Day | None = None,
) -> HttpResponse:
    place = timeline.place(version, now=timezone.now())
    context = {
        "policy": policy,
        "version": version,
        "status": place.status,
        "valid_from": place.valid_from,
        "valid_until": place.valid_until,
        "in_force": place.in_force,
        "toc": cleaning.contents(version.html),
        "day": day,
    }
    return render(request, template, context)


def _version(policy: Policy, number: int) -> PolicyVersion:
    return get_object_or_404(policy.versions.select_related("policy", "withdrawal"), number=number)


def _first(policy: Policy) -> PolicyVersion | None:
    return policy.versions.listed().standing().order_by("effective_at", "number").first()


def _date(text: str) -> date:
    # The one form of an address: fromisoformat alone would also take 20260131 and 2026-W05-6.
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError(text)
    return date.fromisoformat(text)


def _changed_facts(old: PolicyVersion, new: PolicyVersion) -> list[str]:
    """Name the facts that two versions state differently, whether or not their texts print them."""
    keys = sorted(old.facts.keys() | new.facts.keys())
    return [_fact_label(key) for key in keys if old.facts.get(key) != new.facts.get(key)]


def _fact_label(key: str) -> str:
    if key == "notice":
        return _("Words of the consent bar")
    fact = facts.get(key)
    return str(fact.label) if fact else key
