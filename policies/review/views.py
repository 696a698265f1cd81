"""The page on which a draft of a policy is reviewed: its redline, its statement, what follows, approve or return.

A reviewer approves exactly what the page showed: the form carries its fingerprint, and a draft that has changed since
is shown again instead of being published.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.widgets import Button
from wagtail.models import Page, TaskState

from policies.models import Policy, PolicyPage
from policies.review import workflow
from policies.versions import publication_preview
from policies.versions.staff_views import editable_page

LONGEST_COMMENT = 2000  # characters; the form says so too


class ReviewView(WagtailAdminTemplateMixin, TemplateView):
    """Shows a draft to whoever may edit it, and takes the reviewer's decision."""

    template_name = "policies/admin/review.html"
    page_title = gettext_lazy("Review")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "clipboard-list"
    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Tell reviewers who follow an old link that nothing waits, instead of turning them away."""
        try:
            # Not kept: a decision reads the page under its lock.
            editable_page(request, self.kwargs["page_id"])
        except PermissionDenied:
            policy = Policy.objects.filter(pages=self.kwargs["page_id"]).first()
            if policy is None or not request.user.has_perm("policies.view_policyversion"):
                raise
            words = _(
                "This draft was already approved or returned, or never submitted. You do not need to review it."
            )
            if policy.page.workflow_in_progress:
                words = _("This draft is under review. Others were asked to review it.")
            messages.info(request, words)
            return redirect("policy-overview:inspect", policy.pk)
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def page(self) -> PolicyPage:
        return editable_page(self.request, self.kwargs["page_id"])

    @cached_property
    def task_state(self) -> TaskState | None:
        return self.page.current_workflow_task_state

    @cached_property
    def preview(self) -> publication_preview.PublicationPreview:
        return publication_preview.preview_latest_draft(self.page)

    @cached_property
    def may_decide(self) -> bool:
        return workflow.awaits(self.page, self.request.user)

    def get_page_subtitle(self) -> str:
        """Say which policy it is, and what approving the draft would do."""
        return f"{self.preview.name}: {self.preview.headline}"

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        """Lead back to the editor."""
        editor = reverse("wagtailadmin_pages:edit", args=[self.page.pk])
        return [
            *super().get_breadcrumbs_items(),
            {"url": editor, "label": self.page.get_admin_display_title()},
            {"url": "", "label": _("Review")},
        ]

    def get_header_more_buttons(self) -> list[Button]:
        editor = reverse("wagtailadmin_pages:edit", args=[self.page.pk])
        preview = reverse("wagtailadmin_pages:view_draft", args=[self.page.pk])
        edit = Button(_("Edit"), url=editor, icon_name="edit")
        return sorted([edit, Button(_("As a page"), url=preview, icon_name="view")])

    @transaction.atomic
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Approve, which publishes, or return to the editor with a comment."""
        # Nobody saves another draft between the look at this one and its publication: that writes to the same row.
        Page.objects.select_for_update().filter(pk=self.kwargs["page_id"]).first()
        if self.task_state is None:
            messages.error(request, _("This draft is not waiting for review."))
            return redirect("policy_review", self.page.pk)
        if not self.may_decide:
            raise PermissionDenied
        comment = request.POST.get("comment", "").replace("\r\n", "\n").strip()
        decision = request.POST.get("decision", "")
        if problem := self._problem(decision, comment, request.POST.get("seen", "")):
            messages.error(request, problem)
            context = self.get_context_data(comment=comment, comment_error=decision == "reject" and problem)
            return self.render_to_response(context, status=422)
        self._decide(self.task_state, decision, comment)
        return redirect("wagtailadmin_home")

    def _problem(self, decision: str, comment: str, seen: str) -> str:
        """Return why the decision cannot be carried out; empty where it can."""
        if decision not in {"approve", "reject"}:
            return _("Approve the text, or return it.")
        if len(comment) > LONGEST_COMMENT or (decision == "reject" and not comment):
            words = _("Say what has to change, in at most %(most)s characters. It is sent to the author.")
            return words % {"most": LONGEST_COMMENT}
        if decision == "approve":
            if seen != self.preview.fingerprint:
                return _("The text has changed since you opened this page. Look at it again.")
            if self.preview.missing:
                words = _("The draft does not say: %(what)s. Return it, or fill this in.")
                return words % {"what": ", ".join(self.preview.missing)}
            return " ".join(self.preview.problems)
        return ""

    def _decide(self, task_state: TaskState, decision: str, comment: str) -> None:
        task_state.task.specific.on_action(task_state, self.request.user, decision, comment=comment)
        if decision == "approve":
            page = PolicyPage.objects.get(pk=self.page.pk)
            words = _("“%(title)s” was approved. %(outcome)s")
            if publication_preview.new_version(page):
                words = _("“%(title)s” was approved and published. %(outcome)s")
            names = {"title": page.title, "outcome": publication_preview.outcome(page)}
        else:
            words = _("“%(title)s” went back to its author with your comment.")
            names = {"title": self.page.get_admin_display_title()}
        messages.success(self.request, words % names)
