"""Tells staff who save a setting, a cookie, a recipient or a page which policies are no longer true by that.

It never refuses anything. The facts are looked at before and after the saving, and only what changed is told.
"""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from wagtail.admin import messages

from policies.facts import registry
from policies.facts.drift import UNUSED, Findings
from policies.models import Policy, StatedValue
from policies.text.quotes import isolated
from policies.versions.dashboard import PolicyStatus, statuses
from policies.versions.drafts import LONGEST_MESSAGE


def remember(request: HttpRequest, *_args: object) -> None:
    """Keep with the request what the facts state before it saves something, and their values for good."""
    if request.method == "POST":
        before = {key: registry.state(key) for key in registry.facts()}
        StatedValue.note(registry.stated_now(before.get))
        request.facts_before = before  # type: ignore[attr-defined]


def remember_if_published(request: HttpRequest, *_args: object) -> None:
    """Do so for a page only when that may publish it: a draft changes nothing."""
    if request.POST.keys() & {"action-publish", "action-workflow-action"}:
        remember(request)


def warn(request: HttpRequest, *_args: object) -> None:
    """Say which versions in force and announced are no longer true, and lead to the draft that is."""
    before = getattr(request, "facts_before", {})
    changed = set(registry.changed_keys(before, {key: registry.state(key) for key in before}))
    policies = Policy.objects.published().order_by("title", "pk") if changed else []
    for status in statuses(policies, now=timezone.now()):
        said = [(_("“%(version)s” is no longer true. %(what)s"), status.in_force, status.findings)]
        words = _("“%(version)s”, announced for %(day)s, will not be true. %(what)s")
        said += [(words, *one) for one in status.coming_findings]
        for words, version, findings in said:
            if differences := " ".join(_differences(findings, changed)):
                named = {"version": version, "day": version and version.effective_day, "what": differences}
                buttons = _buttons(request, status) if version == status.in_force else []
                messages.warning(request, Truncator(words % named).chars(LONGEST_MESSAGE), buttons=buttons)


def _buttons(request: HttpRequest, status: PolicyStatus) -> list[tuple[str, str, bool]]:
    if status.page is None or not (status.needs_draft and status.may_be_edited_by(request.user)):
        return []
    url = reverse("policy_begin", args=[status.page.pk])
    return [messages.button(url, _("Begin the draft that says it"))]


def _differences(findings: Findings, changed: set[str]) -> Iterator[str]:
    for drift in findings.drifts:
        if drift.key in changed:
            yield f"{drift.label}: {'; '.join(drift.changes)}."
    for typed in findings.typed:
        if typed.known.fact in changed:
            named = {"value": isolated(typed.value), "fact": typed.label}
            yield _("Typed by hand: “%(value)s” (%(fact)s).") % named
    if changed & {"cookies", "services"}:
        yield from (UNUSED % {"category": name} for name in findings.unused)
