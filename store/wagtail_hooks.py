"""What the shop adds to the admin: menu entries with its staff screens, and notes of what is to be done."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.action_menu import ActionMenuItem
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.sidebar import LinkMenuItem
from wagtail.admin.viewsets.base import ViewSet, ViewSetGroup
from wagtail.admin.viewsets.model import ModelViewSetGroup
from wagtail.models import Page

from home.csp import Provider
from home.jobs import Job
from home.listings import Listing
from home.message_subjects import SubjectKind
from home.navigation import Link
from home.search.site import Section
from policies.cookie_audit.rules import Action
from policies.facts.registry import Fact
from policies.models.ledger import LedgeredModel
from policies.personal_data.register import PersonalData
from store.basket.personal_data import BASKETS
from store.catalogue import asking as asking_of_products
from store.catalogue import options, product_search, redirects, showcase
from store.catalogue.product_list import product_viewset
from store.documents import brand_previews, printing
from store.documents.viewsets import document_viewset
from store.models import Order, ProductPage, ShopPage
from store.offers.offering import OFFERS
from store.offers.viewsets import offer_viewset
from store.orders import asking, dashboard, finding, mail_previews, withdrawal
from store.orders.finding import FIND_LINKS
from store.orders.personal_data import ORDERS, UNPAID_ORDERS
from store.orders.viewsets import order_viewset
from store.payments import events, reconciliation, stripe_client, takings, watching
from store.payments.health_views import payment_health_viewset
from store.payments.viewsets import stripe_event_viewset
from store.shipping.viewsets import delivery_viewsets
from store.stock import product_form
from store.stock.viewsets import stock_viewset
from store.vat.viewsets import vat_viewsets


class OrdersGroup(ModelViewSetGroup):
    """What was ordered, and what follows from it."""

    menu_label = _("Orders")
    menu_icon = "clipboard-list"
    menu_order = 20
    items = (
        order_viewset,
        offer_viewset,
        document_viewset,
        payment_health_viewset,
        stripe_event_viewset,
    )  # type: ignore[assignment]  # Wagtail's () reads as always empty

    def get_submenu_items(self) -> list[MenuItem]:
        """Add the screen that belongs to no list."""
        items = super().get_submenu_items()
        return [*items, mail_previews.menu_item(order=len(items) + 1)]


class OpenProductItem(MenuItem):
    """Leads, unseen, to the product whose form is open: so the menu marks the products, not the pages."""

    def is_shown(self, request: HttpRequest) -> bool:
        match = request.resolver_match
        is_form = match is not None and match.view_name == "wagtailadmin_pages:edit"
        return bool(is_form and match and ProductPage.objects.filter(pk=match.kwargs["page_id"]).exists())

    def render_component(self, request: HttpRequest) -> LinkMenuItem:
        return LinkMenuItem(self.name, self.label, request.path, classname="w-hidden")


class ProductsGroup(ModelViewSetGroup):
    """What is sold."""

    menu_label = _("Products")
    menu_icon = "tag"
    menu_order = 30
    items = (product_viewset, stock_viewset)  # type: ignore[assignment]  # as above

    def get_submenu_items(self) -> list[MenuItem]:
        return [*super().get_submenu_items(), OpenProductItem(_("Product"), "", name="open-product")]


@hooks.register("register_admin_viewset")
def viewsets() -> list[ViewSetGroup | ViewSet]:
    """Put the screens into the menu: those of every day above, what is set up once among the settings."""
    return [OrdersGroup(), ProductsGroup(), *delivery_viewsets, *vat_viewsets]


@hooks.register("register_listings")
def listings() -> list[Listing]:
    """Offer the products and their categories to any page."""
    return [
        Listing(
            "products",
            _("Products that can be bought, the newest first"),
            "store/goods.html",
            showcase.products,
        ),
        Listing(
            "categories", _("Categories of the shop"), "store/listed_categories.html", showcase.categories
        ),
    ]


hooks.register("construct_homepage_summary_items", dashboard.tiles)
hooks.register("construct_homepage_panels", takings.add_panel)
hooks.register("register_first_steps", dashboard.first_steps)


@hooks.register("construct_page_action_menu")
def publish_first(menu_items: list[ActionMenuItem], request: HttpRequest, context: dict[str, Any]) -> None:
    """Make "Publish" the button that is pressed first, on a product; its form saves drafts by itself."""
    page = context.get("page")
    if isinstance(page, ProductPage) or (page is None and isinstance(context.get("parent_page"), ShopPage)):
        menu_items.sort(key=lambda item: item.name != "action-publish")


@hooks.register("before_create_page")
@hooks.register("before_edit_page")
def mark_saving_by_person(request: HttpRequest, *_pages: Any) -> None:
    """Let the form of a product know whether a person saves it or autosave, which asks for JSON."""
    if request.method == "POST" and request.accepts("text/html"):
        request.POST = request.POST.copy()  # type: ignore[assignment]
        request.POST[options.BY_PERSON] = "yes"  # type: ignore[misc]


@hooks.register("before_delete_page")
def redirect_deleted(request: HttpRequest, page: Page) -> None:
    """Redirect from the former URLs of a product or category that is deleted."""
    if request.method == "POST":
        redirects.redirect_former_urls(page)


@hooks.register("before_bulk_action")
def redirect_deleted_together(_request: HttpRequest, action: str, pages: list[Any], _class: Any) -> None:
    """Do the same with several."""
    for page in pages if action == "delete" else ():
        if isinstance(page, Page):
            redirects.redirect_former_urls(page)


@hooks.register("after_create_page")
@hooks.register("before_publish_page")  # afterwards it is another object, read from the database
@hooks.register("after_edit_page")
def save_counts(request: HttpRequest, page: Page) -> None:
    """Save the stock that was counted in the form of a product."""
    product_form.save_counts(request, page)


hooks.register("register_brand_previews", brand_previews.previews, order=1)


# --- What the shop contributes to other apps ----------------------------------------------------------------
@hooks.register("register_personal_data")
def personal_data() -> list[PersonalData]:
    return [ORDERS, UNPAID_ORDERS, BASKETS, FIND_LINKS, OFFERS]


@hooks.register("register_message_subjects")
def message_subjects() -> list[SubjectKind]:
    return [asking_of_products.PRODUCTS, asking.ORDERS]


@hooks.register("register_service_providers")
def stripe_provider() -> list[Provider]:
    """Name Stripe, whose payment page our checkout form leads to."""
    stripe = Provider(
        key="stripe",
        name="Stripe",
        purpose=gettext(
            "Takes payments: name, addresses, e-mail, telephone and card details, typed on its own page"
        ),
        country=gettext("Ireland and the United States"),
        privacy_url="https://stripe.com/privacy",
        sources={"form-action": (stripe_client.checkout_origin(),)},
    )
    return [stripe]


@hooks.register("register_policy_facts")
def policy_facts() -> list[Fact]:
    return [withdrawal.FACT]


@hooks.register("register_search_sections")
def search_sections() -> list[Section]:
    return [product_search.SECTION]


@hooks.register("register_footer_links")
def footer_links() -> list[Link]:
    return [Link(gettext("Find your orders"), reverse("store:find_orders"))]


@hooks.register("register_audit_paths")
def audit_paths() -> list[str]:
    return [reverse("store:basket"), reverse("store:checkout")]


@hooks.register("register_audit_actions")
def audit_actions() -> list[Action]:
    """Let the audit of cookies put something into a basket, which then has cookies of its own."""
    press = "form[data-basket-add] button[type=submit]"
    return [Action(name="basket", press=press, then=tuple(audit_paths()))]


@hooks.register("register_worker_jobs")
def worker_jobs() -> list[Job]:
    return [
        Job("payments", reconciliation.EVERY, reconciliation.reconcile),
        Job("open payments", reconciliation.OPEN_EVERY, reconciliation.ask_about_open_pages),
        Job("papers", printing.EVERY, printing.print_missing),
        Job("Stripe events", events.EVERY, events.retry),
        Job("old Stripe events", events.EXPIRED_EVERY, events.expire),
        Job("payments at Stripe", reconciliation.LISTS_EVERY, reconciliation.find_paid_pages),
        Job("links to orders", finding.EVERY, finding.send_links),
        Job("health of payments", watching.EVERY, watching.watch),
        Job("old payment problems", watching.EXPIRED_EVERY, watching.expire),
        Job(
            "refunds and disputes", reconciliation.LISTS_EVERY, reconciliation.reconcile_refunds_and_disputes
        ),
    ]


@hooks.register("register_ledger_kinds")
def ledger_kinds() -> list[type[LedgeredModel]]:
    return [Order]
