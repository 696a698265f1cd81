"""The admin's screen for importing a text. The review page then shows what the new draft changes."""

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from policies.importing.forms import ImportForm, editable_pages
from policies.text.limits import TextRefusedError
from policies.versions.drafts import NoDraftError


# The CSRF check reads the request, and would answer a text that is too large with an error page. So it runs after the
# text was read, before anything is done with it.
@method_decorator(csrf_exempt, name="dispatch")
class ImportView(WagtailAdminTemplateMixin, FormView):
    """Asks for a policy and a text, and makes the draft."""

    page_title = gettext_lazy("Import a text")  # type: ignore[assignment]  # Wagtail declares str, takes lazy text
    header_icon = "upload"
    template_name = "policies/admin/import.html"
    form_class = ImportForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may edit a policy."""
        if not any(editable_pages(request.user)):
            raise PermissionDenied
        try:
            request.POST  # noqa: B018 - reads what was sent
        except RequestDataTooBig:
            form = ImportForm(self.get_initial(), user=request.user, is_too_large=True)
            return self.form_invalid(form)
        return self._checked(request, *args, **kwargs)

    @method_decorator(csrf_protect)
    def _checked(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_initial(self) -> dict[str, Any]:
        """Choose the page that the URL names, or the only one there is."""
        pages = [str(page.pk) for page in editable_pages(self.request.user)]
        named = self.request.GET.get("page")
        return {"page": named if named in pages else pages[0] if len(pages) == 1 else None}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.request.user}

    def form_valid(self, form: ImportForm) -> HttpResponse:
        """Make the draft, and show what it changes."""
        try:
            draft = form.save()
        except NoDraftError as refusal:
            form.add_error("page", str(refusal))
            return self.form_invalid(form)
        except TextRefusedError as refusal:
            form.refuse(refusal)
            return self.form_invalid(form)
        words = _("A draft of “%(title)s” was made. Nothing was published.")
        messages.success(self.request, words % {"title": draft.title})
        return redirect("policy_review", draft.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "action_url": reverse("policies_import"),
            "submit_button_label": _("Make a draft"),
            "submit_button_active_label": _("Reading…"),
        }


class ImportMenuItem(MenuItem):
    """Shown to those who may edit a policy."""

    def is_shown(self, request: HttpRequest) -> bool:
        return any(editable_pages(request.user))


def menu_item(order: int) -> MenuItem:
    """Return the entry of the admin's menu."""
    return ImportMenuItem(
        gettext_lazy("Import a text"), reverse("policies_import"), icon_name="upload", order=order
    )
