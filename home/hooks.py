"""What one app asks of the others: contributions, registered with Wagtail's hooks in each app's `wagtail_hooks.py`.

Each hook of ours has one collector, in the module that owns the subject; nobody else asks for it. Collectors load
every `wagtail_hooks` module, so they are never called at import or in `AppConfig.ready`.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from wagtail import hooks

Item = TypeVar("Item")


def _itself(item: Any) -> Any:
    return item


def collect(name: str, *, key: Callable[[Item], Hashable] = _itself) -> list[Item]:
    """Return what every function registered under a hook's name returns; refuse two items with one key."""
    found: dict[Hashable, Item] = {}
    for contribute in hooks.get_hooks(name):
        for item in contribute():
            if key(item) in found:
                raise ImproperlyConfigured(f"{name}: there are two contributions with the key {key(item)!r}.")
            found[key(item)] = item
    return list(found.values())
