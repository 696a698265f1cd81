"""Sets up a new site's forms: Contact and Feedback, with their fields, ready to be changed."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.models import Page, Site

from forms.models import FormField, FormPage
from home.models import BrandSettings


def _fields(*rows: tuple[str, str, bool]) -> list[FormField]:
    return [
        FormField(label=label, field_type=kind, required=required, sort_order=order)
        for order, (label, kind, required) in enumerate(rows)
    ]


@transaction.atomic
def set_up(*, below: Page, to_address: str) -> FormPage:
    """Publish Contact and Feedback below a page, which tell one e-mail address of each message; return Contact."""
    name, email = _("Your name"), _("Your e-mail address")
    contact = FormPage(title=_("Contact"), slug="contact", answer_days=2, offers_copy=True)
    contact.form_fields.set(
        _fields((name, "name", True), (email, "email", True), (_("Message"), "multiline", True))
    )
    feedback = FormPage(title=_("Feedback"), slug="feedback")
    feedback.form_fields.set(
        _fields(
            (_("How was it?"), "rating", True),
            (_("What should we know?"), "multiline", False),
            (name, "name", False),
            (email, "email", False),
        )
    )
    for page in (contact, feedback):
        page.to_address, page.show_in_menus = to_address, True
        below.add_child(instance=page)
        page.save_revision().publish()
    return contact


class StartView(WagtailAdminTemplateMixin, TemplateView):
    """Asks before both pages are made; for owners."""

    template_name = "forms/admin/start.html"
    page_title = gettext_lazy("Contact and Feedback")  # type: ignore[assignment]  # Wagtail declares str
    header_icon = "form"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not request.user.is_superuser:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Make them, unless there is a form already, and lead to the first one's editor."""
        page = FormPage.objects.first()
        if page is None:
            home = Site.objects.get(is_default_site=True).root_page
            page = set_up(below=home, to_address=BrandSettings.current().email or str(request.user))
            messages.success(request, _("Both pages are on the site. Change them as you like."))
        return redirect("wagtailadmin_pages:edit", page.pk)
