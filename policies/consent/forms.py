"""The forms in which staff declare cookies: categories, and the cookies in them with all that the cookie policy says.

What is declared here is shown to visitors, and asked about, once a version of the cookie policy freezes it.
"""

import re
from functools import partial
from typing import Any, ClassVar

from cookie_consent.models import Cookie, CookieGroup
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import transaction
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm, formfield_for_dbfield

from policies.consent.choices import MAX_CATEGORIES
from policies.consent.notices import MAX_VARNAME, VARNAME
from policies.cookie_audit.durations import lifetime
from policies.models import CookieDetails
from policies.text.limits import validate_characters

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
        words = _("Small letters and digits, at most %(number)s. It cannot be changed later.")
        varname.help_text = words % {"number": MAX_VARNAME}
        if not varname.disabled:
            pattern = rf"\A{VARNAME.pattern}\Z"
            varname.validators.append(RegexValidator(pattern, _("Use small letters a to z and digits only.")))

    def clean(self) -> dict[str, Any]:
        """Keep the consent cookie small enough."""
        cleaned = super().clean() or {}
        optional = CookieGroup.objects.filter(is_required=False).exclude(pk=self.instance.pk)
        if not cleaned.get("is_required") and optional.count() >= MAX_CATEGORIES:
            words = _("There can be at most %(number)s optional categories.")
            self.add_error("is_required", ValidationError(words, params={"number": MAX_CATEGORIES}))
        return cleaned


class CookieForm(WagtailAdminModelForm):
    """A cookie with its details: two tables, one form."""

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
        make = partial(formfield_for_dbfield, validators=[validate_characters])
        self.fields |= fields_for_model(CookieDetails, fields=CookieDetails.FIELDS, formfield_callback=make)
        if stored:
            self.initial.update({name: getattr(stored, name) for name in CookieDetails.FIELDS})

    def clean_name(self) -> str:
        """Refuse a pattern that would stand for everything."""
        name = self.cleaned_data["name"]
        if not name.strip("*_-. "):
            raise ValidationError(_("Give at least the beginning of the name."))
        if name.count("*") > MAX_STARS or "**" in name:
            raise ValidationError(_("Use at most three stars, and never two in a row."))
        return name

    def clean(self) -> dict[str, Any]:
        """Refuse a cookie that the category has already, and a name that no browser takes for a cookie."""
        cleaned = super().clean() or {}
        group, name = cleaned.get("cookiegroup"), cleaned.get("name")
        is_cookie = cleaned.get("storage") == CookieDetails.Storage.COOKIE
        if name and is_cookie and not _COOKIE_NAME.fullmatch(name):
            self.add_error("name", _("A cookie's name has letters, digits and !#$%&'*+-.^_`|~ only."))
        # What stays in local storage has no end, and units are read in English only.
        is_local, is_english = cleaned.get("storage") == "local", settings.LANGUAGE_CODE.startswith("en")
        duration = cleaned.get("duration", "")
        if duration and is_english and not is_local and lifetime(duration) is None:
            self.add_error("duration", _("Write a number and a unit (“13 months”), or “session”."))
        same = Cookie.objects.filter(cookiegroup=group, name=name, domain=self.instance.domain)
        if group and same.exclude(pk=self.instance.pk).exists():
            self.add_error("name", _("This category has a cookie of this name already."))
        return cleaned

    def save(self, commit: bool = True) -> Cookie:  # noqa: FBT001, FBT002 - Django's signature
        with transaction.atomic():
            cookie = super().save(commit=commit)
            values = {name: self.cleaned_data[name] for name in CookieDetails.FIELDS}
            CookieDetails.objects.update_or_create(cookie=cookie, defaults=values)
        return cookie
