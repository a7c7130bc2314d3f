"""The addresses in allauth's table are compared exactly, like our own."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from p2plending.lib.models import exact_collation


def compare_other_addresses_exactly(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The column as `KeyEmailField` would make it."""
    collation = exact_collation(schema_editor.connection)
    if collation:
        table = apps.get_model("account", "EmailAddress")._meta.db_table
        schema_editor.execute(
            f"ALTER TABLE {schema_editor.quote_name(table)} MODIFY email varchar(254) COLLATE {collation} NOT NULL"
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_append_only"), ("account", "0009_emailaddress_unique_primary_email")]
    operations = [migrations.RunPython(compare_other_addresses_exactly, migrations.RunPython.noop, atomic=False)]
