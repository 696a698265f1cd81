"""What a version says, before it has a number and a hash."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from home.models import User
from policies.models.versions import ChangeKind, PolicyVersion
from policies.text import markup


@dataclass(frozen=True, kw_only=True)
class VersionContent:
    """Everything that a version says, before it has a number and a hash. `body` is canonical."""

    title: str
    body: markup.Body
    source: dict[str, Any]
    effective_at: datetime
    change_summary: str = ""
    change_kind: str = ChangeKind.MATERIAL
    facts: dict[str, Any] = field(default_factory=dict)
    authors: Collection[User] = ()
    publisher: User | None = None
    approver: User | None = None
    page_id: int | None = None
    based_on: PolicyVersion | None = None  # whose text it was written on
    replaces: PolicyVersion | None = None  # the announced version that it sets aside
    undone_by: Collection[int] = ()  # numbers of announced versions that take it back, as its editor knows
    editorial_reason: str = ""  # why figures, facts or links change where it is wording only
    policy_kind: str = ""  # empty: the policy keeps its own
    import_source: str = ""
    import_sha256: str = ""
