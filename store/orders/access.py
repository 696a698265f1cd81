"""Who may see and do what of orders. Whoever packs without seeing an order's money has PACK instead of VIEW.

So a screen that does not name PACK, or was made before it, shows such a person nothing.
"""

from collections.abc import Callable

from django.contrib.auth.decorators import user_passes_test
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from home.models import User
from home.viewsets import ViewOnlyPolicy

VIEW = "store.view_order"  # sees all of an order, its money too
CHANGE = "store.change_order"
PACK = "store.pack_order"

Somebody = User | AnonymousUser


def may_read(user: Somebody) -> bool:
    """Return whether somebody sees orders, with their money or without."""
    return user.has_perm(VIEW) or user.has_perm(PACK)


def may_pack(user: Somebody) -> bool:
    """Return whether somebody may pack and send orders."""
    return user.has_perm(CHANGE) or user.has_perm(PACK)


def only(may: Callable[[Somebody], bool]) -> Callable:
    """Return a decorator of views that refuses those who may not."""

    def check(user: Somebody) -> bool:
        if not may(user):
            raise PermissionDenied
        return True

    return user_passes_test(check)


class ReadersPolicy(ViewOnlyPolicy):
    """Lets those see orders who see them without money, too; what a screen shows them, it decides itself."""

    def user_has_permission(self, user: User, action: str) -> bool:
        return action == "view" and may_read(user)
