"""The staff's screens of what policies state: their base, and the recipients of data that no browser meets."""

from typing import Any

from django import forms
from django.forms import modelform_factory
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.views.generic import CreateView, DeleteView, EditView
from wagtail.admin.viewsets.model import ModelViewSet

from policies.facts import untrue_after_saving
from policies.models import Recipient


class WarnsOfPolicies:
    """Says after saving or deleting which policies are no longer true by that."""

    request: HttpRequest

    def run_before_hook(self) -> None:
        untrue_after_saving.remember(self.request)

    def run_after_hook(self) -> None:
        untrue_after_saving.warn(self.request)


class DeclarationMessages(WarnsOfPolicies):
    """Messages after saving: visitors see no change yet."""

    success_message = _("Saved. Visitors see it once a new version of the policy is published.")
    error_message = _("Not saved: see what is marked below.")


class DeclarationAddView(DeclarationMessages, CreateView):
    pass


class DeclarationEditView(DeclarationMessages, EditView):
    pass


class DeclarationDeleteView(WarnsOfPolicies, DeleteView):
    confirmation_message = _("Delete it? Visitors see it until a new version of the policy is published.")
    success_message = _("“%(object)s” was deleted.")


class DeclarationViewSet(ModelViewSet):
    """The base of the screens of what policies state: categories, cookies, recipients."""

    copy_view_enabled = False
    add_to_reference_index = False
    add_view_class = DeclarationAddView
    edit_view_class = DeclarationEditView
    delete_view_class = DeclarationDeleteView
    name: str
    menu_label: str | Promise
    form_class: type[forms.ModelForm]

    def get_form_class(self, for_update: bool = False) -> type[forms.ModelForm]:  # noqa: FBT001, FBT002 - Wagtail's
        """Use the form with our rules for new and old rows alike."""
        return self.form_class

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Do not link to Wagtail's list of uses, which would always be empty."""
        return super().get_common_view_kwargs(**{"usage_url_name": None, **kwargs})

    def get_urlpatterns(self) -> list[URLPattern]:
        """Leave out the URL of the list of uses."""
        return [pattern for pattern in super().get_urlpatterns() if pattern.name != "usage"]


class RecipientViewSet(DeclarationViewSet):
    model = Recipient
    name = "recipients"
    icon = "group"
    menu_label = _("Recipients of data")
    add_to_settings_menu = True
    form_class = modelform_factory(Recipient, WagtailAdminModelForm, fields=Recipient.FIELDS)
    index_template_name = "policies/admin/listing.html"
    list_display = ["name", "data", "purpose", "country"]
    search_fields = ["name", "data", "purpose", "country", "contract"]
    ordering = "name"


viewset = RecipientViewSet()
