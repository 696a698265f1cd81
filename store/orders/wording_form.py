"""The form under Settings → E-mails to shoppers: own words of each kind of e-mail, beside ours."""

from collections import defaultdict
from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, HelpPanel, MultiFieldPanel, ObjectList
from wagtail.admin.widgets import AdminAutoHeightTextInput
from wagtail.coreutils import safe_snake_case
from wagtail.models import Site

from home.characters import ONE_LINE
from home.models import User
from policies.text import limits
from store.models import MailWording
from store.models.mail_wording import OPENING_LENGTH, SUBJECT_LENGTH, validate_places
from store.orders.access import VIEW
from store.orders.wording import KINDS
from store.orders.words import Words


class _Form(WagtailAdminModelForm):
    """Keeps the words of all kinds in one column, by the names of its fields."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial |= self.instance.words

    def clean(self) -> None:
        super().clean()
        found = {name: self.cleaned_data.get(name, "") for name in self.declared_fields}
        self.instance.words = {name: "\n".join(text.splitlines()) for name, text in found.items() if text}


def _with_gaps(text: object) -> str:
    """Return words of ours as a trader reads them: what is filled in is left open."""
    return str(text) % defaultdict(lambda: "…", number="{number}")


def _help(words: Words) -> str:
    """Return what an own opening stands in for, and what follows it always."""
    ours = " ".join(_with_gaps(getattr(words, name)) for name in words.phrases if getattr(words, name))
    kept = _with_gaps(words.without(words.phrases).sentences)
    parts = [(gettext("In place of: “%s”"), ours), (gettext("This always follows: “%s”"), kept)]
    return " ".join(label % text for label, text in parts if text)


def _fields() -> dict[str, forms.Field]:
    found: dict[str, forms.Field] = {}
    for kind, (_label, words) in KINDS.items():
        found[f"{kind}_subject"] = forms.CharField(
            label=_("Subject"),
            required=False,
            max_length=SUBJECT_LENGTH,
            validators=[ONE_LINE, validate_places],
            help_text=lazy(
                lambda words=words: gettext("In place of: “%s”") % _with_gaps(words.subject), str
            )(),
        )
        found[f"{kind}_opening"] = forms.CharField(
            label=_("Opening"),
            required=False,
            max_length=OPENING_LENGTH,
            validators=[limits.validate_characters, validate_places],
            widget=AdminAutoHeightTextInput(),
            help_text=lazy(_help, str)(words),
        )
    return found


class _LinkToPreview(HelpPanel):
    """Leads to the e-mail, those who may see orders; its content is the kind."""

    class BoundPanel(HelpPanel.BoundPanel):
        def is_shown(self) -> bool:
            return super().is_shown() and self.request.user.has_perm(VIEW)


class _MailPanel(MultiFieldPanel):
    """The fields of one kind of e-mail: folded unless there are own words, or the preview led here."""

    class BoundPanel(MultiFieldPanel.BoundPanel):
        def classes(self) -> list[str]:
            subject, opening, link = self.panel.children
            is_used = any(self.form[one.field_name].value() for one in (subject, opening))
            is_open = is_used or self.request.GET.get("mail") == link.content
            return super().classes() if is_open else [*super().classes(), "collapsed"]


def _panel_of(kind: str) -> MultiFieldPanel:
    children = [
        FieldPanel(f"{kind}_subject"),
        FieldPanel(f"{kind}_opening"),
        _LinkToPreview(kind, template="store/admin/mail_wording_link.html"),
    ]
    return _MailPanel(children, heading=KINDS[kind].label)


_INTRODUCTION = _(
    "What stays empty is said in our words. “{number}” becomes the number of the order, and “{name}” the name of the "
    "shopper; where the name is not known yet, or nothing is paid, our words are sent. Headings, goods, sums, "
    "addresses, links and papers stay whatever you write."
)
MailWording.edit_handler = ObjectList(
    [MultiFieldPanel(["closing"], heading=_("All e-mails about an order"), help_text=_INTRODUCTION)]
    + [_panel_of(kind) for kind in KINDS],
    base_form_class=type("WordingForm", (_Form,), _fields()),
)


def url_of(kind: str, user: User | AnonymousUser) -> str:
    """Return where the words of a kind of e-mail are changed; empty where they are not, or not by this user."""
    site = Site.objects.filter(is_default_site=True).first()
    if site is None or kind not in KINDS or not user.has_perm("store.change_mailwording"):
        return ""
    panel = safe_snake_case(str(KINDS[kind].label))
    url = reverse("wagtailsettings:edit", args=["store", "mailwording", site.pk])
    return f"{url}?mail={kind}#panel-{panel}-section"
