"""What the policies app adds to the admin: one menu entry with its staff screens."""

from django.http import HttpRequest
from django.urls import URLPattern
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.model import ModelViewSetGroup
from wagtail.models import Page

from policies.models import PolicyPage
from policies.views import imports
from policies.viewsets.consents import consent_viewset
from policies.viewsets.cookies import cookie_viewsets
from policies.viewsets.versions import version_viewset


class PoliciesGroup(ModelViewSetGroup):
    menu_label = _("Policies")
    menu_icon = "doc-full"
    menu_order = 250
    items = (version_viewset, consent_viewset, *cookie_viewsets)

    def get_submenu_items(self) -> list[MenuItem]:
        """Add the screen that belongs to no list."""
        items = super().get_submenu_items()
        return [*items, imports.menu_item(order=len(items) + 1)]


@hooks.register("register_admin_urls")
def import_urls() -> list[URLPattern]:
    return imports.urlpatterns


@hooks.register("register_admin_viewset")
def policies_group() -> PoliciesGroup:
    return PoliciesGroup()


@hooks.register("before_edit_page")
def tell_of_coming_versions(request: HttpRequest, page: Page) -> None:
    """Say what publishing now means while another version is announced."""
    if request.method != "GET" or not isinstance(page, PolicyPage) or page.policy is None:
        return
    coming = page.policy.versions.pending(timezone.now()).first()
    if coming is None:
        return
    messages.warning(
        request,
        gettext(
            "Version %(number)s is announced for %(date)s, and this is the newest text. What you publish now takes "
            "effect at once with all its changes, and version %(number)s still replaces it on that day. To change "
            "what is announced, withdraw it (Policies → Policy versions) and publish with the same date."
        )
        % {
            "number": coming.number,
            "date": date_format(timezone.localtime(coming.effective_at), "DATE_FORMAT"),
        },
    )
