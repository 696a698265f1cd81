"""Inserts rows by the hundred thousand, without instances of models, which would take several times as long.

Django's own checks do not run; those of the database do.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction
from psycopg2.extras import execute_values

AT_ONCE = 5000
Row = Sequence[Any]


def insert(model: type[models.Model], names: Sequence[str], rows: Iterable[Row], **same: Any) -> None:
    """Insert rows of values in the order of `names`; `same` is equal in all of them, the rest is the default."""
    fields = [
        field for field in model._meta.local_concrete_fields if field.attname in names or _has(field, same)
    ]
    constants = {
        field.attname: field.get_db_prep_save(same.get(field.attname, field.get_default()), connection)
        for field in fields
        if field.attname not in names
    }
    varying = [field for field in fields if field.attname in names]
    places = [(names.index(field.attname), _converter(field)) for field in varying]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in varying) + "".join(
        f", {connection.ops.quote_name(field.column)}" for field in fields if field.attname in constants
    )
    table, tail = connection.ops.quote_name(model._meta.db_table), tuple(constants.values())
    source = iter(rows)
    while chunk := list(islice(source, AT_ONCE)):
        values = [(*(convert(row[place]) for place, convert in places), *tail) for row in chunk]
        _write(f"INSERT INTO {table} ({columns}) VALUES", values)


def reset_sequences(*tables: type[models.Model]) -> None:
    """Let the next row of each table get the number after those that were given."""
    statements = connection.ops.sequence_reset_sql(no_style(), tables)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def next_number(model: type[models.Model]) -> int:
    """Return the first free primary key."""
    return (model._base_manager.aggregate(last=models.Max("pk"))["last"] or 0) + 1


def _has(field: models.Field, same: dict[str, Any]) -> bool:
    return field.attname in same or (not field.primary_key and not field.generated)


def _converter(field: models.Field) -> Callable[[Any], Any]:
    match field:
        case models.DateTimeField():
            return connection.ops.adapt_datetimefield_value
        case models.UUIDField():
            return str if connection.features.has_native_uuid_field else lambda value: value.hex
        case models.JSONField():
            return json.dumps
    return lambda value: value


@transaction.atomic
def _write(start: str, values: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            execute_values(cursor.cursor, f"{start} %s", values, page_size=1000)
        else:
            marks = ", ".join(["%s"] * len(values[0]))
            cursor.executemany(f"{start} ({marks})", values)
