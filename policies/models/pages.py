"""The pages on which policies are edited. What the public reads are frozen versions, not these pages.

Publishing freezes: `PolicyPage.save()` is the one place with logic in `save()`, because only there does a failing
freeze roll the publication back, however it was started (editor, workflow, schedule).
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models, transaction
from django.forms import RadioSelect
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page, PagePermissionTester, Workflow

from home.models import BasePage, User
from policies.facts import registry
from policies.models.versions import ChangeKind, Policy
from policies.text.blocks import PolicyBodyBlock
from policies.versions import publishing
from policies.versions.forms import PolicyPageForm
from policies.versions.panels import ForecastPanel

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
            FieldPanel("takes_effect", widget=RadioSelect),
            FieldPanel("effective_from"),
        ],
        heading=_("This version"),
    ),
    ForecastPanel(heading=_("What publishing will do")),
]


# Fields in which Wagtail keeps whether a page is published.
_OF_PUBLICATIONS = (
    "live",
    "has_unpublished_changes",
    "live_revision",
    "first_published_at",
    "last_published_at",
)


class PolicyPermissionTester(PagePermissionTester):
    """Lets those publish a policy who hold the right to publish policies, wherever in the tree; nobody else.

    Wagtail asks it of who approves a draft, too.
    """

    def __init__(self, user: User | AnonymousUser, page: Page) -> None:
        super().__init__(user, page)
        if not user.is_active or user.is_superuser:
            return
        if user.has_perm("policies.publish_policypage"):
            self.permissions.add("publish")
        else:
            self.permissions.discard("publish")


class PolicyPage(BasePage):
    """Where a policy is written. Its published versions live on whatever becomes of this page."""

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
    change_kind = models.CharField(_("kind of change"), max_length=10, choices=ChangeKind.choices, default="")
    takes_effect = models.CharField(_("takes effect"), max_length=10, choices=TakesEffect.choices, default="")
    effective_from = models.DateTimeField(
        _("in force from"),
        null=True,
        blank=True,
        help_text=_("Only for a time ahead."),
    )

    parent_page_types: list[str] = ["home.HomePage"]
    subpage_types: list[str] = []
    base_form_class = PolicyPageForm
    template = "policies/policy_page.html"  # the editor's preview
    # A copy is a new policy: it gets its own record at its own first publication.
    exclude_fields_in_copy: list[str] = ["policy"]

    content_panels: list = [
        *Page.content_panels,
        FieldPanel("kind"),
        FieldPanel("body"),
        *VERSION_PANELS,
    ]
    # Go-live and expiry are not offered: a version has "in force from", and one in force is never switched off.
    settings_panels: list = []

    class Meta:
        verbose_name = _("policy page")
        verbose_name_plural = _("policy pages")
        permissions = [("publish_policypage", _("Can approve and publish policies"))]

    @property
    def policy_kind(self) -> str:
        """The kind of policy that this page makes."""
        return self.kind

    def save(self, clean: bool = True, user: Any = None, log_action: Any = False, **kwargs: Any) -> None:  # noqa: FBT001, FBT002 - Wagtail's signature
        """Save the page; when this save publishes, freeze the version in the same transaction."""
        kwargs["update_fields"] = self._begin_as_a_draft(kwargs.get("update_fields"))
        with transaction.atomic():
            publishes = kwargs["update_fields"] is None and publishing.is_publication(self)
            if publishes:
                publishing.attach_policy(page=self)
            super().save(clean=clean, user=user, log_action=log_action, **kwargs)
            if publishes:
                publishing.freeze_page(page=self)

    def _begin_as_a_draft(self, update_fields: list[str] | None) -> list[str] | None:
        """See that no page is live before it published a version: neither a copy nor what was an alias until now.

        Wagtail copies a live page as live, and makes a page of an alias by saving this one field. Returns the fields
        to be saved.
        """
        was_alias = "alias_of_id" in (update_fields or ()) and not self.alias_of_id
        if was_alias:
            self.policy = None  # its own record begins with its own first publication
        is_new = self._state.adding and not self.alias_of_id and self.policy is None
        if was_alias or is_new:
            self.live, self.has_unpublished_changes = False, True
            self.live_revision = self.first_published_at = self.last_published_at = None
        return [*(update_fields or ()), "policy", *_OF_PUBLICATIONS] if was_alias else update_fields

    def with_content_json(self, content: dict[str, Any]) -> "PolicyPage":
        """Restore a draft; which policy the page belongs to is no matter of drafts."""
        page = super().with_content_json(content)
        page.policy_id = self.policy_id
        return page

    def serve(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Send the visitor to the policy's permanent address."""
        if self.policy is None:
            raise Http404
        return HttpResponseRedirect(self.policy.get_absolute_url())

    def get_url_parts(self, request: HttpRequest | None = None) -> tuple[int, str, str] | None:
        """Give the policy's permanent address as the page's, wherever in the tree the page stands."""
        parts = super().get_url_parts(request)
        if parts is None or self.policy is None:
            return parts
        site_id, root_url, _page_path = parts
        return site_id, root_url, self.policy.get_absolute_url()

    @property
    def announced_for(self) -> datetime | None:
        """When the version would begin, as the editor stated it; None for at once."""
        return self.effective_from if self.takes_effect == TakesEffect.LATER else None

    @property
    def missing_statements(self) -> list[str]:
        """Names of the fields that the page must fill in before it can become a version."""
        fields = ["change_summary", "change_kind", "takes_effect"]
        if self.takes_effect == TakesEffect.LATER:
            fields.append("effective_from")
        return [name for name in fields if not getattr(self, name)]

    @property
    def has_workflow(self) -> bool:
        return self.get_workflow() is not None

    def get_workflow(self) -> Workflow | None:
        """Return what is assigned to the page or above it, else what is assigned to policies as such."""
        return super().get_workflow() or self.get_default_workflow()

    def permissions_for_user(self, user: User | AnonymousUser) -> PagePermissionTester:
        return PolicyPermissionTester(user, self)

    def extra_facts(self) -> dict[str, Any]:
        """Live facts that each version of this policy freezes, whether or not the text shows them."""
        return {}


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
        *VERSION_PANELS,
    ]

    class Meta:
        verbose_name = _("cookie policy page")
        verbose_name_plural = _("cookie policy pages")

    @property
    def policy_kind(self) -> str:
        return Policy.Kind.COOKIES

    def extra_facts(self) -> dict[str, Any]:
        """Freeze the bar's words, the declared cookies, and the services that wait for the answer."""
        return {
            "notice": {word: getattr(self, name) for name, word in NOTICE_FIELDS.items()},
            "cookies": registry.collect("cookies"),
            "services": registry.collect("services"),
        }
