"""Form pages that editors build, and what visitors write in them.

A submission keeps the version of the privacy policy that was shown. It thanks by redirect, so a reload sends nothing
twice; its mail is queued in the same transaction, so a dead mail server loses nothing. How a form is built and
checked is in `fields`, what keeps machines out in `home.spam`, the mail about it in `emails`.
"""

import uuid
from datetime import timedelta
from http import HTTPMethod, HTTPStatus
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.contrib.forms.models import AbstractEmailForm, AbstractFormField, AbstractFormSubmission
from wagtail.contrib.routable_page.models import RoutablePageMixin, path
from wagtail.fields import RichTextField
from wagtail.search import index

from forms import emails
from forms.fields import FormPageForm, VisitorForm, VisitorFormBuilder
from home import spam
from home.models import BasePage
from home.responses import SeeOther
from home.throttling import Limit, client_ip, minutes_to_wait, too_many_requests
from policies.ledger import entries
from policies.models import Policy, PolicyVersion
from policies.models.ledger import LedgeredModel, LedgerStatement
from policies.versions import timeline

# Who may not read messages must not send them to another e-mail address, or have them deleted early.
READ_MESSAGES = "forms.view_submission"

LIMIT = Limit("form-submissions", most=10, window=timedelta(hours=1))  # from one client
TOO_MANY = ngettext_lazy(
    "You have sent several messages within the hour. Please wait %(minutes)s minute, then send this one again.",
    "You have sent several messages within the hour. Please wait %(minutes)s minutes, then send this one again.",
    "minutes",
)


class FormField(AbstractFormField):
    page = ParentalKey("forms.FormPage", on_delete=models.CASCADE, related_name="form_fields")


class Submission(AbstractFormSubmission, LedgeredModel):
    """What one visitor wrote."""

    policy_version = models.ForeignKey(
        "policies.PolicyVersion",
        verbose_name=_("privacy policy shown"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    is_suspicious = models.BooleanField(_("suspicious"), default=False)
    # The form's stamp: the same form sent twice is stored once.
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    ledger_kind = "message"
    ledger_time = "submit_time"
    ledger_departures = frozenset({LedgerStatement.Type.CUT_OFF, LedgerStatement.Type.REMOVED})

    class Meta(AbstractFormSubmission.Meta):
        verbose_name = _("form submission")
        verbose_name_plural = _("form submissions")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["page", "-submit_time"], name="submission_newest")
        ]

    @property
    def ledger_content(self) -> dict[str, Any]:
        """The policy that was shown; of the message, only that it came."""
        return {"message": str(self.token), "shown": self.policy_version and self.policy_version.sha256}

    @property
    def ledger_name(self) -> str:
        return str(self.token)

    @classmethod
    def ledger_records(cls) -> models.QuerySet["Submission"]:
        return cls.objects.select_related("policy_version").defer("policy_version__record", "form_data")

    def get_data(self) -> dict[str, Any]:
        """Return the answers with what staff want to know about them; a hyphen keeps these names apart."""
        return {
            **super().get_data(),
            "policy-version": str(self.policy_version or ""),
            "is-suspicious": gettext("yes") if self.is_suspicious else "",
        }


class FormPage(BasePage, RoutablePageMixin, AbstractEmailForm):
    """A page with a form: contact, feedback, or any other the editor builds."""

    intro = models.TextField(_("introduction"), max_length=400, blank=True)
    thanks_text = RichTextField(_("thanks"), blank=True, features=["bold", "italic", "link"])
    keep_days = models.PositiveIntegerField(
        _("days to keep submissions"),
        default=365,
        validators=[MinValueValidator(7), MaxValueValidator(3650)],
        help_text=_("After that they are deleted. The privacy policy prints this figure."),
    )

    intro_field = "intro"
    search_fields: list = [*BasePage.search_fields, index.SearchField("intro")]
    is_cacheable = False  # the form carries a time stamp
    takes_messages = True
    parent_page_types: ClassVar[list[str]] = ["home.HomePage"]
    subpage_types: ClassVar[list[str]] = []
    allowed_http_methods = [HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.POST, HTTPMethod.OPTIONS]
    base_form_class = FormPageForm
    form_builder = VisitorFormBuilder

    content_panels: list = [
        *BasePage.content_panels,
        FieldPanel("intro"),
        InlinePanel("form_fields", label=_("field"), heading=_("Fields")),
        FieldPanel("thanks_text"),
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [
                        FieldPanel("from_address", permission=READ_MESSAGES),
                        FieldPanel("to_address", permission=READ_MESSAGES),
                    ]
                ),
                FieldPanel("subject"),
            ],
            heading=_("Mail to the shop"),
        ),
        FieldPanel("keep_days", permission=READ_MESSAGES),
    ]

    class Meta:
        verbose_name = _("form page")
        verbose_name_plural = _("form pages")

    @path("")
    def index_route(self, request: HttpRequest) -> HttpResponse:
        """Show the form, or accept it."""
        if request.method == HTTPMethod.POST:
            return self._answer_post(request)
        return self._show_blank(request)

    @path("thanks/", name="thanks")
    def thanks_route(self, request: HttpRequest) -> HttpResponse:
        """Show the thanks: a page of its own, so that a reload sends nothing."""
        if request.method == HTTPMethod.POST:
            return HttpResponseNotAllowed([HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.OPTIONS])
        return TemplateResponse(request, self.landing_page_template, self.get_context(request))

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """Show the editor the form, or the thanks."""
        return self.thanks_route(request) if mode_name == "landing" else self._show_blank(request)

    def process_form_submission(self, form: VisitorForm) -> Submission:
        """Store a valid form and queue the mail about it; Wagtail's own would send inside the request.

        A form sent twice (a double click, a retry on a bad line) is stored once: it carries the token of its first
        time. Changed words under the same token are a new message.
        """
        assert form.stamp is not None, "A valid form has a stamp."
        token = uuid.UUID(form.stamp.token)
        try:
            return self._store(form, form.stamp, token)
        except IntegrityError:
            earlier = self.get_submissions().filter(token=token).first()
            if earlier is None:  # something else is wrong
                raise
        return earlier if earlier.form_data == form.answers() else self._store(form, form.stamp, uuid.uuid4())

    @transaction.atomic
    def _store(self, form: VisitorForm, stamp: spam.Stamp, token: uuid.UUID) -> Submission:
        submission = Submission(
            page=self,
            form_data=form.answers(),
            token=token,
            policy_version_id=stamp.version_id,
            is_suspicious=form.is_suspicious,
        )
        entries.enter(submission, at=timezone.now())
        submission.save()
        if self.recipients and not submission.is_suspicious:
            emails.queue_submission(page=self, to=self.recipients, submission=submission, form=form)
        return submission

    def render_landing_page(
        self, request: HttpRequest, form_submission: Submission | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Redirect to the thanks."""
        return SeeOther(f"{self.get_url(request)}{self.reverse_subpage('thanks')}")

    def _answer_post(self, request: HttpRequest) -> HttpResponse:
        form = self.get_form(request.POST, page=self)
        if not form.is_valid():
            # 422: understood, but not to be done as it stands. Scripts, caches and monitoring see that nothing was
            # taken in, which a 200 would hide; browsers show the page as any other.
            return self._show_again(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        if wait := LIMIT.take(client_ip(request)):
            form.add_error(None, TOO_MANY % {"minutes": minutes_to_wait(wait)})
            return too_many_requests(self._show_again(request, form, HTTPStatus.OK), wait)
        return self.render_landing_page(request, self.process_form_submission(form))

    def _show_blank(self, request: HttpRequest) -> HttpResponse:
        version = timeline.shown_of_kind(Policy.Kind.PRIVACY)
        stamp = spam.new_stamp(page_id=self.pk, version_id=version.pk if version else None)
        form = self.get_form(page=self, initial={spam.STAMP_FIELD: stamp.signed()})
        return self._show(request, form, version, HTTPStatus.OK)

    def _show_again(self, request: HttpRequest, form: VisitorForm, status: HTTPStatus) -> HttpResponse:
        # The page now shows the version in force now, so that is what its new stamp names.
        version = Policy.objects.in_force_of(Policy.Kind.PRIVACY)
        stamp = spam.renewed_stamp(form.stamp, page_id=self.pk, version_id=version.pk if version else None)
        form.restamp(stamp)
        return self._show(request, form, version, status)

    def _show(
        self, request: HttpRequest, form: VisitorForm, version: PolicyVersion | None, status: HTTPStatus
    ) -> HttpResponse:
        context = {**self.get_context(request), "form": form, "policy_version": version}
        return TemplateResponse(request, self.get_template(request), context, status=status)

    # --- What staff see ----------------------------------------------------------------------------------
    @property
    def recipients(self) -> list[str]:
        """The e-mail addresses that get each message."""
        return [address.strip() for address in self.to_address.split(",") if address.strip()]

    def get_submission_class(self) -> type[Submission]:
        """Return our own model, which keeps the policy version."""
        return Submission

    def get_submissions(self) -> models.QuerySet[Submission]:
        """Return the submissions with their policy versions, without the versions' texts."""
        related = super().get_submissions().select_related("policy_version__policy")
        return related.defer("policy_version__record")

    def get_submissions_list_view_class(self) -> type:
        """Return the list whose export holds no formulas."""
        from forms.views import FormSubmissionsView  # noqa: PLC0415 - the admin's views need the models loaded

        return FormSubmissionsView

    def get_data_fields(self) -> list[tuple[str, str]]:
        """Return the columns of the list of submissions."""
        return [
            *super().get_data_fields(),
            ("policy-version", _("Privacy policy shown")),
            ("is-suspicious", _("Suspicious")),
        ]
