"""Groups of staff with the least rights their work needs. They come with every new database.

A group that exists is never touched, so what the owner changes stays changed.
"""

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

# group → permissions as "app.codename"; `pages` and `media` are what the group may do in the whole tree or library
ROLES: dict[str, dict[str, tuple[str, ...]]] = {
    "Editors": {
        "permissions": (
            "wagtailadmin.access_admin",
            "home.change_brandsettings",
            "policies.view_policyversion",
            "policies.view_consentrecord",
            *(f"cookie_consent.{verb}_{what}" for verb in ("add", "change", "delete") for what in ("cookie", "cookiegroup")),
        ),
        "pages": ("add_page", "change_page", "publish_page"),
        "media": (
            "home.add_siteimage",
            "home.change_siteimage",
            "home.choose_image",
            "home.add_sitedocument",
            "home.change_sitedocument",
            "home.choose_document",
        ),
    },
    "Customer service": {
        "permissions": (
            "wagtailadmin.access_admin",
            "forms.view_submission",
            "post_office.view_email",
            "post_office.change_email",
        ),
        "pages": (),
        "media": (),
    },
}


def ensure_groups(**_kwargs: object) -> None:
    """Create the groups that are missing; never touch one that exists."""
    missing = [name for name in ROLES if not Group.objects.filter(name=name).exists()]
    root = Page.objects.filter(depth=1).first()
    if not missing or root is None:
        return
    for app_config in apps.get_app_configs():  # our signal comes before other apps have theirs
        create_permissions(app_config, verbosity=0)
    for name in missing:
        _create(name, root=root)


def _create(name: str, *, root: Page) -> None:
    role = ROLES[name]
    group = Group.objects.create(name=name)
    group.permissions.set(_permission(label) for label in role["permissions"])
    library = Collection.get_first_root_node()
    for codename in role["pages"]:
        permission = Permission.objects.get(content_type__app_label="wagtailcore", codename=codename)
        GroupPagePermission.objects.create(group=group, page=root, permission=permission)
    for label in role["media"]:
        GroupCollectionPermission.objects.create(group=group, collection=library, permission=_permission(label))


def _permission(label: str) -> Permission:
    app_label, codename = label.split(".")
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)
