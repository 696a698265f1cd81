"""The changes that make stored pages stale, connected once at start-up; apps add their own models."""

from collections.abc import Callable, Collection
from functools import partial

from django.apps import apps
from django.db import models
from django.db.models.signals import post_delete, post_save, pre_save
from wagtail.contrib.redirects.models import Redirect
from wagtail.contrib.settings.models import BaseGenericSetting, BaseSiteSetting
from wagtail.documents.models import AbstractDocument
from wagtail.images.models import AbstractImage, AbstractRendition
from wagtail.models import Page, PageViewRestriction, Revision, Site
from wagtail.signals import page_published, page_unpublished, post_page_move

from home.page_cache import tokens

# What saving a draft writes to the page's row, which no visitor sees: the editor does it by itself, every second.
_OF_DRAFTS = frozenset(
    {"latest_revision", "latest_revision_created_at", "draft_title", "has_unpublished_changes"}
)


def invalidate_pages_when_changed(model: type[models.Model], *, name: str = "site") -> None:
    """Forget the pages that depend on a name, which is every page for "site", when a row of `model` changes."""
    uid = f"page-cache-{model._meta.label}"
    change, changed = partial(_say, tokens.changing, name), partial(_say, tokens.changed, name)
    pre_save.connect(change, sender=model, dispatch_uid=uid, weak=False)
    post_save.connect(changed, sender=model, dispatch_uid=uid, weak=False)
    post_delete.connect(changed, sender=model, dispatch_uid=uid, weak=False)


def _say(
    what: Callable[[str], None], name: str, update_fields: Collection[str] | None = None, **_kwargs: object
) -> None:
    if update_fields is None or not _OF_DRAFTS.issuperset(update_fields):
        what(name)


def _say_of_schedule(instance: Revision, **_kwargs: object) -> None:
    if instance.approved_go_live_at is not None:  # another next known change
        tokens.changed("site")


def connect() -> None:
    """Connect pages of every type, sites, settings, pictures and redirects."""
    for signal in (page_published, page_unpublished, post_page_move):
        signal.connect(partial(_say, tokens.changed, "site"), dispatch_uid="page-cache", weak=False)
    content = (Page, AbstractImage, AbstractDocument, BaseSiteSetting, BaseGenericSetting)
    # A page made private must not stay readable in the cache.
    routing = (Site, Redirect, PageViewRestriction)
    post_save.connect(_say_of_schedule, sender=Revision, dispatch_uid="page-cache", weak=False)
    for model in apps.get_models():
        if issubclass(model, content + routing):
            invalidate_pages_when_changed(model)
        elif issubclass(
            model, AbstractRendition
        ):  # pages name its file; when one is made, a page has asked for it
            gone = partial(_say, tokens.changed, "site")
            post_delete.connect(gone, sender=model, dispatch_uid="page-cache", weak=False)
