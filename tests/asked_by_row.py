"""Finds what is asked of the database row by row, with zeal, for as long as a test wants.

zeal changes Django for the rest of a process, which costs each query about a tenth; here that is taken back.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes import fields as generic
from django.contrib.contenttypes.fields import GenericForeignKey, ReverseGenericManyToOneDescriptor
from django.db.models import Model, QuerySet, query
from django.db.models.fields import related_descriptors
from django.db.models.fields.related_descriptors import (
    ForwardManyToOneDescriptor,
    ReverseManyToOneDescriptor,
    ReverseOneToOneDescriptor,
)
from django.db.models.query_utils import DeferredAttribute
from django.test import override_settings
from zeal.apps import ZealConfig
from zeal.signals import nplusone_detected

CHANGED: list[Any] = [
    Model,
    QuerySet,
    DeferredAttribute,
    ForwardManyToOneDescriptor,
    ReverseOneToOneDescriptor,
    GenericForeignKey,
    generic,
    query,
    related_descriptors,
]


@contextmanager
def asked_by_row(**zeal: object) -> Iterator[list[str]]:
    """Note what requests ask row by row; `zeal` are its settings."""
    found: list[str] = []

    def note(exception: Exception, **_kwargs: object) -> None:
        found.append(str(exception))

    middleware = ["zeal.middleware.zeal_middleware", *settings.MIDDLEWARE]
    nplusone_detected.connect(note)
    with (
        _zeal(),
        override_settings(MIDDLEWARE=middleware, ZEAL_RAISE=False, **zeal),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # what zeal says is noted
        yield found
    nplusone_detected.disconnect(note)


@contextmanager
def _zeal() -> Iterator[None]:
    before = [(owner, dict(vars(owner))) for owner in CHANGED]
    _forget_managers()
    ZealConfig.create("zeal").ready()
    try:
        yield
    finally:
        for owner, names in before:
            for name in [name for name, value in vars(owner).items() if value is not names.get(name)]:
                setattr(owner, name, names[name]) if name in names else delattr(owner, name)
        _forget_managers()


def _forget_managers() -> None:
    """Let Django make the classes of related managers anew: they are made once, as it is then."""
    for model in apps.get_models(include_auto_created=True):
        for descriptor in vars(model).values():
            if isinstance(descriptor, ReverseManyToOneDescriptor | ReverseGenericManyToOneDescriptor):
                vars(descriptor).pop("related_manager_cls", None)
