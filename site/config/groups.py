"""Groups of staff with the least rights their work needs. They come with every new database.

A group that exists is never touched, so what the owner changes stays changed.
"""

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page, Site

from policies.review import workflow

DECLARATIONS = ("cookie_consent.%s_cookie", "cookie_consent.%s_cookiegroup", "policies.%s_recipient")
# group → permissions as "app.codename"; `pages` holds from the home page down, `media` in the whole library
GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    # Not "home.change_servicesettings": who names the analytics server decides whose code runs on every page,
    # in the browsers of the owner and of staff too. That stays with the owner.
    "Editors": {
        "permissions": (
            "wagtailadmin.access_admin",
            "home.change_brandsettings",
            "policies.view_policyversion",
            "policies.view_consentrecord",
            *(right % verb for right in DECLARATIONS for verb in ("add", "change", "delete")),
        ),
        "pages": ("add_page", "change_page", "publish_page"),
        # Wagtail asks for the permissions of its own models, whatever the site's are.
        "media": (
            *(f"wagtailimages.{verb}_image" for verb in ("add", "change", "choose")),
            *(f"wagtaildocs.{verb}_document" for verb in ("add", "change", "choose")),
        ),
    },
    # No pages: a draft that waits for their review, they may open and edit.
    "Legal reviewers": {
        "permissions": (
            "wagtailadmin.access_admin",
            "policies.view_policyversion",
            "policies.publish_policypage",
        ),
    },
    # Names, addresses and lines of orders, but no money.
    "Packers": {"permissions": ("wagtailadmin.access_admin", "store.pack_order")},
    "Customer service": {
        "permissions": (
            "wagtailadmin.access_admin",
            "forms.view_submission",
            "forms.answer_submission",
            "store.view_order",
            "store.change_order",
            "store.view_document",
            "store.refund_order",
            "store.view_offer",
            "store.add_offer",
            # Handling an event again only asks Stripe anew.
            "store.view_stripeevent",
            "store.change_stripeevent",
            "store.view_paymentalarm",
            "store.view_stockitem",
            "store.change_stockitem",
            "post_office.view_email",
            "post_office.change_email",
        ),
    },
}


def ensure_groups(**_kwargs: object) -> None:
    """Create the groups that are missing; never touch one that exists."""
    missing = [name for name in GROUPS if not Group.objects.filter(name=name).exists()]
    site = Site.objects.filter(is_default_site=True).first()
    if not missing or site is None:
        return
    for app_config in apps.get_app_configs():  # our signal comes before other apps have theirs
        create_permissions(app_config, verbosity=0)
    for name in missing:
        _create(name, home=site.root_page)
    workflow.ensure_workflow(reviewers=Group.objects.get(name="Legal reviewers"))


def _create(name: str, *, home: Page) -> None:
    rights = GROUPS[name]
    group = Group.objects.create(name=name)
    group.permissions.set(
        _permission(label) for label in rights["permissions"] if label.partition(".")[0] in apps.app_configs
    )
    library = Collection.get_first_root_node()
    for codename in rights.get("pages", ()):
        permission = _permission(f"wagtailcore.{codename}")
        GroupPagePermission.objects.create(group=group, page=home, permission=permission)
    for label in rights.get("media", ()):
        GroupCollectionPermission.objects.create(
            group=group, collection=library, permission=_permission(label)
        )


def _permission(label: str) -> Permission:
    app_label, codename = label.split(".")
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)
