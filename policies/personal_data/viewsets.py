"""The owners' report of who read, searched or exported personal data. Nobody can change it."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_filters import ChoiceFilter, ModelChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import BaseColumn, Column, Table

from home.models import User
from home.viewsets import DaysFilter, GuardedIndexView, MomentColumn, ReadOnlyViewSet
from policies.models import PersonalDataAccess
from policies.personal_data import register


def kinds() -> dict[str, str]:
    """Return what each kind of data is called, by its key."""
    return {entry.key: str(entry.label) for entry in register.registered()}


def _staff(_request: object) -> QuerySet[User]:
    return User.objects.order_by("email")


class AccessFilterSet(WagtailFilterSet):
    at = DaysFilter(label=_("Time"))
    user = ModelChoiceFilter(label=_("Account"), queryset=_staff)
    kind = ChoiceFilter(label=_("Kind of data"), choices=lambda: [*kinds().items()])

    class Meta:
        model = PersonalDataAccess
        fields = ["at", "user", "kind"]


def _runs(rows: Iterable[Any]) -> Iterator[Any]:
    """Put together what follows each other of one account, action and kind of data: the newest row, with their sum."""
    for _alike, found in groupby(rows, key=attrgetter("by", "action", "kind")):
        newest, *earlier = found
        newest.times = 1 + len(earlier)
        newest.count += sum(one.count for one in earlier)
        yield newest


def what_was_done(access: Any) -> str:
    """Return it in words, and how often it was done in a row."""
    often = gettext(", %(times)s times") % {"times": access.times} if access.times > 1 else ""
    return f"{access.get_action_display()}{often}"


class AccessIndexView(GuardedIndexView):
    results_template_name = "policies/admin/access_results.html"

    def get_table(self, object_list: Any) -> Table:
        return super().get_table([*_runs(object_list)])

    @cached_property
    def kinds(self) -> dict[str, str]:
        return kinds()

    def name_of(self, access: PersonalDataAccess) -> str:
        """Return what its kind of data is called; the key of one that no app holds any more."""
        return self.kinds.get(access.kind, access.kind)

    @cached_property
    def columns(self) -> list[BaseColumn]:  # type: ignore[override]  # Wagtail's is cached, too
        return [
            MomentColumn("at", label=_("Time"), sort_key="at", classname="access__time"),
            Column("by", label=_("Who"), classname="wrap-anywhere"),
            Column("action", label=_("What was done"), accessor=what_was_done),
            Column("kind", label=_("Kind of data"), accessor=self.name_of),
            Column("count", label=_("How many"), classname="figure"),
        ]

    def to_row_dict(self, item: PersonalDataAccess) -> dict[str, Any]:
        """Return the row in words."""
        return {
            **super().to_row_dict(item),
            "action": item.get_action_display(),
            "kind": self.name_of(item),
        }


class AccessViewSet(ReadOnlyViewSet):
    """For owners, and for groups with the permission to view it."""

    model = PersonalDataAccess
    name = "accesses"
    icon = "view"
    menu_label = _("Who saw personal data")
    index_view_class = AccessIndexView
    filterset_class = AccessFilterSet
    list_per_page = 50
    list_export = ["at", "by", "action", "kind", "count"]
    export_filename = "accesses"


viewset = AccessViewSet()
