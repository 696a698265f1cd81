"""What the home app contributes: the services of the settings, changes by the clock, pages without their app."""

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import hooks

from home import admin_lists, admin_menu, missing_app_pages, page_bin, today
from home.brand.previews import BrandPreview
from home.csp import Provider
from home.jobs import Job
from home.listings import Listing
from home.models import BrandSettings, ContentPage, HomePage, ServiceSettings
from home.models.bin import outside
from home.page_cache import schedule
from home.search import backend, site


@hooks.register("register_service_providers")
def outside_services() -> list[Provider]:
    """Return the services that are switched on in the settings."""
    return [provider for provider, _category in ServiceSettings.current().providers()]


@hooks.register("register_search_sections")
def search_sections() -> list[site.Section]:
    return [site.Section("pages", 90, site.find_pages)]


hooks.register("construct_homepage_panels", today.add_first_steps)
hooks.register("construct_homepage_summary_items", today.leave_out_others, order=1000)
for item in (admin_menu.today_item, admin_menu.messages_item, admin_menu.help_item):
    hooks.register("register_admin_menu_item", item)
hooks.register("construct_main_menu", admin_menu.arrange, order=1000)
hooks.register("construct_settings_menu", admin_menu.leave_out_rare)
hooks.register("register_admin_urls", admin_menu.urls, order=-1)
hooks.register("construct_explorer_page_queryset", missing_app_pages.leave_out_of_explorer)
hooks.register("construct_explorer_page_queryset", lambda _parent, pages, _request: outside(pages))
# Last: what is capped cannot be filtered any more.
hooks.register("construct_explorer_page_queryset", admin_lists.cap_what_can_be_moved, order=1000)
hooks.register("construct_page_chooser_queryset", missing_app_pages.leave_out_of_chooser)
hooks.register("construct_page_chooser_queryset", lambda pages, _request: outside(pages))
hooks.register("construct_page_chooser_queryset", admin_lists.read_states_together)
hooks.register("before_edit_page", page_bin.leave_alone)
hooks.register("before_delete_page", page_bin.leave_alone)
# Last: others may refuse.
hooks.register("before_delete_page", page_bin.instead_of_deleting, order=1000)
hooks.register("before_bulk_action", page_bin.instead_of_deleting_in_bulk, order=1000)
hooks.register("before_serve_page", missing_app_pages.refuse_to_serve)


@hooks.register("register_first_steps")
def first_steps() -> list[today.Step]:
    """Ask for what stands on every page and every invoice."""
    url = reverse("wagtailsettings:edit", args=["home", "brandsettings"])
    words = gettext("State your name, address and e-mail address")
    return [today.Step("brand", 10, words, url, lambda: BrandSettings.current().is_stated)]


@hooks.register("register_listings")
def listings() -> list[Listing]:
    """Offer content pages, such as news."""
    return [
        Listing(
            "pages", _("Content pages, the newest first"), "home/listed_pages.html", ContentPage.cards_below
        )
    ]


@hooks.register("register_brand_previews")
def brand_previews() -> list[BrandPreview]:
    return [BrandPreview("home", gettext("Home page"), lambda request: HomePage.objects.get().serve(request))]


@hooks.register("register_worker_jobs")
def worker_jobs() -> list[Job]:
    return [
        Job("bin", 3600, page_bin.delete_due),
        Job("search index", backend.ANALYZED_EVERY, backend.analyze),
    ]


@hooks.register("register_known_changes")
def known_changes() -> list[schedule.NextChange]:
    return [schedule.next_scheduled_page]
