"""What the policies app adds to the admin: one menu entry with its staff screens, and a panel on the dashboard."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.action_menu import ActionMenuItem
from wagtail.admin.admin_url_finder import register_admin_url_finder
from wagtail.admin.menu import MenuItem
from wagtail.admin.utils import get_user_display_name
from wagtail.admin.viewsets.model import ModelViewSetGroup
from wagtail.admin.wagtail_hooks import PageAdminURLFinder
from wagtail.models import Page, WorkflowState
from wagtail.signals import workflow_submitted

from home.jobs import Job
from home.models import User
from home.page_cache.schedule import NextChange
from home.today import Step
from policies.consent import daily_sums, declared
from policies.consent import personal_data as consent_personal_data
from policies.consent import viewsets as consent_viewsets
from policies.consent.report_views import ConsentReportView
from policies.facts import company, untrue_after_saving
from policies.facts import recipients as recipients_fact
from policies.facts import viewsets as fact_viewsets
from policies.facts.registry import Fact
from policies.importing import views as import_views
from policies.ledger import daily_check, sealing, weekly_mail, witness
from policies.ledger.daily_check import RecordCheck
from policies.models import ConsentRecord, Policy, PolicyPage, PolicyVersion, VersionWithdrawal
from policies.models.ledger import LedgeredModel
from policies.personal_data import access_log, processing, processing_views, register
from policies.personal_data import viewsets as personal_data_viewsets
from policies.personal_data.processing_views import ProcessingRecordView
from policies.review import reminders, workflow
from policies.review import views as review_views
from policies.versions import (
    beginnings,
    dashboard,
    footer,
    frozen_texts,
    integrity,
    publication_preview,
    staff_views,
    timeline,
)
from policies.versions import viewsets as version_viewsets


class ConsentReportMenuItem(MenuItem):
    """Leads to the report on choices, for staff who may see consent records."""

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("policies.view_consentrecord")


@hooks.register("register_admin_viewset")
class PoliciesGroup(ModelViewSetGroup):
    menu_label = _("Policies")
    menu_icon = "doc-full"
    menu_order = 60
    items = (*version_viewsets.viewsets, *consent_viewsets.viewsets, personal_data_viewsets.viewset)  # type: ignore[assignment]  # Wagtail declares ()

    def get_submenu_items(self) -> list[MenuItem]:
        """Add the screens that belong to no list."""
        items = super().get_submenu_items()
        report = ConsentReportMenuItem(
            _("Choices about cookies"),
            reverse("consent_report"),
            icon_name="tick-inverse",
            order=len(items) + 1,
        )
        order = len(items) + 2
        return [*items, report, processing_views.menu_item(order), import_views.menu_item(order + 1)]


@hooks.register("register_page_action_menu_item")
class ReviewMenuItem(ActionMenuItem):
    """Leads from the editor to the review of its draft, if the draft waits for this person."""

    label = _("Review and approve")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    icon_name = "clipboard-list"
    order = 5

    def is_shown(self, context: dict[str, Any]) -> bool:
        page: Any = context.get("page")
        return isinstance(page, PolicyPage) and workflow.awaits(page, context["request"].user)

    def get_url(self, parent_context: dict[str, Any]) -> str:
        return reverse("policy_review", args=[parent_context["page"].pk])


@hooks.register("register_page_action_menu_item")
class BeginAgainMenuItem(ActionMenuItem):
    """Leads from the editor to the choice of what the draft changes, while another version is announced."""

    label = _("Start from another text")  # type: ignore[assignment]  # as above
    icon_name = "resubmit"
    order = 6

    def is_shown(self, context: dict[str, Any]) -> bool:
        page: Any = context.get("page")
        if context["view"] != "edit" or not isinstance(page, PolicyPage) or page.policy is None:
            return False
        return not page.workflow_in_progress and page.policy.versions.pending(timezone.now()).exists()

    def get_url(self, parent_context: dict[str, Any]) -> str:
        return reverse("policy_begin", args=[parent_context["page"].pk])


@hooks.register("construct_page_action_menu")
def make_review_the_main_button(
    menu_items: list[ActionMenuItem], _request: HttpRequest, context: dict[str, Any]
) -> None:
    """Offer first, for a policy, what leads on: to submit the draft for review, or to review it.

    Who is asked to review the draft publishes it there, with its redline in sight.
    """
    if isinstance(context.get("page"), PolicyPage):
        if any(isinstance(item, ReviewMenuItem) for item in menu_items):
            menu_items[:] = [item for item in menu_items if item.name != "action-publish"]
        menu_items.sort(
            key=lambda item: item.name != "action-submit" and not isinstance(item, ReviewMenuItem)
        )


class PolicyURLFinder(PageAdminURLFinder):
    """Leads from Wagtail's own lists to the review of a draft, if it waits for this person; else to the editor."""

    def get_edit_url(self, instance: PolicyPage) -> str | None:
        if self.user and workflow.awaits(instance, self.user):
            return reverse("policy_review", args=[instance.pk])
        return super().get_edit_url(instance)


register_admin_url_finder(PolicyPage, PolicyURLFinder)
# Wagtail asks owners twice: of the workflow, and of its first step.
_mail_of_workflow = "workflow_state_submitted_email_notification"
workflow_submitted.disconnect(sender=WorkflowState, dispatch_uid=_mail_of_workflow)
hooks.register("construct_homepage_panels", dashboard.add_panel)
hooks.register("register_admin_viewset", lambda: fact_viewsets.viewset)
for action in ("edit_setting", "unpublish_page", "delete_page", "bulk_action"):
    hooks.register(f"before_{action}", untrue_after_saving.remember)
    hooks.register(f"after_{action}", untrue_after_saving.warn)
for action in ("create_page", "edit_page"):  # a form page says how long its messages are kept
    hooks.register(f"before_{action}", untrue_after_saving.remember_if_published)
    hooks.register(f"after_{action}", untrue_after_saving.warn)


@hooks.register("before_edit_page")
def ask_what_a_draft_changes(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Ask where a draft begins while the page has another text than the one in force, or a draft does not say."""
    if request.method != "GET" or not isinstance(page, PolicyPage) or page.policy is None:
        return None
    if page.workflow_in_progress or not page.permissions_for_user(request.user).can_edit():
        return None
    return redirect("policy_begin", page.pk) if beginnings.must_be_chosen(page, now=timezone.now()) else None


@hooks.register("before_edit_page")
def show_why_it_was_returned(request: HttpRequest, page: Page) -> None:
    """Tell the author what the reviewer wants to be changed, until the draft is submitted again."""
    state = page.current_workflow_state if isinstance(page, PolicyPage) else None
    if request.method == "GET" and state is not None and state.status == state.STATUS_NEEDS_CHANGES:
        words, task_state = gettext("%(name)s returned this draft: “%(comment)s”"), state.current_task_state
        names = {"name": get_user_display_name(task_state.finished_by), "comment": task_state.comment}
        messages.warning(request, words % names)


@hooks.register("after_edit_page", order=-1)  # before what else is said
def say_who_reviews(request: HttpRequest, page: Page) -> None:
    """Say who was asked to review what was submitted, instead of Wagtail's words about moderation."""
    is_submitted = isinstance(page, PolicyPage) and "action-submit" in request.POST
    # The page that was edited still has the workflows of before.
    task = PolicyPage.objects.get(pk=page.pk).current_workflow_task if is_submitted else None
    if task is not None:
        list(get_messages(request))  # drops them
        words = gettext("“%(title)s” was submitted. Asked to review it: %(names)s.")
        people = User.objects.filter(is_active=True, groups__in=task.groups.all())
        names = ", ".join(sorted({get_user_display_name(person) for person in people})) or "–"
        messages.success(request, words % {"title": page.get_admin_display_title(), "names": names})


@hooks.register("before_bulk_action")
def refuse_bulk_publication(
    request: HttpRequest, action_type: str, objects: Iterable[Any], _action: object
) -> HttpResponse | None:
    """Refuse to publish policies in bulk: nobody has seen what each of them would do."""
    with_children = bool(request.POST.get("include_descendants"))
    pages = [one for one in objects if isinstance(one, Page)] if action_type == "publish" else []
    if not any(_publishes_policy(page, with_children=with_children) for page in pages):
        return None
    messages.error(request, gettext("Publish each policy on its own page, where you see what it changes."))
    return redirect("wagtailadmin_home")


def _publishes_policy(page: Page, *, with_children: bool) -> bool:
    """Return whether publishing a page in bulk publishes a policy: of its children Wagtail takes those not live."""
    if isinstance(page.specific, PolicyPage):
        return True
    return with_children and page.get_descendants().not_live().type(PolicyPage).exists()


@hooks.register("before_copy_page")
def refuse_alias(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Refuse an alias of a policy page: it would be a second page of the policy, live without a review."""
    pages = page.get_descendants(inclusive=True) if request.POST.get("copy_subpages") else [page]
    if not request.POST.get("alias") or not any(isinstance(one.specific, PolicyPage) for one in pages):
        return None
    words = gettext("A policy page cannot have an alias. Copy it instead, as a policy of its own.")
    messages.error(request, words)
    return redirect("wagtailadmin_pages:copy", page.pk)


@hooks.register("before_edit_page")
def drop_late_decision(request: HttpRequest, page: Page) -> None:
    """Drop a decision that comes after somebody else's, and save the changes. Wagtail alone shows an error page."""
    if not request.POST.get("action-workflow-action") or page.current_workflow_task is not None:
        return
    sent = request.POST.copy()
    del sent["action-workflow-action"]
    request.POST = sent  # type: ignore[assignment]  # Django declares the one that nobody may change
    words = gettext("Somebody else has already decided. Your changes were saved as a draft.")
    messages.warning(request, words)


@hooks.register("after_copy_page")
def say_that_a_copy_is_a_draft(request: HttpRequest, page: Page, copy: Page) -> None:
    """Tell the editor that a copy is not published, even if Wagtail was told to publish copies."""
    if isinstance(copy.specific, PolicyPage) and request.POST.get("publish_copies"):
        words = gettext("“%(title)s” is a draft: a policy begins when its first version is published.")
        messages.info(request, words % {"title": copy.get_admin_display_title()})


@hooks.register("register_admin_urls")
def admin_urls() -> list[URLPattern]:
    preview = staff_views.show_publication_preview
    return [
        path("policy-import/", import_views.ImportView.as_view(), name="policies_import"),
        path("policies/consent-report/", ConsentReportView.as_view(), name="consent_report"),
        path("policies/processing/", ProcessingRecordView.as_view(), name="processing_record"),
        path("policies/<int:page_id>/publication-preview/", preview, name="publication_preview"),
        path("policies/<int:page_id>/typed/", preview, {"part": "typed_values"}, name="typed_values"),
        path("policies/<int:page_id>/begin/", staff_views.BeginDraftView.as_view(), name="policy_begin"),
        path("policies/<int:page_id>/review/", review_views.ReviewView.as_view(), name="policy_review"),
    ]


@hooks.register("register_permissions")
def publish_permission() -> QuerySet[Permission]:
    """Offer the right to publish without review under Settings → Groups."""
    return Permission.objects.filter(
        content_type__app_label="policies", codename__in=["publish_policypage", "change_policysettings"]
    )


@hooks.register("after_publish_page")
def say_what_publishing_did(request: HttpRequest, page: Page) -> HttpResponse | None:
    """Name the version that was made. If none was, say only that: Wagtail would say that the page was published."""
    if not isinstance(page, PolicyPage):
        return None
    messages.info(request, publication_preview.outcome(page))
    for gap in publication_preview.preview_latest_draft(page).gaps:
        messages.warning(request, gap)
    is_new = publication_preview.new_version(page) is not None
    return None if is_new else redirect("wagtailadmin_explore", page.get_parent().pk)


@hooks.register("before_delete_page")
def say_what_stays(request: HttpRequest, page: Page) -> None:
    """Tell the editor that published versions stay public when the page is deleted."""
    if request.method == "GET" and page.get_descendants(inclusive=True).type(PolicyPage).exists():
        words = gettext(
            "Published versions of a policy stay available at their public URLs when its page is deleted. "
            "A new page with the same slug and kind continues them."
        )
        messages.info(request, words)


# --- What policies contribute to other apps, and to their own collectors ------------------------------------
hooks.register("register_footer_links", footer.footer_links)


@hooks.register("register_first_steps")
def first_steps() -> list[Step]:
    """Ask for what visitors are shown before they write or buy."""
    words, url = gettext("Publish the privacy policy and the terms"), reverse("policy-overview:index")
    return [Step("policies", 40, words, url, _are_published)]


def _are_published() -> bool:
    return all(Policy.objects.in_force_of(kind) for kind in (Policy.Kind.PRIVACY, Policy.Kind.TERMS))


@hooks.register("register_known_changes")
def known_changes() -> list[NextChange]:
    return [timeline.next_effective_time]


@hooks.register("register_policy_facts")
def policy_facts() -> list[Fact]:
    return [company.FACT, recipients_fact.FACT, *declared.FACTS, register.FACT]


@hooks.register("register_personal_data")
def personal_data() -> list[register.PersonalData]:
    return [consent_personal_data.CONSENT_RECORDS, access_log.ACCESSES]


hooks.register("register_safeguards", processing.safeguards)
hooks.register("register_mail_attachments", lambda: [frozen_texts.FROZEN_TEXTS])


@hooks.register("register_audit_paths")
def audit_paths() -> list[str]:
    return [reverse("policies:cookies"), reverse("home:search")]


@hooks.register("register_ledger_kinds")
def ledger_kinds() -> list[type[LedgeredModel]]:
    return [PolicyVersion, VersionWithdrawal, ConsentRecord]


@hooks.register("register_worker_jobs")
def worker_jobs() -> list[Job]:
    return [
        Job("sums of choices", 900, lambda: daily_sums.sum_finished_days(timezone.now())),
        Job("sealing the ledger", 900, lambda: sealing.seal_all(now=timezone.now())),
        Job("timestamp of the ledger", 900, lambda: witness.timestamp(now=timezone.now())),
        Job("weekly mail of the ledger", 900, lambda: weekly_mail.send(now=timezone.now())),
        Job("reminders of reviews", 900, lambda: reminders.send(now=timezone.now())),
        Job("daily check of the ledger", 900, lambda: daily_check.run_if_due(now=timezone.now())),
    ]


@hooks.register("register_record_checks")
def record_checks() -> list[RecordCheck]:
    return [integrity.findings]
