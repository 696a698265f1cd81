"""The admin's menu by what people do; what comes with Wagtail and few need stands under "More"."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.auth import user_has_any_page_permission
from wagtail.admin.menu import DismissibleMenuItem, Menu, MenuItem, SubmenuMenuItem, help_menu, settings_menu
from wagtail.admin.ui.sidebar import PageExplorerMenuItem
from wagtail.admin.wagtail_hooks import ExplorerMenuItem
from wagtail.models import Site

from home import guide, page_bin, today
from home.brand import contrast

MESSAGES_MENU = "register_messages_menu_item"
# By the names that Wagtail gives them.
RARE = {"images", "documents", "snippets", "reports"}
RARE_SETTINGS = {"collections", "redirects", "sites", "workflows", "workflow-tasks"}
FOR_ALL = {"images", "documents", "bin"}  # the rest of "More" is for owners


class PagesMenuItem(ExplorerMenuItem):
    """Opens the pages of an owner at the home page, as those of an editor: nothing is edited above it."""

    def render_component(self, request: HttpRequest) -> PageExplorerMenuItem:
        component = super().render_component(request)
        if request.user.is_superuser and (top := _top()):
            component.start_page_id = top
        return component


class BinMenuItem(MenuItem):
    def is_shown(self, request: HttpRequest) -> bool:
        return user_has_any_page_permission(request.user)


def _top() -> int | None:
    return Site.objects.filter(is_default_site=True).values_list("root_page", flat=True).first()


def explore(_request: HttpRequest) -> HttpResponse:
    """Open the pages at the home page."""
    return redirect("wagtailadmin_explore", _top() or 1)


def urls() -> list[URLPattern]:
    return [
        path("guide/<str:name>", guide.GuideView.as_view(), name="guide"),
        path("brand/contrast/", contrast.show, name="brand_contrast"),
        path("bin/", page_bin.BinView.as_view(), name="bin"),
        path("first-steps/dismiss/", today.dismiss_first_steps, name="first_steps_dismiss"),
    ]


# --- The entries -------------------------------------------------------------------------------------------
def today_item() -> MenuItem:
    return MenuItem(_("Today"), reverse("wagtailadmin_home"), name="today", icon_name="home", order=10)


def messages_item() -> MenuItem:
    menu = Menu(register_hook_name=MESSAGES_MENU)
    return SubmenuMenuItem(_("Messages"), menu, name="messages", icon_name="mail", order=40)


def help_item() -> MenuItem:
    url = reverse("guide", args=[guide.FIRST])
    return MenuItem(_("Help"), url, name="guide", icon_name="help", order=11_000)


def arrange(request: HttpRequest, items: list[MenuItem]) -> None:
    """Put what few need under "More", and open the pages at the home page."""
    rare = [item for item in items if item.name in RARE]
    rare += [item for item in settings_menu.registered_menu_items if item.name in RARE_SETTINGS]
    rare.append(BinMenuItem(_("Bin"), reverse("bin"), name="bin", icon_name="bin", order=500))
    rare += [item for item in help_menu.registered_menu_items if not isinstance(item, DismissibleMenuItem)]
    shown = FOR_ALL if not request.user.is_superuser else {item.name for item in rare}
    menu = Menu(items=[item for item in rare if item.name in shown])
    more = SubmenuMenuItem(_("More"), menu, name="more", icon_name="dots-horizontal", order=12_000)
    kept = [item for item in items if item.name not in {*RARE, "help"}]
    items[:] = [*map(_from_home_on, kept), *([more] if more.is_shown(request) else [])]


def _from_home_on(item: MenuItem) -> MenuItem:
    if item.name != "explorer":
        return item
    return PagesMenuItem(item.label, item.url, name=item.name, icon_name=item.icon_name, order=50)


def leave_out_rare(_request: HttpRequest, items: list[MenuItem]) -> None:
    """Leave what is under "More" out of the settings."""
    items[:] = [item for item in items if item.name not in RARE_SETTINGS]
