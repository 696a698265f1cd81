"""The staff's screens of what policies state: their base, and the recipients of data that no browser meets."""

from django.forms import modelform_factory
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.views.generic import CreateView, DeleteView, EditView

from home.viewsets import PlainViewSet
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


class DeclarationViewSet(PlainViewSet):
    """The base of the screens of what policies state: categories, cookies, recipients."""

    name: str
    menu_label: str | Promise
    add_view_class = DeclarationAddView
    edit_view_class = DeclarationEditView
    delete_view_class = DeclarationDeleteView


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
