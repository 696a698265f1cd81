"""The consent notice: which words and which cookie table a visitor is asked about now.

Everything is read from the frozen cookie policy version in force, never from the live tables, so that what is shown,
what is agreed to and what is on record are the same text. It knows nothing of any visitor and writes nothing.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from home import snapshot
from home.csp import Provider
from home.models import ServiceSettings
from home.snapshot import shared
from policies.ledger.encoding import DamagedRecordError
from policies.models import Policy, PolicyVersion
from policies.models.pages import NOTICE_FIELDS

logger = logging.getLogger(__name__)

# The names that fit into the cookie; the admin lets editors write no others.
MAX_VARNAME = 16
MAX_CHANGES = 5  # changes of meaning that are listed for visitors who are asked again
VARNAME = re.compile(rf"[a-z0-9]{{1,{MAX_VARNAME}}}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class DeclaredCookie:
    """One declared cookie or entry of the browser's storage. `name` may be a pattern (`_ga_*`)."""

    name: str
    purpose: str = ""
    provider: str = ""
    duration: str = ""
    party: str = ""
    storage: str = ""
    policy_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Category:
    """A group of cookies that is accepted or refused together."""

    varname: str
    name: str
    description: str = ""
    is_required: bool = False
    cookies: tuple[DeclaredCookie, ...] = ()

    @property
    def is_offered(self) -> bool:
        """Whether there is something to choose: optional, and with a cookie declared."""
        return not self.is_required and bool(self.cookies) and bool(VARNAME.fullmatch(self.varname))


@dataclass(frozen=True)
class Service:
    """An outside service that visitors were asked about, under which category; `origins` sorted."""

    key: str
    category: str
    origins: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """The words of the bar and the declared categories of one version of the cookie policy."""

    version_id: int
    number: int
    # Choices made under these versions still stand: the last material one, and the editorial ones since.
    accepted_versions: tuple[int, ...]
    url: str
    title: str
    text: str
    accept_label: str
    reject_label: str
    choose_label: str
    save_label: str
    categories: tuple[Category, ...] = ()
    policy_url: str = ""
    changes: tuple[PolicyVersion, ...] = ()  # those that changed the meaning and say how, newest first
    services: tuple[Service, ...] = ()

    @property
    def required(self) -> tuple[Category, ...]:
        """The categories that the site cannot work without."""
        return tuple(category for category in self.categories if category.is_required and category.cookies)

    @property
    def optional(self) -> tuple[Category, ...]:
        """The categories that a visitor chooses about."""
        return tuple(category for category in self.categories if category.is_offered)

    def asks_about(self, provider: Provider, varname: str) -> bool:
        """Return whether agreeing to a category is agreeing to this service: the text names it, as it is set up now."""
        service = Service(provider.key, varname, tuple(sorted(provider.origins)))
        return varname in self.varnames and service in self.services

    def changes_since(self, number: int) -> list[PolicyVersion]:
        """List what changed the meaning after a version."""
        return [change for change in self.changes if change.number > number]

    @property
    def varnames(self) -> tuple[str, ...]:
        """The names of the optional categories, sorted."""
        return tuple(sorted(category.varname for category in self.optional))


@shared
def shown() -> Notice | None:
    """Return the notice that public pages show."""
    return current(snapshot.current().taken_at)


def current(now: datetime) -> Notice | None:
    """Return the notice of the cookie policy version in force, None where there is none. At most two queries.

    Every page asks. So what cannot be read is logged and means none: nobody is asked, and nothing optional runs.
    """
    begun = list(PolicyVersion.objects.of_kind(Policy.Kind.COOKIES).begun(now).defer("record"))
    if not begun:
        return None
    version = PolicyVersion.objects.select_related("policy").get(pk=begun[0].pk)
    try:
        return _notice_of(version, begun)
    except DamagedRecordError as error:
        # In one line: every page says it.
        logger.error("Nobody is asked about cookies: %s cannot be read (%s)", version, error)  # noqa: TRY400
        return None


def _notice_of(version: PolicyVersion, begun: list[PolicyVersion]) -> Notice | None:
    if "notice" not in version.facts:  # an imported text has no words for the bar
        return None
    words = _said(version.facts, "notice", dict)
    return Notice(
        version_id=version.pk,
        number=version.number,
        accepted_versions=accepted_versions(begun),
        url=version.get_absolute_url(),
        policy_url=version.policy.get_absolute_url(),
        changes=tuple([v for v in begun if v.is_material and v.change_summary][:MAX_CHANGES]),
        categories=categories_of(version.facts),
        services=services_of(version.facts),
        **{name: _said(words, name, str, "") for name in NOTICE_FIELDS.values()},
    )


def unasked_services(now: datetime) -> list[tuple[str, str]]:
    """Return name and category of services that are switched on, but not asked about: they cannot run."""
    notice = current(now)
    return [
        (provider.name, category.name)
        for provider, category in ServiceSettings.current().optional_providers()
        if notice is None or not notice.asks_about(provider, category.varname)
    ]


def accepted_versions(begun: Iterable[PolicyVersion]) -> tuple[int, ...]:
    """Number the versions under which a choice is still valid. `begun` comes newest effect first."""
    numbers: list[int] = []
    for version in begun:
        numbers.append(version.number)
        if version.is_material:
            break
    return tuple(numbers)


def categories_of(facts: dict[str, Any]) -> tuple[Category, ...]:
    """Read the declared categories from the facts of a frozen version, required ones first."""
    return tuple(
        Category(
            varname=(varname := _said(group, "varname", str)),
            name=_said(group, "name", str, "") or varname,
            description=_said(group, "description", str, ""),
            is_required=_said(group, "is_required", bool),
            cookies=tuple(map(_declared, _said(group, "cookies", list))),
        )
        for group in _said(facts, "cookies", list, [])
    )


def services_of(facts: dict[str, Any]) -> tuple[Service, ...]:
    """Read the outside services that visitors are asked about from the facts of a frozen version."""
    return tuple(
        Service(_said(one, "key", str), _said(one, "category", str), tuple(_said(one, "origins", list)))
        for one in _said(facts, "services", list, [])
    )


def _declared(cookie: Any) -> DeclaredCookie:
    # A frozen version may hold more about a cookie than this code knows of, or less.
    found = {key: _said(cookie, key, str, "") for key in DeclaredCookie.__dataclass_fields__}
    return DeclaredCookie(**{**found, "name": _said(cookie, "name", str)})


def _said(entry: Any, name: str, type_: type, *default: Any) -> Any:
    """Return what an entry says, in the form in which versions are frozen; of any other, refuse the whole."""
    found = entry.get(name, *default) if isinstance(entry, dict) else None
    if not isinstance(found, type_):
        raise DamagedRecordError(f"“{name}” is no {type_.__name__}")
    return found
