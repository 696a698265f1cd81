"""The pages on which policies are edited. What the public reads are frozen versions, not these pages.

Publishing freezes: `PolicyPage.save()` is the one place with logic in `save()`, because only there does a failing
freeze roll the publication back, however it was started (editor, workflow, schedule).
"""

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.forms import DateTimeInput, RadioSelect
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel, ObjectList, TabbedInterface
from wagtail.fields import StreamField
from wagtail.log_actions import get_active_log_context
from wagtail.models import Page, PagePermissionTester, Revision, Workflow, WorkflowMixin
from wagtail.search import index

from home.models import BasePage, User
from policies.facts import registry
from policies.models.facts import StatedValue
from policies.models.versions import ChangeKind, Policy, PolicyVersion
from policies.text import markup
from policies.text.blocks import PolicyBodyBlock
from policies.versions import publishing
from policies.versions.content import VersionContent
from policies.versions.forms import TIME_FORMAT, PolicyCopyForm, PolicyPageForm
from policies.versions.panels import PublicationPreviewPanel
from policies.versions.permissions import PolicyPermissionTester

LONGEST_SUMMARY = 600
# The words of the consent bar: field of the page → key in the frozen fact "notice".
NOTICE_FIELDS = {
    "notice_title": "title",
    "notice_text": "text",
    "accept_label": "accept_label",
    "reject_label": "reject_label",
    "choose_label": "choose_label",
    "save_label": "save_label",
}


class TakesEffect(models.TextChoices):
    """When a version begins to hold, as the editor says it."""

    NOW = "now", _("At once, when it is published")
    LATER = "later", _("At a time ahead: it is announced until then")


VERSION_PANELS = [
    MultiFieldPanel(
        [
            FieldPanel("change_summary"),
            FieldPanel("change_kind", widget=RadioSelect),
            FieldPanel("editorial_reason"),
            FieldPanel("takes_effect", widget=RadioSelect),
            # The browser's own: Wagtail's turns what is no date into now, and covers what stands below.
            FieldPanel("effective_from", widget=DateTimeInput({"type": "datetime-local"}, TIME_FORMAT)),
            FieldPanel("undone_by"),
        ],
        heading=_("This version"),
    ),
    PublicationPreviewPanel(heading=_("What publishing will do")),
]


def _tabs(content_panels: list) -> TabbedInterface:
    """Return the tabs of a policy's editor: its text, and what publishing it needs and does."""
    tabs = [
        ObjectList(content_panels, heading=_("Content")),
        ObjectList(VERSION_PANELS, heading=_("Publish"), classname="policy-publish"),
        ObjectList(BasePage.promote_panels, heading=_("Promote")),
    ]
    return TabbedInterface(tabs)


class PolicyPage(BasePage):
    """Where a policy is written. Its published versions live on whatever becomes of this page."""

    goes_to_bin = False  # its versions stay, and a new page with its slug continues them
    search_fields: list = [*BasePage.search_fields, index.SearchField("body")]

    policy = models.ForeignKey(
        Policy, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="pages"
    )
    kind = models.CharField(
        _("kind"),
        max_length=20,
        choices=[choice for choice in Policy.Kind.choices if choice[0] != Policy.Kind.COOKIES],
        default=Policy.Kind.OTHER,
    )
    body = StreamField(PolicyBodyBlock(), verbose_name=_("text"))
    change_summary = models.TextField(
        _("what changed"),
        max_length=LONGEST_SUMMARY,
        help_text=_("In plain words, for everyone who reads the policy. Required to publish."),
    )
    change_kind = models.CharField(
        _("kind of change"),
        max_length=10,
        choices=[(kind.value, kind.label) for kind in (ChangeKind.MATERIAL, ChangeKind.EDITORIAL)],
        default=ChangeKind.NOT_STATED.value,
    )
    takes_effect = models.CharField(_("takes effect"), max_length=10, choices=TakesEffect.choices, default="")
    effective_from = models.DateTimeField(
        _("in force from"),
        null=True,
        blank=True,
        help_text=_("Only for a time ahead."),
    )

    # What the draft was written on, and the announced version that it replaces: set where a draft begins.
    based_on = models.ForeignKey(
        PolicyVersion, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    replaces = models.ForeignKey(
        PolicyVersion, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    undone_by = models.JSONField(_("I know that it is undone by"), default=list, blank=True)
    editorial_reason = models.TextField(
        _("why it is wording only"),
        max_length=LONGEST_SUMMARY,
        blank=True,
        help_text=_("Only where facts, figures, periods or links change. It is kept in the public record."),
    )

    parent_page_types: list[str] = ["home.HomePage"]
    subpage_types: list[str] = []
    base_form_class = PolicyPageForm
    copy_form_class = PolicyCopyForm
    template = "policies/policy_page.html"  # the editor's preview
    # A copy is a new policy: it gets its own record at its own first publication.
    exclude_fields_in_copy: list[str] = ["policy", "based_on", "replaces", "undone_by"]

    content_panels: list = [*Page.content_panels, FieldPanel("kind"), FieldPanel("body")]
    # Go-live and expiry are not offered: a version has "in force from", and one in force is never switched off.
    edit_handler = _tabs(content_panels)

    class Meta:
        verbose_name = _("policy page")
        verbose_name_plural = _("policy pages")
        permissions = [("publish_policypage", _("Can approve and publish policies"))]

    @property
    def policy_kind(self) -> str:
        """The kind of policy that this page makes."""
        return self.kind

    @property
    def menu_title(self) -> str:
        """The title in force: the page may have that of an announced version."""
        version = self.policy.in_force() if self.policy else None
        return version.title if version else self.title

    def save(self, clean: bool = True, user: Any = None, log_action: Any = False, **kwargs: Any) -> None:  # noqa: FBT001, FBT002 - Wagtail's signature
        """Save the page; when this save publishes, freeze the version in the same transaction."""
        self._begin_as_a_draft()
        with transaction.atomic():
            publishes = kwargs.get("update_fields") is None and self._is_publication()
            policy = self.attach_policy() if publishes else None
            super().save(clean=clean, user=user, log_action=log_action, **kwargs)
            if policy is not None:
                content = self.version_content(now=timezone.now(), revision=self.live_revision)
                publishing.record_version(policy=policy, content=content)
                StatedValue.note(registry.stated_now())

    def publish(self, revision: Revision, *args: Any, **kwargs: Any) -> None:
        """Publish a draft; but never because a time for going live has come, which no review has seen."""
        if kwargs.get("log_action") != "wagtail.publish.scheduled":
            super().publish(revision, *args, **kwargs)

    def _is_publication(self) -> bool:
        """Return whether saving the page now publishes one of its revisions.

        Publishing is told by its new `last_published_at`: other saves (a move, an unpublish, a draft) keep the stored
        one, and a copy carries the live revision of another page.
        """
        if not (self.pk and self.live and self.live_revision):
            return False
        if str(self.live_revision.object_id) != str(self.pk):  # a number until it is read from the database
            return False
        return self.last_published_at not in {None, self._stored("last_published_at")}

    def _stored(self, name: str) -> Any:
        return PolicyPage.objects.filter(pk=self.pk).values_list(name, flat=True).first()

    def attach_policy(self) -> Policy:
        """Set the page's policy: its own, else an orphaned one of the same slug and kind, else a new one."""
        if self.policy is None:  # an instance read before the first publication does not know of it
            self.policy_id = self._stored("policy")
        self.policy = self.find_policy() or Policy.objects.create(
            slug=_free_slug(self.slug),
            kind=self.policy_kind,
            title=self.title,
            language=settings.LANGUAGE_CODE,
        )
        return self.policy

    def find_policy(self) -> Policy | None:
        """Return the policy whose version publishing the page would make: its own, else an orphaned one."""
        if self.policy is not None:
            return self.policy
        return Policy.objects.filter(slug=self.slug, kind=self.policy_kind, pages__isnull=True).first()

    def version_content(self, *, now: datetime, revision: Revision | None = None) -> VersionContent:
        """Return what publishing the page now would freeze: its latest draft, or the revision that is published."""
        saved = revision or self.latest_revision
        return VersionContent(
            title=self.title,
            body=self.render_body(),
            source={"format": "streamfield", "blocks": json.loads(json.dumps(self.body.get_prep_value()))},
            effective_at=self.effective_at(now),
            change_summary=self.change_summary.strip(),
            change_kind=self.change_kind or ChangeKind.MATERIAL,  # not stated: the kind that hides nothing
            facts=self._facts(),
            authors=self.authors_of(saved) if saved else [],
            publisher=get_active_log_context().user or (saved and saved.user),
            approver=self._approver(),
            page_id=self.pk,
            policy_kind=self.policy_kind,
            based_on=self.draft_base(now, revision),
            replaces=self.replaces,
            undone_by=self.undone_by,
            editorial_reason=self.editorial_reason.strip(),
        )

    def authors_of(self, draft: Revision) -> list[User]:
        """Return who saved a draft since the last version, as far as its revisions tell, the first of them first."""
        policy = self.find_policy()
        saved = self.revisions.filter(pk__lte=draft.pk).select_related("user").defer("content").order_by("pk")
        if policy and (newest := policy.versions.newest()):
            saved = saved.filter(models.Q(pk=draft.pk) | models.Q(created_at__gt=newest.recorded_at))
        return list(dict.fromkeys(revision.user for revision in saved if revision.user))

    def start_from_what_holds(self) -> None:
        """Begin a draft that changes what is in force now."""
        policy = self.find_policy()
        self.based_on = policy.in_force() if policy else None
        self.replaces, self.undone_by, self.editorial_reason = None, [], ""

    def draft_base(self, now: datetime, revision: Revision | None = None) -> PolicyVersion | None:
        """Return the version that the draft was written on.

        A draft that does not say is of before drafts said so: it was written on what held when it was saved.
        """
        policy, revision = self.find_policy(), revision or self.latest_revision
        if policy is None:
            return None
        if self.based_on is not None and self.based_on.policy_id == policy.pk:
            return self.based_on
        return policy.in_force(revision.created_at if revision else now)

    def render_body(self) -> markup.Body:
        """Render the text as canonical markup, live facts as they stand now, in the site's language."""
        with translation.override(settings.LANGUAGE_CODE):
            return markup.canonical_body(self.body.render_as_block())

    def _facts(self) -> dict[str, Any]:
        shown = {block.value for block in self.body if block.block_type == "live_fact"}
        return {**{key: registry.state(key) for key in shown}, **self.extra_facts()}

    def _approver(self) -> User | None:
        states = self.live_revision.task_states.filter(status="approved") if self.live_revision else None
        state = states.order_by("-finished_at").first() if states is not None else None
        return state.finished_by if state else None

    def _begin_as_a_draft(self) -> None:
        """Make a new page or a copy a draft: no page is live before it has published a version. Refuse an alias.

        Wagtail copies a live page as live, and makes an alias live without anybody's review.
        """
        if self._state.adding and self.alias_of_id:
            raise PermissionDenied(_("A policy page cannot have an alias."))
        if self._state.adding and self.policy is None:
            self.live, self.has_unpublished_changes = False, True
            self.live_revision = self.first_published_at = self.last_published_at = None

    def with_content_json(self, content: dict[str, Any]) -> "PolicyPage":
        """Restore a draft. Drafts do not decide to which policy the page belongs, nor when Wagtail publishes it."""
        page = super().with_content_json(content)
        page.policy_id, page.go_live_at, page.expire_at = self.policy_id, None, None
        return page

    def serve(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Send the visitor to the policy's permanent URL."""
        if self.policy is None:
            raise Http404
        return HttpResponseRedirect(self.policy.get_absolute_url())

    def get_url_parts(self, request: HttpRequest | None = None) -> tuple[int, str, str] | None:
        """Return the policy's permanent URL as the page's, wherever in the tree the page stands."""
        parts = super().get_url_parts(request)
        if parts is None or self.policy is None:
            return parts
        site_id, root_url, _page_path = parts
        return site_id, root_url, self.policy.get_absolute_url()

    @property
    def announced_for(self) -> datetime | None:
        """When the version would begin, as the editor stated it; None for at once."""
        return self.effective_from if self.takes_effect == TakesEffect.LATER else None

    def effective_at(self, now: datetime) -> datetime:
        """Return when a version published now would begin."""
        return max(self.announced_for or now, now)

    @property
    def missing_statements(self) -> list[str]:
        """Names of the fields that the page must fill in before it can become a version."""
        fields = ["change_summary", "change_kind", "takes_effect"]
        if self.takes_effect == TakesEffect.LATER:
            fields.append("effective_from")
        return [name for name in fields if not getattr(self, name)]

    has_workflow = WorkflowMixin.has_workflow  # a page's own asks only for those assigned in the tree

    def get_workflow(self) -> Workflow | None:
        """Return what is assigned to the page or above it, else what is assigned to policies as such."""
        return super().get_workflow() or self.get_default_workflow()

    def permissions_for_user(self, user: User | AnonymousUser) -> PagePermissionTester:
        return PolicyPermissionTester(user, self)

    def get_sitemap_urls(self, request: HttpRequest | None = None) -> list[dict[str, Any]]:
        """Return none: a policy is in the site map while a version is in force, whatever becomes of its page."""
        return []

    def extra_facts(self) -> dict[str, Any]:
        """Live facts that each version of this policy freezes, whether or not the text shows them."""
        return {}


def _free_slug(wanted: str) -> str:
    taken = set(Policy.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    candidates = (wanted if n == 1 else f"{wanted}-{n}" for n in range(1, len(taken) + 2))
    return next(slug for slug in candidates if slug not in taken)


class CookiePolicyPage(PolicyPage):
    """The cookie policy: also holds the words of the consent bar, which are frozen with each version."""

    notice_title = models.CharField(_("title"), max_length=80)
    notice_text = models.TextField(_("text"), max_length=400)
    accept_label = models.CharField(_("“accept all” button"), max_length=30)
    reject_label = models.CharField(_("“reject all” button"), max_length=30)
    choose_label = models.CharField(_("“choose” button"), max_length=30)
    save_label = models.CharField(_("“save choice” button"), max_length=30)

    max_count = 1  # type: ignore[assignment]  # Wagtail declares None
    template = PolicyPage.template
    content_panels: list = [
        *Page.content_panels,
        FieldPanel("body"),
        MultiFieldPanel(
            [FieldPanel(name) for name in NOTICE_FIELDS],
            heading=_("Words of the consent bar"),
            help_text=_("They are frozen with each version: what a visitor agreed to can always be shown."),
        ),
    ]
    edit_handler = _tabs(content_panels)

    class Meta:
        verbose_name = _("cookie policy page")
        verbose_name_plural = _("cookie policy pages")

    @property
    def policy_kind(self) -> str:
        return Policy.Kind.COOKIES

    @property
    def notice_words(self) -> dict[str, str]:
        """The words of the consent bar."""
        return {word: getattr(self, name) for name, word in NOTICE_FIELDS.items()}

    def extra_facts(self) -> dict[str, Any]:
        """Freeze the bar's words, the declared cookies, and the services that wait for the answer."""
        return {
            "notice": self.notice_words,
            "cookies": registry.state("cookies"),
            "services": registry.state("services"),
        }
