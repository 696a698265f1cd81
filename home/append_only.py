"""A base for records that are written once: model, queryset and base manager refuse to change or delete them.

That holds for every path that Django takes (save, update, bulk calls, loaddata over an existing row, cascades). Only
references that a class names in `detachable_fields` may become NULL, so that a user or a page can go while the record
stays. Raw SQL is not prevented here; records with a hash detect it.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn, TypeVar

from django.db import models
from django.db.models.signals import class_prepared, pre_delete
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

_Record = TypeVar("_Record", bound="AppendOnlyModel")


class ImmutableRecordError(Exception):
    """Something tried to change or delete a record that is written once."""


def _refuse(model: type[models.Model]) -> NoReturn:
    message = _("%(name)s is written once: it cannot be changed or deleted.")
    raise ImmutableRecordError(message % {"name": model._meta.verbose_name})


class AppendOnlyQuerySet(models.QuerySet[_Record]):
    """Reads and inserts; everything that would change a row is refused."""

    def update(self, **values: Any) -> int:
        """Set detachable references to NULL; refuse everything else."""
        if values and all(
            value is None and name in self.model.detachable_fields for name, value in values.items()
        ):
            return super().update(**values)
        _refuse(self.model)

    def _update(self, values: Any, returning_fields: Any = None) -> int:
        # The path of Model.save() with a primary key given: harmless where no such row exists (loaddata).
        if self.exists():
            _refuse(self.model)
        return 0

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        _refuse(self.model)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        """Insert; refuse to overwrite on conflict."""
        if options.get("update_conflicts"):
            _refuse(self.model)
        return super().bulk_create(objs, *args, **options)

    def delete(self) -> tuple[int, dict[str, int]]:
        _refuse(self.model)

    def _raw_delete(self, using: str | None) -> int:
        _refuse(self.model)


class AppendOnlyModel(models.Model):
    """A row that is written once."""

    # Foreign keys that may be set to NULL when what they point to is deleted.
    detachable_fields: ClassVar[frozenset[str]] = frozenset()

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, *args: Any, **options: Any) -> None:
        """Insert the row; refuse to save it again."""
        if not self._state.adding:
            _refuse(type(self))
        options["force_insert"] = True
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        _refuse(type(self))


def _refuse_deletion(sender: type[models.Model], **_kwargs: object) -> None:
    _refuse(sender)


@receiver(class_prepared)
def _guard_against_collectors(sender: type[models.Model], **_kwargs: object) -> None:
    """Refuse cascades too: Django's collector deletes rows past their model and queryset, but not past this signal."""
    if issubclass(sender, AppendOnlyModel):
        pre_delete.connect(_refuse_deletion, sender=sender, dispatch_uid=f"append-only-{sender._meta.label}")
