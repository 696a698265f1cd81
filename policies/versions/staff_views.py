"""What staff do about policies and versions: export them, make drafts, preview a publication, withdraw a version.

No published version is changed. What staff see is in `policies.versions.viewsets`.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST, require_safe
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.models import Revision

from home import mail_queue
from home.models import User
from policies.models import Policy, PolicyPage, PolicyVersion
from policies.versions import beginnings, drafts, export, publication_preview, publishing
from policies.versions.dashboard import RIGHT, statuses
from policies.versions.permissions import may_withdraw


def editable_page(request: HttpRequest, page_id: int) -> PolicyPage:
    """Return the page. PermissionDenied for those who may not edit it; its reviewers may."""
    # Past the largest number SQLite raises OverflowError where PostgreSQL finds nothing.
    page = get_object_or_404(PolicyPage, pk=min(page_id, models.BigIntegerField.MAX_BIGINT)).specific
    if not page.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    return page


@require_GET
def show_publication_preview(
    request: HttpRequest, page_id: int, part: str = "publication_preview"
) -> HttpResponse:
    """Answer the editor's panel with what publishing would do, or with another part of it."""
    context = {"preview": publication_preview.preview_latest_draft(editable_page(request, page_id))}
    return render(request, f"policies/admin/{part}.html", context)


@require_safe
@permission_required(RIGHT, raise_exception=True)
def export_zip(_request: HttpRequest, pk: int | None = None) -> FileResponse:
    """Send the auditor's ZIP: of one policy, or of all."""
    published = Policy.objects.published()
    only = get_object_or_404(published, pk=pk) if pk else None
    archive = export.write([only] if only else published)
    response = FileResponse(archive, as_attachment=True, filename=export.file_name(only))
    response.headers["Cache-Control"] = "private, no-store"
    return response


@require_POST
def make_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft that states the facts as they are now, and open it. Open the draft that exists, if there is one."""
    [status] = statuses([get_object_or_404(Policy, pk=pk)], now=timezone.now())
    if status.page is None:
        words = _("This policy has no page any more. Import or write a new one to replace it.")
        messages.error(request, words)
        return redirect("policy-overview:inspect", pk)
    if not status.may_be_edited_by(request.user):
        raise PermissionDenied
    if not (status.findings.drifts or status.findings.typed):
        messages.info(request, _("Every fact is as published: there is nothing to bring up to date."))
        return redirect("policy-overview:inspect", pk)
    try:
        drafts.state_new_facts(page=status.page, user=request.user, drifts=status.findings.drifts)
    except drafts.NoDraftError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("This draft states the facts as they are now. Read it, and publish it."))
        if status.findings.typed:
            words = _("Replace what is typed by hand by live facts. The tab “Publish” lists it.")
            messages.warning(request, words)
    return redirect("wagtailadmin_pages:edit", status.page.pk)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a version that is still to come."""
    version = get_object_or_404(PolicyVersion, pk=pk)
    if not may_withdraw(request.user):
        raise PermissionDenied
    reason = request.POST.get("reason", "").strip()
    if not reason or "sure" not in request.POST:
        messages.error(
            request, _("Say why, and tick that you are sure. The reason is kept with the version.")
        )
        return redirect("policy-versions:inspect", pk)
    try:
        publishing.withdraw(version=version, by=request.user, reason=reason)
    except publishing.NotWithdrawableError:
        words = _("This version has taken effect or was withdrawn before. Publish another one to replace it.")
        messages.error(request, words)
    else:
        messages.success(request, _("The version was withdrawn. It never takes effect."))
        _tell_author(version, by=request.user, reason=reason)
    return redirect("policy-versions:inspect", pk)


def _tell_author(version: PolicyVersion, *, by: User, reason: str) -> None:
    """Mail the withdrawal to who saved the text last before it was published, unless it is their own doing."""
    saved = version.page.revisions.order_by("-pk") if version.page else Revision.objects.none()
    draft = saved.filter(created_at__lte=version.recorded_at).first()
    if draft and draft.user and draft.user != by:
        context = {"version": version, "by": by, "reason": reason, "site": settings.SITE_URL}
        text = render_to_string("emails/policy_withdrawn.txt", context)
        mail_queue.queue(to=[draft.user.email], subject=_("Withdrawn: %s") % version, text=text)


@require_POST
def put_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft of a version's text, and open it in the editor. An unfinished draft is replaced only if ticked."""
    version = get_object_or_404(PolicyVersion.objects.select_related("policy"), pk=pk)
    try:
        page = drafts.page_of(version)
        drafts.refuse_page(page, request.user, replaces_draft="replaces_draft" in request.POST)
        drafts.refuse_unseen(page, request.POST.get("seen", ""))
        draft = drafts.put_back(version=version, user=request.user)
    except drafts.NoDraftError as error:
        messages.error(request, str(error))
        return redirect("policy-versions:inspect", pk)
    words = _("The draft has the text of version %(number)s. Say what changed, then publish it or submit it.")
    messages.success(request, words % {"number": version.number})
    return redirect("wagtailadmin_pages:edit", draft.object_id)


# --- Where a draft begins --------------------------------------------------------------------------------------
class BeginDraftView(WagtailAdminTemplateMixin, TemplateView):
    """Asks what a draft changes while a version is announced: what holds before it, the announced text, or after."""

    template_name = "policies/admin/begin_draft.html"
    page_title = gettext_lazy("What do you want to change?")  # type: ignore[assignment]  # Wagtail declares str
    header_icon = "edit"
    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.page = editable_page(request, self.kwargs["page_id"])
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        parent = reverse("wagtailadmin_explore", args=[self.page.get_parent().pk])
        return [
            *super().get_breadcrumbs_items(),
            {"url": parent, "label": self.page.get_admin_display_title()},
            {"url": "", "label": str(self.page_title)},
        ]

    def get_page_subtitle(self) -> str:
        return self.page.get_admin_display_title()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.page
        options = beginnings.of_page(page, now=timezone.now())
        newest = page.policy.versions.newest() if page.policy else None
        latest = page.get_latest_revision_as_object()
        return {
            **super().get_context_data(**kwargs),
            "options": options,
            "draft": page.has_unpublished_changes,
            "base": latest.replaces or latest.based_on,
            "withdrawn": newest if newest and newest.is_withdrawn else None,
            "must_be_chosen": beginnings.must_be_chosen(page, now=timezone.now()),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Make the draft, or say of the one that exists what it changes, and open it."""
        sent = request.POST
        try:
            beginnings.begin(
                page=self.page,
                key=sent.get("beginning", ""),
                keep_text=sent.get("keep") == "yes",
                seen=sent.get("seen", ""),
                user=request.user,
            )
        except drafts.NoDraftError as error:
            messages.error(request, str(error))
            return redirect("policy_begin", self.page.pk)
        return redirect("wagtailadmin_pages:edit", self.page.pk)


@require_POST
def rebase(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft of an announced version that has what was changed since, and open it."""
    version = get_object_or_404(PolicyVersion.objects.select_related("policy"), pk=pk)
    try:
        draft, conflicts = drafts.rebase(
            version=version, user=request.user, replaces_draft="replaces_draft" in request.POST
        )
    except drafts.NoDraftError as error:
        messages.error(request, str(error))
        return redirect("policy-versions:inspect", pk)
    words = _(
        "The draft is version %(number)s with what was changed since. Read it, then publish it or submit it."
    )
    messages.success(request, words % {"number": version.number})
    for what in conflicts:
        words = _("Both changed this, and the announced text stays. Not taken over: %(what)s")
        messages.warning(request, words % {"what": what})
    return redirect("wagtailadmin_pages:edit", draft.object_id)
