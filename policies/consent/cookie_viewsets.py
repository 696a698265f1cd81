"""Where staff declare cookies: categories, and the cookies in them with everything that the cookie policy says.

What is declared here is shown to visitors, and asked about, once a version of the cookie policy freezes it.
"""

import re
from typing import Any, ClassVar

import django_filters
from cookie_consent.models import Cookie, CookieGroup
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.forms.models import fields_for_model
from django.urls import URLPattern, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.paginator import WagtailPaginator
from wagtail.admin.ui.components import MediaContainer
from wagtail.admin.ui.side_panels import StatusSidePanel
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.views.generic import CreateView, DeleteView, EditView, IndexView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.history import HistoryView
from wagtail.admin.viewsets.model import ModelViewSet

from policies.consent.choices import MAX_CATEGORIES
from policies.consent.notices import MAX_VARNAME, VARNAME
from policies.models import CookieDetails

SAVED = _("Saved. Visitors see it once a new version of the cookie policy is published.")
NOT_SAVED = _("Not saved: see what is marked below.")

MAX_STARS = 3  # each makes it slower to find what a name stands for, in every visitor's browser
_COOKIE_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)  # RFC 6265: a token of RFC 2616


class CategoryForm(WagtailAdminModelForm):
    """A category. Its short name goes into visitors' cookies and records, so it is fixed once saved."""

    class Meta:
        model = CookieGroup
        fields = ["name", "varname", "description", "is_required", "ordering"]
        labels: ClassVar = {
            "varname": _("Short name"),
            "description": _("What it is for"),
            "is_required": _("Always on"),
            "ordering": _("Position"),
        }
        help_texts: ClassVar = {
            "description": _("In plain words, for visitors."),
            "is_required": _("Only for what the site cannot work without. Visitors are told, and not asked."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Tighten what the library allows."""
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        varname = self.fields["varname"]
        varname.disabled = self.instance.pk is not None
        varname.help_text = _("Small letters and digits, at most %(number)s. It cannot be changed later.") % {
            "number": MAX_VARNAME
        }
        if not varname.disabled:
            pattern = rf"\A{VARNAME.pattern}\Z"
            varname.validators.append(RegexValidator(pattern, _("Use small letters a to z and digits only.")))

    def clean(self) -> dict[str, Any]:
        """Keep the consent cookie small enough."""
        cleaned = super().clean() or {}
        optional = CookieGroup.objects.filter(is_required=False).exclude(pk=self.instance.pk)
        if not cleaned.get("is_required") and optional.count() >= MAX_CATEGORIES:
            words = _("There can be %(number)s optional categories. Nobody wants to choose about more.")
            self.add_error("is_required", ValidationError(words, params={"number": MAX_CATEGORIES}))
        return cleaned


def _form_field(field: models.Field, **options: Any) -> forms.Field | None:
    if isinstance(field, models.URLField):
        options["assume_scheme"] = "https"
    return field.formfield(**options)


class CookieForm(WagtailAdminModelForm):
    """A cookie with its details: two tables, one form."""

    details: ClassVar[list[str]] = ["provider", "duration", "party", "storage", "policy_url"]

    class Meta:
        model = Cookie
        fields = ["cookiegroup", "name", "description"]
        labels: ClassVar = {"cookiegroup": _("Category"), "description": _("What it is for")}
        help_texts: ClassVar = {
            "name": _("As it is called in the browser. A star stands for any ending: “_ga_*”."),
            "description": _("In plain words, for visitors."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Add the fields of the details."""
        super().__init__(*args, **kwargs)
        self.fields["description"].required = True
        stored = getattr(self.instance, "details", None) if self.instance.pk else None
        added = fields_for_model(CookieDetails, fields=self.details, formfield_callback=_form_field)
        for name, field in added.items():
            self.fields[name] = field
            if stored:
                self.initial[name] = getattr(stored, name)

    def clean_name(self) -> str:
        """Refuse a pattern that would stand for everything."""
        name = self.cleaned_data["name"]
        if not name.strip("*_-. "):
            raise ValidationError(_("Give at least the beginning of the name."))
        if name.count("*") > MAX_STARS or "**" in name:
            raise ValidationError(_("A name has at most three stars, none beside another."))
        return name

    def clean(self) -> dict[str, Any]:
        """Refuse a cookie that the category has already, and a name that no browser takes for a cookie."""
        cleaned = super().clean() or {}
        group, name = cleaned.get("cookiegroup"), cleaned.get("name")
        if (
            name
            and cleaned.get("storage") == CookieDetails.Storage.COOKIE
            and not _COOKIE_NAME.fullmatch(name)
        ):
            self.add_error("name", _("A cookie's name has letters, digits and !#$%&'*+-.^_`|~ only."))
        same = Cookie.objects.filter(cookiegroup=group, name=name, domain=self.instance.domain)
        if group and same.exclude(pk=self.instance.pk).exists():
            self.add_error("name", _("This category has a cookie of this name already."))
        return cleaned

    def save(self, commit: bool = True) -> Cookie:  # noqa: FBT001, FBT002 - Django's signature
        with transaction.atomic():
            cookie = super().save(commit=commit)
            values = {name: self.cleaned_data[name] for name in self.details}
            CookieDetails.objects.update_or_create(cookie=cookie, defaults=values)
        return cookie


class OurNames(WagtailAdminTemplateMixin):
    """Calls the list by our name for it above every view; the library's is "Cookie Groups"."""

    list_name: str | Promise = ""
    index_url_name: Any

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Rename the one step that leads to the list."""
        address = reverse(self.index_url_name)
        items = super().get_breadcrumbs_items()
        return [{**item, "label": self.list_name} if item["url"] == address else item for item in items]


class DeclarationIndexView(IndexView):
    def get_paginator(self, *args: Any, **kwargs: Any) -> WagtailPaginator:
        """Count by our names too."""
        paginator = WagtailPaginator(*args, **kwargs)
        paginator.verbose_name, paginator.verbose_name_plural = self.verbose_name, self.verbose_name_plural
        return paginator


class DeclarationAddView(OurNames, CreateView):
    pass


class DeclarationStatusPanel(StatusSidePanel):
    thing: str | Promise = ""

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:
        """Name the kind of thing as the button that adds one does."""
        return {**super().get_context_data(parent_context), "model_name": self.thing}


class DeclarationEditView(OurNames, EditView):
    thing: str | Promise = ""

    def get_side_panels(self) -> MediaContainer:
        """Show the one panel of Wagtail's, by our name."""
        panel = DeclarationStatusPanel(
            self.object,
            self.request,
            history_url=self.get_history_url(),
            last_updated_info=self.get_last_updated_info(),
        )
        panel.thing = self.thing
        return MediaContainer([panel])


class DeclarationHistoryView(OurNames, HistoryView):  # type: ignore[misc]  # Wagtail's two bases differ in `model`
    pass


class DeclarationDeleteView(DeleteView):
    confirmation_message = _(
        "Delete it? Visitors see it until a new version of the cookie policy is published."
    )


class DeclarationViewSet(ModelViewSet):
    """What the two screens share."""

    copy_view_enabled = False
    add_to_reference_index = False
    index_view_class = DeclarationIndexView
    add_view_class = DeclarationAddView
    edit_view_class = DeclarationEditView
    history_view_class = DeclarationHistoryView
    delete_view_class = DeclarationDeleteView
    name: str
    menu_label: str | Promise
    form_class: type[forms.ModelForm]
    thing: str | Promise  # what one row is called
    add_label: str | Promise

    def get_form_class(self, for_update: bool = False) -> type[forms.ModelForm]:  # noqa: FBT001, FBT002 - Wagtail's
        """Use the form with our rules for new and old rows alike."""
        return self.form_class

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Tell every view what its list and a row of it are called; of use elsewhere no record is kept."""
        names = {"list_name": self.menu_label, "thing": self.thing}
        return super().get_common_view_kwargs(**{"usage_url_name": None, **names, **kwargs})

    def get_urlpatterns(self) -> list[URLPattern]:
        """Leave out the list of uses, which would always be empty."""
        return [pattern for pattern in super().get_urlpatterns() if pattern.name != "usage"]

    def get_index_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Name the list, and the button above it."""
        names = {
            "page_title": self.menu_label,
            "add_item_label": self.add_label,
            "verbose_name": self.thing,
            "verbose_name_plural": self.menu_label,
        }
        return super().get_index_view_kwargs(**{**names, **kwargs})

    def get_add_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Say when visitors see it."""
        return super().get_add_view_kwargs(
            page_subtitle=self.thing, success_message=SAVED, error_message=NOT_SAVED, **kwargs
        )

    def get_edit_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Say when visitors see it."""
        return super().get_edit_view_kwargs(success_message=SAVED, error_message=NOT_SAVED, **kwargs)

    def get_delete_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Name what is gone."""
        return super().get_delete_view_kwargs(success_message=_("“%(object)s” was deleted."), **kwargs)


class CategoryViewSet(DeclarationViewSet):
    model = CookieGroup
    name = "cookie-categories"
    icon = "folder-open-inverse"
    menu_label = _("Cookie categories")
    thing = _("Cookie category")
    add_label = _("Add a category")
    form_class = CategoryForm
    list_display = [
        "name",
        Column("varname", label=_("Short name"), sort_key="varname"),
        BooleanColumn("is_required", label=_("Always on")),
    ]
    search_fields = ["name", "varname", "description"]
    ordering = "ordering"


class CookieFilterSet(WagtailFilterSet):
    cookiegroup = django_filters.ModelChoiceFilter(label=_("Category"), queryset=CookieGroup.objects.all())

    class Meta:
        model = Cookie
        fields = ["cookiegroup"]


class CookieViewSet(DeclarationViewSet):
    model = Cookie
    name = "declared-cookies"
    icon = "list-ul"
    menu_label = _("Cookies")
    thing = _("Cookie")
    add_label = _("Add a cookie")
    form_class = CookieForm
    list_display = [
        "name",
        Column("cookiegroup", label=_("Category"), sort_key="cookiegroup__name"),
        Column("description", label=_("What it is for")),
        Column("details.duration", label=_("How long")),
    ]
    filterset_class = CookieFilterSet
    search_fields = ["name", "description"]
    ordering = "name"


cookie_viewsets = (CategoryViewSet(), CookieViewSet())
