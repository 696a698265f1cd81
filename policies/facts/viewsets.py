"""The staff's screen of the recipients of data that no browser meets, under Settings."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm

from policies.consent.viewsets import DeclarationViewSet
from policies.models import Recipient


class RecipientForm(WagtailAdminModelForm):
    """A recipient, as the policies print it."""

    class Meta:
        model = Recipient
        fields = Recipient.FIELDS


class RecipientViewSet(DeclarationViewSet):
    model = Recipient
    name = "recipients"
    icon = "group"
    menu_label = _("Recipients of data")
    add_to_settings_menu = True
    form_class = RecipientForm
    index_template_name = "policies/admin/policies.html"
    list_display = ["name", "data", "purpose", "country"]
    search_fields = ["name", "data", "purpose", "country", "contract"]
    ordering = "name"


viewset = RecipientViewSet()
