"""The changes that make stored pages stale, connected once at start-up; apps add their own models."""

from collections.abc import Callable
from functools import partial

from django.apps import apps
from django.db import models
from django.db.models.signals import post_delete, post_save, pre_save
from wagtail.contrib.redirects.models import Redirect
from wagtail.contrib.settings.models import BaseGenericSetting, BaseSiteSetting
from wagtail.documents.models import AbstractDocument
from wagtail.images.models import AbstractImage
from wagtail.models import Page, PageViewRestriction, Site
from wagtail.signals import page_published, page_unpublished, post_page_move

from home.page_cache import tokens


def invalidate_pages_when_changed(model: type[models.Model], *, name: str = "site") -> None:
    """Forget the pages that depend on a name, which is every page for "site", when a row of `model` changes."""
    uid = f"page-cache-{model._meta.label}"
    change, changed = partial(_say, tokens.changing, name), partial(_say, tokens.changed, name)
    pre_save.connect(change, sender=model, dispatch_uid=uid, weak=False)
    post_save.connect(changed, sender=model, dispatch_uid=uid, weak=False)
    post_delete.connect(changed, sender=model, dispatch_uid=uid, weak=False)


def _say(what: Callable[[str], None], name: str, **_kwargs: object) -> None:
    what(name)


def connect() -> None:
    """Connect pages of every type, sites, settings, pictures and redirects."""
    for signal in (page_published, page_unpublished, post_page_move):
        signal.connect(partial(_say, tokens.changed, "site"), dispatch_uid="page-cache", weak=False)
    # Drafts save the page's row too; a needless bump costs a few renderings, a missed one shows an old page.
    content = (Page, AbstractImage, AbstractDocument, BaseSiteSetting, BaseGenericSetting)
    # A page made private must not stay readable in the cache.
    routing = (Site, Redirect, PageViewRestriction)
    for model in apps.get_models():
        if issubclass(model, content + routing):
            invalidate_pages_when_changed(model)
