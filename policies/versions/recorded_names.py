"""Compares the accounts that a version is linked with to the names in its record.

The names are frozen, the links are not: when an account is renamed or deleted, the link rightly differs or is gone. So
a problem is only what neither explains: an account where the record names nobody, a link to an account that does not
exist, an account younger than the version, or an account of another name while the named one exists. A link that was
removed, or moved to an account whose name proves nothing, is not found.
"""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Value
from django.db.models.functions import Concat, Trim
from django.utils import translation
from django.utils.translation import gettext as _

from home.models import User
from policies.models.versions import PolicyVersion

_ROLES = ("publisher", "approver")


class RecordedNames:
    """Checks version after version, and looks each name up once."""

    def __init__(self) -> None:
        self._known: dict[str, list[tuple[int, datetime]]] = {}

    def problems(self, version: PolicyVersion) -> Iterator[str]:
        """Yield what is wrong with the accounts of a version. They must be read along with it."""
        for role in _ROLES:
            if getattr(version, f"{role}_id") is not None and (what := self._problem(version, role)):
                yield _("column %(role)s %(problem)s") % {"role": role, "problem": what}

    def _problem(self, version: PolicyVersion, role: str) -> str:
        account = getattr(version, role)
        name = version.content.get(role, "")
        if not name:
            return _("names an account, the record nobody")
        if account is None:
            return _("names an account that does not exist")
        if account.date_joined > version.recorded_at:
            return _("names an account that is younger than the version")
        if account.get_full_name() != name and self._is_name_of_another(name, account, version.recorded_at):
            return _("names another account than that of “%(name)s”") % {"name": name}
        return ""

    def _is_name_of_another(self, name: str, account: User, by: datetime) -> bool:
        if name in _nameless():
            return False
        if name not in self._known:
            called = User.objects.annotate(called=Trim(Concat("first_name", Value(" "), "last_name")))
            self._known[name] = list(called.filter(called=name).values_list("pk", "date_joined"))
        return any(pk != account.pk and joined <= by for pk, joined in self._known[name])


def _nameless() -> set[str]:
    """The names that records give to people without a name: no account is looked up for them."""
    with translation.override(settings.LANGUAGE_CODE):
        return {"Editor", _("Editor")}
