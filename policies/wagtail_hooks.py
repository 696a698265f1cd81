"""What the policies app adds to the admin: one menu entry with its staff screens."""

from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.viewsets.model import ModelViewSetGroup

from policies.viewsets.consents import consent_viewset
from policies.viewsets.cookies import cookie_viewsets
from policies.viewsets.versions import version_viewset


class PoliciesGroup(ModelViewSetGroup):
    menu_label = _("Policies")
    menu_icon = "doc-full"
    menu_order = 250
    items = (version_viewset, consent_viewset, *cookie_viewsets)


@hooks.register("register_admin_viewset")
def policies_group() -> PoliciesGroup:
    return PoliciesGroup()
