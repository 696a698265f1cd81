"""Form pages that editors build. A form thanks by redirect, so a reload sends nothing twice.

How a form is built and checked is in `forms.fields`, what keeps machines out in `home.spam`, what becomes of a message
in `forms.receiving`.
"""

from datetime import timedelta
from http import HTTPMethod, HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core import signing
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.contrib.forms.models import AbstractEmailForm, AbstractFormField
from wagtail.contrib.routable_page.models import RoutablePageMixin, path
from wagtail.fields import RichTextField
from wagtail.rich_text import expand_db_html
from wagtail.search import index

from forms import receiving, subjects
from forms.fields import FormPageForm, VisitorForm, VisitorFormBuilder
from forms.models.messages import Submission
from forms.uploads import MOST_MEGABYTES
from home import spam
from home.email_addresses import counted
from home.models import BasePage
from home.responses import SeeOther
from home.throttling import Limit, client_ip, minutes_to_wait, too_many_requests
from policies.models import Policy, PolicyVersion
from policies.text import markup
from policies.versions import timeline

# Who may not read messages must not send them to another e-mail address, or have them deleted early.
READ_MESSAGES = "forms.view_submission"

LIMIT = Limit("form-submissions", most=10, window=timedelta(hours=1))  # from one client
TOO_MANY = ngettext_lazy(
    "You have sent several messages within the hour. Please wait %(minutes)s minute, then send this one again.",
    "You have sent several messages within the hour. Please wait %(minutes)s minutes, then send this one again.",
    "minutes",
)
UPLOADS = Limit(
    "form-uploads", most=20, window=timedelta(hours=1)
)  # from one client, whatever becomes of them
COPIES = Limit("form-copies", most=3, window=timedelta(days=1))  # to one e-mail address
_THANKS = "forms.thanks"  # signed with it
_THANKED_FOR = timedelta(days=1)

# Wagtail's, and some of ours; the builder in `forms.fields` makes each.
FIELD_TYPES = (
    ("singleline", _("Line of text")),
    ("name", _("Name")),
    ("multiline", _("Longer text")),
    ("email", _("E-mail address")),
    ("phone", _("Telephone number")),
    ("number", _("Number")),
    ("url", _("Web address")),
    ("date", _("Day")),
    ("datetime", _("Day and time")),
    ("radio", _("Choice, all options shown")),
    ("dropdown", _("Choice from a list")),
    ("checkboxes", _("Several choices, all options shown")),
    ("multiselect", _("Several choices from a list")),
    ("checkbox", _("Check box")),
    ("rating", _("Rating with one to five stars")),
    ("policy", _("Check box about the privacy policy in force")),
    ("file", _("File")),
    ("hidden", _("Hidden")),
)


class FormField(AbstractFormField):
    class Files(models.TextChoices):
        PICTURES = "pictures", _("Pictures (JPEG, PNG, WebP)")
        PDF = "pdf", _("PDF")
        BOTH = "both", _("Pictures and PDF")

    page = ParentalKey("forms.FormPage", on_delete=models.CASCADE, related_name="form_fields")
    field_type = models.CharField(_("field type"), max_length=16, choices=FIELD_TYPES)
    files = models.CharField(
        _("files"),
        max_length=10,
        choices=Files,
        default=Files.BOTH,
        help_text=_("Only for a field of the type File."),
    )
    largest_file = models.PositiveSmallIntegerField(
        _("largest file, in megabytes"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_MEGABYTES)],
        help_text=_("Only for a field of the type File."),
    )

    panels: list = [
        *AbstractFormField.panels,
        FieldRowPanel([FieldPanel("files"), FieldPanel("largest_file")]),
    ]


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

    answer_days = models.PositiveSmallIntegerField(
        _("we answer within so many working days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
        help_text=_("Whoever sends the form reads it on the thank-you page. Empty: nothing is promised."),
    )
    offers_copy = models.BooleanField(
        _("offer a copy by e-mail"),
        default=False,
        help_text=_("A check box under the form; the copy goes to the e-mail address in the form."),
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
        FieldRowPanel([FieldPanel("answer_days"), FieldPanel("offers_copy")]),
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
        try:
            sent = signing.loads(
                request.GET.get("message", ""), salt=f"{_THANKS}.{self.pk}", max_age=_THANKED_FOR
            )
        except signing.BadSignature:
            return SeeOther(self.get_url(request))
        return self._show_thanks(request, sent)

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """Show the editor the form, or the thanks."""
        return self._show_thanks(request, {}) if mode_name == "landing" else self._show_blank(request)

    def process_form_submission(self, form: VisitorForm) -> Submission:
        """Store a valid form and queue the e-mail about it; Wagtail's own would send it inside the request."""
        return receiving.receive(form, with_copy=False)

    def thanks_html(self) -> SafeString:
        """Return the editor's thanks for the page: whatever the database holds, it runs and loads nothing."""
        return markup.safe_html(expand_db_html(self.thanks_text))

    def _answer_post(self, request: HttpRequest) -> HttpResponse:
        client = client_ip(request)
        # Reading pictures costs seconds, so each try counts, before anything is read.
        wait = UPLOADS.take(client) if request.FILES else 0
        form = self._form(request, request.POST, None if wait else request.FILES)
        if wait:
            return self._refuse_for_now(request, form, wait)
        if not form.is_valid():
            # 422: understood, but not to be done as it stands. Scripts, caches and monitoring see that nothing was
            # taken in, which a 200 would hide; browsers show the page as any other.
            return self._show_again(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
        if message := receiving.earlier(form):  # before it is counted: a double click is no second message
            return self._thank(request, form, message)
        if wait := LIMIT.take(client):
            return self._refuse_for_now(request, form, wait)
        may_copy = form.wants_copy and not form.is_suspicious and not COPIES.take(counted(form.reply_to))
        return self._thank(request, form, receiving.receive(form, with_copy=may_copy))

    def _refuse_for_now(self, request: HttpRequest, form: VisitorForm, wait: int) -> HttpResponse:
        form.add_error(None, TOO_MANY % {"minutes": minutes_to_wait(wait)})
        return too_many_requests(self._show_again(request, form, HTTPStatus.OK), wait)

    def _thank(self, request: HttpRequest, form: VisitorForm, message: Submission) -> HttpResponse:
        """Lead to the thanks: signed, so that nobody can be led to a page of ours that says what never happened."""
        copied = message.emails.filter(subject__contains=message.reference, to=form.reply_to).exists()
        sent = {"reference": message.reference, "wants_copy": form.wants_copy, "copied": copied}
        query = urlencode({"message": signing.dumps(sent, salt=f"{_THANKS}.{self.pk}")})
        return SeeOther(f"{self.get_url(request)}{self.reverse_subpage('thanks')}?{query}")

    def _show_thanks(self, request: HttpRequest, sent: dict[str, Any]) -> HttpResponse:
        context = {**self.get_context(request), "sent": sent}
        return TemplateResponse(request, self.landing_page_template, context)

    def _form(self, request: HttpRequest, *given: Any, **options: Any) -> VisitorForm:
        form = self.get_form(*given, page=self, **options)
        form.about = subjects.find(request.GET.get("about", ""))
        return form

    def _show_blank(self, request: HttpRequest) -> HttpResponse:
        version = timeline.shown_of_kind(Policy.Kind.PRIVACY)
        stamp = spam.new_stamp(page_id=self.pk, version_id=version.pk if version else None)
        form = self._form(request, initial={spam.STAMP_FIELD: stamp.signed()})
        return self._show(request, form, version, HTTPStatus.OK)

    def _show_again(self, request: HttpRequest, form: VisitorForm, status: HTTPStatus) -> HttpResponse:
        # The page now shows the version in force now, so that is what its new stamp names.
        version = Policy.objects.in_force_of(Policy.Kind.PRIVACY)
        stamp = spam.renewed_stamp(form.stamp, page_id=self.pk, version_id=version.pk if version else None)
        form.restamp(stamp)
        form.ask_for_files_again()
        return self._show(request, form, version, status)

    def _show(
        self, request: HttpRequest, form: VisitorForm, version: PolicyVersion | None, status: HTTPStatus
    ) -> HttpResponse:
        form.name_policy(version)
        context = {**self.get_context(request), "form": form, "policy_version": version}
        return TemplateResponse(request, self.get_template(request), context, status=status)

    # --- What staff see ----------------------------------------------------------------------------------
    def get_submission_class(self) -> type[Submission]:
        """Return our own model, which keeps the policy version."""
        return Submission
