"""Who may see and do what of orders. Whoever packs without seeing an order's money has PACK instead of VIEW.

So a screen that does not name PACK, or was made before it, shows such a person nothing.
"""

from django.contrib.auth.models import AnonymousUser

from home.models import User
from home.viewsets import ViewOnlyPolicy

VIEW = "store.view_order"  # sees all of an order, its money too
CHANGE = "store.change_order"
PACK = "store.pack_order"


def may_read(user: User | AnonymousUser) -> bool:
    """Return whether somebody sees orders, with their money or without."""
    return user.has_perm(VIEW) or user.has_perm(PACK)


def may_pack(user: User | AnonymousUser) -> bool:
    """Return whether somebody may pack and send orders."""
    return user.has_perm(CHANGE) or user.has_perm(PACK)


class ReadersPolicy(ViewOnlyPolicy):
    """Lets those see orders who see them without money, too; what a screen shows them, it decides itself."""

    def user_has_permission(self, user: User, action: str) -> bool:
        return action == "view" and may_read(user)
