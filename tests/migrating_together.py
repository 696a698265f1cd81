"""Migrates databases of several ages at once, so that each state of the models, Django's main work, is made once.

Otherwise as `migrate` does it: the signals, and each operation that a database has not seen, in the order of the graph.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.contrib.contenttypes.models import ContentType
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState


@contextmanager
def default_database(database: BaseDatabaseWrapper) -> Iterator[None]:
    """Let every query go to this database."""
    usual = connections["default"]
    connections["default"] = database
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        connections["default"] = usual
        ContentType.objects.clear_cache()


def migrate_together(databases: Sequence[BaseDatabaseWrapper]) -> None:
    """Apply to each database the migrations that it has not seen."""
    _send(databases, emit_pre_migrate_signal)
    executors = [_executor(database) for database in databases]
    loader = executors[0].loader
    seen_by_all = set.intersection(*(set(executor.loader.applied_migrations) for executor in executors))
    plan = [
        migration for migration, _ in executors[0].migration_plan(loader.graph.leaf_nodes(), clean_start=True)
    ]
    state = ProjectState(real_apps=loader.unmigrated_apps)
    for migration in plan:
        if _key(migration) in seen_by_all:
            migration.mutate_state(state, preserve=False)
    assert state.apps  # rendered whole once; operations then change what they touch
    for migration in plan:
        if _key(migration) not in seen_by_all:
            behind = [one for one in executors if _key(migration) not in one.loader.applied_migrations]
            _apply(migration, state, behind)
    _send(databases, emit_post_migrate_signal)


def _executor(database: BaseDatabaseWrapper) -> MigrationExecutor:
    with default_database(database):
        return MigrationExecutor(database)


def _key(migration: Migration) -> tuple[str, str]:
    return migration.app_label, migration.name


def _apply(migration: Migration, state: ProjectState, executors: Sequence[MigrationExecutor]) -> None:
    for operation in migration.operations:
        before = state.clone()
        operation.state_forwards(migration.app_label, state)
        for database in (executor.connection for executor in executors):
            with default_database(database), database.schema_editor(atomic=migration.atomic) as editor:
                operation.database_forwards(migration.app_label, editor, before, state)
            before.is_delayed = False  # what needs all models rendered it again, for the first database
    for executor in executors:
        with default_database(executor.connection):
            executor.recorder.record_applied(*_key(migration))


def _send(databases: Sequence[BaseDatabaseWrapper], signal: Callable[..., None]) -> None:
    for database in databases:
        with default_database(database):
            signal(verbosity=0, interactive=False, db="default")
