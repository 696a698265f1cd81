"""The status of each policy for staff: versions in force and to come, the draft that waits, and drift.

The panel on the dashboard and the list of policies show it. However many policies and versions there are, it asks the
database the same few questions, and each live fact once. It never writes.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import F, Max, Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail.admin.ui.components import Component
from wagtail.models import Page
from wagtail.query import PageQuerySet

from home.models import User
from policies.consent import notices
from policies.facts.drift import Findings, RunningSystem, examine, outdated
from policies.ledger import daily_check, encoding, schedule
from policies.ledger.verification import UNREADABLE
from policies.models import LedgerCheck, LedgerHead, LedgerWitness, Policy, PolicyVersion
from policies.models.versions import Status
from policies.versions import rules
from policies.versions.permissions import may_withdraw

_NEGLECTED = timedelta(days=2)  # without a check: the worker does not run
RIGHT = "policies.view_policyversion"


class DraftState(models.TextChoices):
    """What is unpublished on the page where a policy is edited."""

    NONE = "", ""
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")


@dataclass
class PolicyStatus:
    """The status of one policy."""

    policy: Policy
    in_force: PolicyVersion | None = None
    coming: list[PolicyVersion] = field(default_factory=list)
    page: Page | None = None
    findings: Findings = field(default_factory=Findings)
    coming_findings: list[tuple[PolicyVersion, Findings]] = field(default_factory=list)  # those with any
    # Announced versions with the one published since whose change they undo.
    undoing: list[tuple[PolicyVersion, PolicyVersion]] = field(default_factory=list)

    @property
    def draft(self) -> DraftState:
        """Whether the page has unpublished changes, and whether they are under review."""
        if self.page is None:
            return DraftState.NONE
        if self.page.workflow_in_progress:
            return DraftState.IN_REVIEW
        return DraftState.DRAFT if self.page.has_unpublished_changes else DraftState.NONE

    @property
    def is_without_page(self) -> bool:
        """Whether a text is in force whose page is gone or unpublished."""
        return self.in_force is not None and not (self.page and self.page.live)

    @property
    def damaged(self) -> list[PolicyVersion]:
        """The versions, of those in force and announced, whose record differs from what was published."""
        known = [self.in_force, *self.coming]
        return [one for one in known if one and encoding.sha256(one.record) != one.sha256]

    @property
    def needs_draft(self) -> bool:
        """Whether the text in force says what no longer holds, and no announced version says what does."""
        return bool(self.findings.typed) or any(one.announced is None for one in self.findings.drifts)

    @property
    def differences(self) -> int:
        """How much of what is in force or announced is not so."""
        return len(self.findings) + sum(len(found) for _version, found in self.coming_findings)

    @property
    def is_as_published(self) -> bool:
        """Whether nobody needs to do anything about it."""
        return not (self.differences or self.damaged or self.undoing or self.draft)

    def add_coming(self, version: PolicyVersion) -> None:
        """Add the announced version that follows all those added before."""
        predecessor = self.coming[-1] if self.coming else self.in_force
        self.coming.append(version)
        with suppress(encoding.DamagedRecordError):
            if predecessor is not None and rules.will_undo(version, predecessor):
                self.undoing.append((version, predecessor))

    def may_be_edited_by(self, user: User | AnonymousUser) -> bool:
        return self.page is not None and self.page.permissions_for_user(user).can_edit()


def statuses(policies: Iterable[Policy], *, now: datetime) -> list[PolicyStatus]:
    """Return the status of each policy, in the order given."""
    found = {policy.pk: PolicyStatus(policy) for policy in policies}
    versions = PolicyVersion.objects.filter(policy__in=list(found)).with_status(now).select_related("policy")
    now_or_later = versions.filter(Q(status__in=[Status.IN_FORCE, Status.COMING]))
    for version in now_or_later.order_by("effective_at", "number"):
        if version.status == Status.IN_FORCE:
            found[version.policy_id].in_force = version
        else:
            found[version.policy_id].add_coming(version)
    # prefetch_workflow_states works on plain pages only.
    pages: PageQuerySet = PageQuerySet(Page).filter(policypage__policy__in=list(found)).order_by("-pk")
    named = pages.annotate(policy_id=F("policypage__policy")).select_related("latest_revision__user")
    for page in named.defer("latest_revision__content").prefetch_workflow_states():
        found[page.policy_id].page = page
    system = RunningSystem()
    for status in found.values():
        status.findings = examine(status.in_force, system, status.coming)
        status.coming_findings = [(one, stale) for one in status.coming if (stale := outdated(one, system))]
    return list(found.values())


def ledger_status(now: datetime) -> dict[str, Any]:
    """Return what the panel says of the record itself: what the last check found, and who looked after it when."""
    check = daily_check.last_check()
    if check is None and LedgerCheck.objects.filter(pk=1).exists():
        raise ValueError("The row of the daily check cannot be read.")
    return {
        "checked": check and check.finished_at,
        "findings": check.findings if check else [],
        "is_neglected": check and schedule.is_due(check.finished_at, every=_NEGLECTED, now=now),
        "sealed": LedgerHead.objects.filter(number__gt=0).aggregate(last=Max("time"))["last"],
        "timestamped": LedgerWitness.objects.filter(authority__gt="").aggregate(last=Max("time"))["last"],
        "mailed": LedgerWitness.objects.filter(authority="").aggregate(last=Max("time"))["last"],
    }


class PoliciesPanel(Component):
    """A line for each policy that was ever published."""

    name = "policies"
    template_name = "policies/admin/dashboard.html"
    order = 50  # above Wagtail's own

    class Media:
        css = {"all": ["css/admin/policies.css"]}

    def render_html(self, parent_context: Any = None) -> SafeString:
        """Say that it cannot be shown, where it cannot: the rest of the dashboard stays."""
        try:
            return super().render_html(parent_context)
        except UNREADABLE:
            logging.getLogger(__name__).exception("The state of the policies cannot be shown.")
            return render_to_string(self.template_name, {"is_unreadable": True})

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        request, now = parent_context["request"], timezone.now()
        listed = statuses(Policy.objects.published().order_by("title", "pk"), now=now)
        waiting = notices.unasked_services(now)
        ledger = ledger_status(now)
        return {
            "csrf_token": parent_context.get("csrf_token"),
            "ledger": ledger,
            "lines": [(status, status.may_be_edited_by(request.user)) for status in listed],
            "waiting_services": waiting,
            "may_withdraw": may_withdraw(request.user),
            "is_all_as_published": not (waiting or ledger["findings"])
            and all(status.is_as_published for status in listed),
        }


def add_panel(request: HttpRequest, panels: list[Component]) -> None:
    """Show the policies to those who may see their versions."""
    if request.user.has_perm(RIGHT):
        panels.append(PoliciesPanel())
