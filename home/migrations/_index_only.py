"""An index that comes or goes with a field. On SQLite Django would copy the whole table for that, each time."""

from typing import Any

from django.db.migrations import AlterField


class AlterIndexOnly(AlterField):
    """An AlterField that changes nothing but `db_index`."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "sqlite":
            self._change_index(app_label, schema_editor, from_state, to_state)
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self.database_forwards(app_label, schema_editor, from_state, to_state)

    def _change_index(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        if field.db_index:
            schema_editor.execute(schema_editor._create_index_sql(model, fields=[field]))
            return
        own = {index.name for index in model._meta.indexes}
        for name in schema_editor._constraint_names(
            model, [field.column], index=True, unique=False, exclude=own
        ):
            schema_editor.execute(schema_editor._delete_index_sql(model, name))
