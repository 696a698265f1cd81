"""The kinds of things that a message can be about, as other apps contribute them (`register_message_subjects`).

Forms collect them (`forms.subjects`); who contributes one knows nothing of forms.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class SubjectKind:
    """One kind of thing, which a link to a form names by `?about=KIND:KEY`.

    `find` returns for the KEY of a link by what key the message keeps the thing, and its name; None if there is none.
    `url` returns the screen of the admin about what is kept; `of_person` what else staff should see of somebody with
    this e-mail address: label and URL of each. Both are for those with `permission`, and whoever sees the latter is in
    the log of access with `access_kind`, a key of the register of personal data. `page_url` returns the public page.
    """

    kind: str
    label: str | Promise
    find: Callable[[str], tuple[str, str] | None]
    url: Callable[[str], str | None]
    permission: str = ""
    access_kind: str = ""
    of_person: Callable[[str], list[tuple[str, str]]] = lambda _email: []
    page_url: Callable[[str], str] = lambda _key: ""
